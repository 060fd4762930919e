package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;

/** Everything one may ask of a model file that could be read: each question has an answer or the one exception. */
public final class ModelFileQuestions {

    private static final List<Consumer<ModelFile>> CHECKS = List.of(
            file -> ModelFileValidator.requireModel(file, EnumSet.noneOf(ModelComponent.class)),
            file -> ModelFileValidator.requireModel(file, EnumSet.allOf(ModelComponent.class)),
            file -> ModelFileValidator.requireDiffusionModel(file, EnumSet.allOf(ModelComponent.class)),
            file -> ModelFileValidator.requireComponent(file, ModelComponent.CLIP_L, ModelFamily.SD1),
            file -> ModelFileValidator.requireTextualInversion(file, 768),
            file -> ModelFileValidator.requireLora(file, file),
            file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1),
            file -> ModelFileValidator.requireComponent(file, ModelComponent.TINY_AUTOENCODER, ModelFamily.SD1),
            ModelFileValidator::requireUpscaler,
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
