package dev.diffusion4j.server.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Reads bodies up to a limit each, and up to a few times that at once, whatever many clients send. */
final class BodyBudget {

    private static final int CHUNK = 1 << 16;

    private static final int BODIES_AT_ONCE = 4;

    private static final long WAIT_SECONDS = 20;

    private final long limit;
    private final Semaphore chunks;

    /**
     * @param limit the most bytes of one body
     */
    BodyBudget(long limit) {
        this.limit = limit;
        chunks = new Semaphore(Math.toIntExact(BODIES_AT_ONCE * (limit / CHUNK + 1)));
    }

    /**
     * Reads all of a body.
     *
     * @param announced its length, negative if the client does not say it
     * @throws HttpException if it is too large, or too much is being read already
     */
    byte[] read(InputStream in, long announced) throws IOException {
        if (announced > limit) {
            throw tooLarge();
        }
        int held = 0;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[CHUNK];
        try {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (bytes.size() + (long) read > limit) {
                    throw tooLarge();
                }
                bytes.write(buffer, 0, read);
                while ((long) held * CHUNK < bytes.size()) {
                    acquire();
                    held++;
                }
            }
            return bytes.toByteArray();
        } finally {
            chunks.release(held);
        }
    }

    private void acquire() {
        try {
            if (chunks.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw HttpException.busy("too many large requests arrive at once; try again later", 5);
    }

    private HttpException tooLarge() {
        return HttpException.of(413, "request_too_large", "the request is larger than " + limit + " bytes");
    }
}
