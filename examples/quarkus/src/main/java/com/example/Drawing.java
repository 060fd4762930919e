package com.example;

import dev.langchain4j.model.image.ImageModel;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Draws with the image model that is injected. */
@QuarkusMain
public class Drawing implements QuarkusApplication {

    @Inject
    ImageModel images;

    @Override
    public int run(String... arguments) throws IOException {
        String png = images.generate("a red circle on a white background").content().base64Data();
        Files.write(Path.of("circle.png"), Base64.getDecoder().decode(png));
        return 0;
    }
}
