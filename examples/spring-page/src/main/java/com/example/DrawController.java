package com.example;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Tells by server-sent events how far a picture is, and at last the picture. */
@RestController
class DrawController {

    private static final long NO_TIMEOUT = 0;

    private final DiffusionModel model;

    DrawController(DiffusionModel model) {
        this.model = model;
    }

    @GetMapping("/draw")
    SseEmitter draw(@RequestParam("prompt") String prompt) {
        SseEmitter events = new SseEmitter(NO_TIMEOUT);
        Generation<GeneratedImage> generation = model.textToImage(prompt)
                // Where nobody reads any more, this fails, and that cancels the generation.
                .onProgress(progress -> send(events, "progress", progress.toString()))
                .start();
        generation.future().whenComplete((image, failure) -> {
            if (failure != null) {
                send(events, "failed", failure.getMessage());
            } else {
                send(events, "picture", "data:image/png;base64," + Base64.getEncoder().encodeToString(image.toPng()));
            }
            events.complete();
        });
        return events;
    }

    private static void send(SseEmitter events, String name, String data) {
        try {
            events.send(SseEmitter.event().name(name).data(data));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
