package dev.diffusion4j.internal.isolated;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.CountDownLatch;

/** A connection that neither takes nor gives a byte until it is closed, which fails. */
final class StubChannel implements ByteChannel {

    private final CountDownLatch closed = new CountDownLatch(1);

    private int untilClosed() throws IOException {
        try {
            closed.await();
            throw new IOException("closed");
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return untilClosed();
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return untilClosed();
    }

    @Override
    public boolean isOpen() {
        return closed.getCount() > 0;
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        throw new IOException("the stub does not close");
    }
}
