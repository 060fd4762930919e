import dev.diffusion4j.StableDiffusion;
import dev.diffusion4j.demo.DemoModel;

void main() {
    try (StableDiffusion sd = StableDiffusion.open(DemoModel.path())) {
        sd.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"));
    }
}
