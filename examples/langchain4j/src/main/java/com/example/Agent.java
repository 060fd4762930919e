package com.example;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.langchain4j.Diffusion4jImageModel;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.service.AiServices;
import java.nio.file.Path;

/** An agent that can draw. Its chat model follows a script; any that calls tools takes its place. */
class Agent {

    static void main() {
        try (DiffusionModel model = DiffusionModel.open(DemoModel.path())) {
            ImageModel images = Diffusion4jImageModel.builder().model(model).seed(42).build();
            Assistant assistant = AiServices.builder(Assistant.class)
                    .chatModel(new ScriptedChatModel())
                    .tools(new DrawingTool(images, Path.of("circle.png")))
                    .build();
            IO.println(assistant.chat("a red circle on a white background"));
        }
    }
}
