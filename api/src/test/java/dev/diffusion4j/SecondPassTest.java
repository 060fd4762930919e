package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.testing.engine.FakeEngine;
import dev.diffusion4j.testing.models.UpscalerFiles;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a second, larger pass needs is looked for before the first. */
@Tag("fast")
class SecondPassTest {

    @TempDir
    private Path folder;

    private static ImageRequest with(HighResFix fix) {
        return ImageRequest.textToImage("a")
                .size(64, 64)
                .steps(1)
                .sampling(Sampling.standard().withHighResFix(fix))
                .build();
    }

    private static FakeEngine withoutEncoder() {
        return new FakeEngine((request, _, _, _) -> FakeEngine.picture(request)) {
            @Override
            public ModelInfo info() {
                ModelInfo info = super.info();
                return new ModelInfo(
                        info.runtime(),
                        info.family(),
                        info.sizeMultiple(),
                        info.vaeScaleFactor(),
                        info.latentChannels(),
                        info.defaultSampler(),
                        info.defaultSchedule(),
                        true,
                        false,
                        info.videoInputs(),
                        info.devices(),
                        info.components());
            }
        };
    }

    @Test
    void enlargingPixelsNeedsTheVaesEncoder() {
        Path upscaler = UpscalerFiles.nearest(2, 1).write(folder.resolve("x2.safetensors"));
        FakeEngine engine = withoutEncoder();
        try (DiffusionModel model = FakeModels.open(engine, folder, 1)) {
            for (HighResFix fix : new HighResFix[] {
                HighResFix.twice().withUpscalerModel(upscaler),
                HighResFix.twice().withUpscaler(HighResFix.Upscaler.LANCZOS),
                HighResFix.twice().withUpscaler(HighResFix.Upscaler.NEAREST)
            }) {
                assertThatExceptionOfType(ModelFileException.class)
                        .isThrownBy(() -> model.generate(with(fix)))
                        .withMessageContaining("its VAE has a decoder alone");
            }
            assertThat(engine.begun()).isEmpty();
            model.generate(with(HighResFix.twice()));
            assertThat(engine.begun()).hasSize(1);
        }
    }

    @Test
    void theSizeMustSuitTheModel() {
        FakeEngine engine = new FakeEngine((request, _, _, _) -> FakeEngine.picture(request));
        try (DiffusionModel model = FakeModels.open(engine, folder, 1)) {
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> model.generate(with(HighResFix.twice().withSize(new ImageSize(100, 128)))))
                    .withMessageContaining("highResFix.size.width must be a multiple of 64")
                    .withMessageContaining("64 or 128");
            assertThat(engine.begun()).isEmpty();
            model.generate(with(HighResFix.twice().withSize(new ImageSize(192, 128))));
        }
    }

    @Test
    void aRequestWithAModelSurvivesJson() {
        ImageRequest request = with(HighResFix.twice()
                .withUpscalerModel(Path.of("x4.safetensors"))
                .withTileSize(64)
                .withSize(new ImageSize(192, 128)));
        assertThat(ImageRequest.fromJson(request.toJson())).isEqualTo(request);
    }
}
