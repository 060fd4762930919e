package com.example;

import dev.diffusion4j.demo.DemoModel;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A page that draws and shows how far it is. */
@SpringBootApplication
public class PageApplication {

    public static void main(String[] arguments) {
        create().run(arguments);
    }

    static SpringApplication create() {
        SpringApplication application = new SpringApplication(PageApplication.class);
        // The one property that is needed, which is usually a line of application.properties.
        application.setDefaultProperties(
                Map.of("diffusion4j.model", DemoModel.path().toString()));
        return application;
    }
}
