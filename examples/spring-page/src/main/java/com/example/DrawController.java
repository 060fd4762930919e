package com.example;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.QueueFullException;
import java.io.IOException;
import java.util.Base64;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Tells by server-sent events how far a picture is, and at last the picture. */
@RestController
class DrawController {

    private static final long NO_TIMEOUT = 0;
    private static final String RETRY_AFTER_SECONDS = "10";

    private final DiffusionModel model;

    DrawController(DiffusionModel model) {
        this.model = model;
    }

    @GetMapping("/draw")
    SseEmitter draw(@RequestParam("prompt") String prompt) {
        SseEmitter events = new SseEmitter(NO_TIMEOUT);
        send(events, "progress", "waiting");
        Generation<GeneratedImage> generation = model.textToImage(prompt)
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

    @ExceptionHandler
    ResponseEntity<String> busy(QueueFullException full) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS)
                .body(full.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<String> refused(InvalidRequestException refused) {
        return ResponseEntity.badRequest().body(refused.getMessage());
    }

    /** Where nobody reads any more, this fails, and what a listener throws ends the generation. */
    private static void send(SseEmitter events, String name, String data) {
        try {
            events.send(SseEmitter.event().name(name).data(data));
        } catch (IOException | IllegalStateException e) {
            throw new GenerationCancelledException("nobody waits for the picture any more", e);
        }
    }
}
