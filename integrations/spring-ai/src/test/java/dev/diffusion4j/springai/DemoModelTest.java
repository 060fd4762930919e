package dev.diffusion4j.springai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.util.MimeTypeUtils;

/** With the native library. */
class DemoModelTest {

    @Test
    void itDrawsAndRedraws() throws IOException {
        try (DiffusionModel model = DiffusionModel.open(DemoModel.path())) {
            ImageModel images = Diffusion4jImageModel.builder()
                    .model(model)
                    .defaultOptions(Diffusion4jImageOptions.builder()
                            .steps(8)
                            .seed(42)
                            .strength(0.9)
                            .build())
                    .build();

            byte[] circle = png(images, new ImageMessage("a red circle on a white background"));
            Media media = Media.builder()
                    .mimeType(MimeTypeUtils.IMAGE_PNG)
                    .data(circle)
                    .build();
            byte[] redrawn = png(
                    images, new ImageMessage("a blue circle on a white background", null, List.of(media), Map.of()));

            assertThat(middle(circle).getRed()).isGreaterThan(middle(circle).getBlue() + 80);
            assertThat(middle(redrawn).getBlue()).isGreaterThan(middle(redrawn).getRed() + 80);
        }
    }

    private static byte[] png(ImageModel images, ImageMessage message) {
        return Base64.getDecoder()
                .decode(images.call(new ImagePrompt(List.of(message)))
                        .getResult()
                        .getOutput()
                        .getB64Json());
    }

    private static Color middle(byte[] png) throws IOException {
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(picture.getWidth()).isEqualTo(128);
        return new Color(picture.getRGB(64, 64));
    }
}
