import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;

void main() {
    try (DiffusionModel model = DiffusionModel.open(DemoModel.path())) {
        model.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"));
    }
}
