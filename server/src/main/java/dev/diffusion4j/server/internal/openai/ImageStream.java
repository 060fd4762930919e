package dev.diffusion4j.server.internal.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Preview;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.server.internal.http.ErrorObject;
import dev.diffusion4j.server.internal.http.EventStream;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.request.Jobs;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.time.Instant;
import java.util.Base64;

/**
 * An answer of events: previews while the picture is drawn, then the picture. It begins with the first step, when the model has
 * taken the request, so that what is refused has its status.
 */
final class ImageStream {

    private static final long PING_NANOS = 10_000_000_000L;

    private final Exchange exchange;
    private final String kind;
    private final OutputFormat format;
    private final int partialImages;
    private final ImageSize size;
    private EventStream stream;
    private int sent;
    private int seen;
    private long lastSent = System.nanoTime();

    /**
     * @param kind what the names of the events begin with, such as {@code image_generation}
     * @param partialImages the most previews to send
     * @param size of previews
     */
    ImageStream(Exchange exchange, String kind, OutputFormat format, int partialImages, ImageSize size) {
        this.exchange = exchange;
        this.kind = kind;
        this.format = format;
        this.partialImages = partialImages;
        this.size = size;
    }

    /** Runs a job and sends what comes of it. */
    void run(Jobs jobs, Job job) throws IOException {
        try {
            for (GeneratedImage image : jobs.await(job, exchange, this::see)) {
                ObjectNode event = event(new ImageSize(image.width(), image.height()), format.encode(image));
                event.put("type", kind + ".completed");
                send(kind + ".completed", event);
            }
        } catch (HttpException e) {
            if (stream == null) {
                throw e;
            }
            ObjectNode event = ErrorObject.of(e);
            event.put("type", "error");
            send("error", event);
        } finally {
            if (stream != null) {
                stream.close();
            }
        }
    }

    private void see(JobState state) throws IOException {
        if (state.progress().step() > 0) {
            open();
        }
        if (state.preview().isPresent() && state.previews() > seen && sent < partialImages) {
            seen = state.previews();
            sendPartial(state.preview().get());
        } else if (stream != null && System.nanoTime() - lastSent > PING_NANOS) {
            stream.ping();
            lastSent = System.nanoTime();
        }
    }

    private void sendPartial(Preview preview) throws IOException {
        BufferedImage image = ImageProcessor.resize(
                ImageProcessor.toRgb(preview.image()), size.width(), size.height(), ResizeMode.STRETCH);
        ObjectNode event = event(size, format.encode(image));
        event.put("type", kind + ".partial_image");
        event.put("partial_image_index", sent);
        send(kind + ".partial_image", event);
        sent++;
    }

    private ObjectNode event(ImageSize shown, byte[] file) {
        ObjectNode event = Json.object();
        event.put("b64_json", Base64.getEncoder().encodeToString(file));
        event.put("created_at", Instant.now().getEpochSecond());
        event.put("size", shown.toString());
        event.put("quality", "auto");
        event.put("background", "opaque");
        event.put("output_format", format.name());
        return event;
    }

    private void send(String name, ObjectNode event) throws IOException {
        open();
        stream.send(name, event);
        lastSent = System.nanoTime();
    }

    private void open() throws IOException {
        if (stream == null) {
            stream = exchange.sendEvents();
        }
    }
}
