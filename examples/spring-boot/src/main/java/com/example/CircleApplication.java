package com.example;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import java.nio.file.Path;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Draws in a process of its own, so that a crash of native code does not end the application. */
@SpringBootApplication
public class CircleApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(CircleApplication.class, arguments);
    }

    /** One model for the whole application; Spring closes it at the end. */
    @Bean
    DiffusionModel model() {
        return DiffusionModel.options().isolated().open(DemoModel.path());
    }

    @Bean
    CommandLineRunner circle(DiffusionModel model) {
        return arguments -> {
            model.textToImage("a red circle on a white background")
                    .seed(42)
                    .generate()
                    .save(Path.of("circle.png"));
        };
    }
}
