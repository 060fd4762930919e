package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.parity.RewrittenModel.Weight;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** FLUX.1 in files that others have put together anew, as ComfyUI's and those of newer transformers: they draw the same picture. */
@Tag("native")
@Timeout(300)
class RepackagedFilesTest {

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private static Stream<Weight> renamed(Path file, UnaryOperator<String> names) {
        return RewrittenModel.of(file).weights().stream().map(weight -> weight.named(names.apply(weight.name())));
    }

    private Path renamedFile(String name, UnaryOperator<String> names) {
        return RewrittenModel.of(renamed(file(name), names).toList()).write(folder.resolve("renamed.safetensors"));
    }

    private static void requirePicture(DiffusionModel opened) {
        try (DiffusionModel model = opened) {
            assertThat(FamilyGoldens.distance(
                            "flux-schnell",
                            FamilyGoldens.as(model.textToImage(PROMPT))
                                    .sampling(FamilyGoldens.FLOW)
                                    .generate()))
                    .isLessThan(FamilyGoldens.TOLERANCE);
        }
    }

    private void requirePicture(Path transformer, Path clipL, Path vae) {
        requirePicture(FamilyGoldens.options()
                .diffusionModel(transformer)
                .clipL(clipL)
                .vae(vae)
                .open());
    }

    @Test
    void oneFileOfAllPartsAsComfyUiSavesCheckpoints() {
        Path checkpoint = RewrittenModel.of(Stream.of(
                                renamed(file("flux-schnell"), name -> "model.diffusion_model." + name),
                                renamed(file("clip-l"), name -> "text_encoders.clip_l.transformer." + name),
                                renamed(file("vae16"), name -> "vae." + name))
                        .flatMap(weights -> weights)
                        .toList())
                .write(folder.resolve("checkpoint.safetensors"));
        ModelFile inspected = ModelFile.read(checkpoint);
        assertThat(inspected.isBareDiffusionModel()).isFalse();
        assertThat(inspected.heldComponents()).containsOnly(ModelComponent.CLIP_L, ModelComponent.VAE);
        requirePicture(FamilyGoldens.options().open(checkpoint));
    }

    @Test
    void transformerWithThePrefixOfCheckpoints() {
        requirePicture(
                renamedFile("flux-schnell", name -> "model.diffusion_model." + name), file("clip-l"), file("vae16"));
    }

    @Test
    void clipWithoutTheNameOfItsTextModel() {
        requirePicture(
                file("flux-schnell"),
                renamedFile("clip-l", name -> name.substring("text_model.".length())),
                file("vae16"));
    }
}
