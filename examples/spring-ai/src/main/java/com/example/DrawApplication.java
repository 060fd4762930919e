package com.example;

import dev.diffusion4j.demo.DemoModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Draws with Spring AI's image model. */
@SpringBootApplication
public class DrawApplication {

    public static void main(String[] arguments) {
        SpringApplication application = new SpringApplication(DrawApplication.class);
        // The one property, which is usually a line of application.properties.
        application.setDefaultProperties(
                Map.of("diffusion4j.model", DemoModel.path().toString()));
        application.run(arguments);
    }

    @Bean
    CommandLineRunner circle(ImageModel images) {
        return arguments -> {
            String png = images.call(new ImagePrompt("a red circle on a white background"))
                    .getResult()
                    .getOutput()
                    .getB64Json();
            Files.write(Path.of("circle.png"), Base64.getDecoder().decode(png));
        };
    }
}
