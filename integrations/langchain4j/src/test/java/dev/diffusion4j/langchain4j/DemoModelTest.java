package dev.diffusion4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** With the native library. */
class DemoModelTest {

    @Test
    void itDrawsAndEdits() throws IOException {
        try (DiffusionModel model = DiffusionModel.open(DemoModel.path())) {
            ImageModel images = Diffusion4jImageModel.builder()
                    .model(model)
                    .steps(8)
                    .seed(42)
                    .strength(0.9)
                    .build();

            Image circle = images.generate("a red circle on a white background").content();
            Image edited =
                    images.edit(circle, "a blue circle on a white background").content();

            Color drawn = middle(circle);
            assertThat(drawn.getRed()).isGreaterThan(drawn.getBlue() + 80);
            Color redrawn = middle(edited);
            assertThat(redrawn.getBlue()).isGreaterThan(redrawn.getRed() + 80);
        }
    }

    private static Color middle(Image image) throws IOException {
        BufferedImage picture =
                ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(image.base64Data())));
        assertThat(picture.getWidth()).isEqualTo(128);
        return new Color(picture.getRGB(64, 64));
    }
}
