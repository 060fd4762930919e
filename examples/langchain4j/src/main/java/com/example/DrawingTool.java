package com.example;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.model.image.ImageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Draws for an agent, and tells it where the picture is: a chat model has no use for its bytes. */
class DrawingTool {

    private final ImageModel images;
    private final Path file;

    DrawingTool(ImageModel images, Path file) {
        this.images = images;
        this.file = file;
    }

    @Tool("Draws a picture, and returns the file that it is in")
    String draw(@P("what the picture shows, in a few English words") String prompt) throws IOException {
        String png = images.generate(prompt).content().base64Data();
        Files.write(file, Base64.getDecoder().decode(png));
        return file.toString();
    }
}
