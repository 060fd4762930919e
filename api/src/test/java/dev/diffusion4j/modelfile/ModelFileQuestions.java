package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.error.ModelFileException;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;

/** Everything one may ask of a model file that could be read: each question has an answer or the one exception. */
public final class ModelFileQuestions {

    private static final List<Consumer<ModelFile>> CHECKS = List.of(
            file -> file.requirePictureModel(EnumSet.noneOf(ModelComponent.class)),
            file -> file.requirePictureModel(EnumSet.allOf(ModelComponent.class)),
            file -> file.requireDiffusionModel(EnumSet.allOf(ModelComponent.class)),
            file -> file.requireTextEncoder(ModelComponent.CLIP_L),
            file -> file.requireTextualInversion(768),
            file -> file.requireLora(file),
            ModelFile::requireVae,
            ModelFile::requireTinyAutoencoder,
            ModelFile::requireUpscaler,
            ModelFile::nativeSize);

    private ModelFileQuestions() {}

    public static void ask(ModelFile file) {
        assertThat(file.types().values().stream()
                        .mapToInt(ModelFile.TypeSummary::tensors)
                        .sum())
                .isEqualTo(file.tensors().size());
        for (TensorInfo tensor : file.tensors()) {
            assertThat(tensor.offset()).isNotNegative();
            assertThat(tensor.byteLength()).isNotNegative();
        }
        for (Consumer<ModelFile> check : CHECKS) {
            try {
                check.accept(file);
            } catch (ModelFileException e) {
                requireOneLine(file, e);
            }
        }
    }

    private static void requireOneLine(ModelFile file, ModelFileException refusal) {
        assertThat(refusal.getMessage()).startsWith(file.path().toString()).doesNotContain("\n");
    }
}
