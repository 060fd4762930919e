import dev.diffusion4j.DiffusionModel
import dev.diffusion4j.demo.DemoModel
import java.nio.file.Path

fun main() {
    DiffusionModel.open(DemoModel.path()).use { model ->
        model.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"))
    }
}
