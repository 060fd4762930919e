package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.FLOW;
import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.effect;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.VideoGeneration;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.modelfile.ModelFamily;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Wan 2.1, narrow and of two blocks, with its UMT5 and its VAE, against diffusers and transformers: each frame of each video. */
@Tag("native")
@Timeout(600)
class VideoParityTest {

    private static final int WIDTH = 64;
    private static final int HEIGHT = 32;
    private static final int FRAMES = 5;

    @TempDir
    private Path folder;

    private DiffusionModel open(String transformer) {
        return options()
                .diffusionModel(FamilyGoldens.write(transformer, folder))
                .t5(FamilyGoldens.write("umt5", folder))
                .vae(FamilyGoldens.write("wan-vae", folder))
                .open();
    }

    private static VideoGeneration request(DiffusionModel model) {
        return model.textToVideo(PROMPT)
                .size(WIDTH, HEIGHT)
                .frames(FRAMES)
                .seed(42)
                .guidanceScale(1)
                .sampling(FLOW);
    }

    @Test
    void textToVideo() {
        try (DiffusionModel model = open("wan")) {
            assertThat(model.family()).isEqualTo(ModelFamily.WAN2);
            assertThat(distance("wan", request(model).generate())).isLessThan(TOLERANCE);
            assertThat(effect("wan.guided")).isGreaterThan(5 * TOLERANCE);
            // A guidance of 4 multiplies what weights and activations in f16 make up.
            assertThat(distance("wan.guided", request(model).guidanceScale(4).generate()))
                    .isLessThan(2 * TOLERANCE);
        }
    }

    @Test
    void vace() {
        try (DiffusionModel model = open("wan-vace")) {
            assertThat(distance("wan-vace", request(model).generate())).isLessThan(TOLERANCE);
            assertThat(effect("wan-vace.control")).isGreaterThan(5 * TOLERANCE);
            List<Picture> control = IntStream.range(0, FRAMES)
                    .mapToObj(VideoParityTest::controlFrame)
                    .toList();
            assertThat(distance(
                            "wan-vace.control",
                            request(model).controlFrames(control).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    /** Blocks of many colours that move to the right. */
    private static Picture controlFrame(int index) {
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int down = y / 8;
                int right = (x + 8 * index) / 8;
                int red = (53 * right + 97 * down) % 256;
                int green = (151 * right + 29 * down) % 256;
                int blue = (11 * right + 199 * down) % 256;
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        return Picture.of(picture);
    }
}
