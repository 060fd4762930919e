package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.demo.DemoModel;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** An application as its author writes it, with the native library. */
class ApplicationTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Test
    void onePropertyIsEnoughToDraw() throws Exception {
        SpringApplication application = new SpringApplication(Application.class);
        try (ConfigurableApplicationContext context =
                application.run("--diffusion4j.model=" + DemoModel.path(), "--diffusion4j.image.steps=8")) {
            String png = context.getBean(ImageModel.class)
                    .call(new ImagePrompt("a red circle on a white background"))
                    .getResult()
                    .getOutput()
                    .getB64Json();

            BufferedImage picture =
                    ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(png)));
            assertThat(picture.getWidth()).isEqualTo(128);
            Color middle = new Color(picture.getRGB(64, 64));
            assertThat(middle.getRed()).isGreaterThan(middle.getBlue() + 80);
        }
    }
}
