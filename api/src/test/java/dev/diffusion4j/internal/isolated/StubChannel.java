package dev.diffusion4j.internal.isolated;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** A connection that neither takes nor gives a byte until it is closed, which fails. */
final class StubChannel extends SocketChannel {

    private final CountDownLatch closed = new CountDownLatch(1);

    StubChannel() {
        super(SelectorProvider.provider());
    }

    private int untilClosed() throws IOException {
        try {
            closed.await();
            throw new IOException("closed");
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        closed.countDown();
        throw new IOException("the stub does not close");
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
    protected void implConfigureBlocking(boolean block) {}

    @Override
    public SocketChannel bind(SocketAddress local) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    public SocketChannel shutdownInput() {
        return this;
    }

    @Override
    public SocketChannel shutdownOutput() {
        return this;
    }

    @Override
    public Socket socket() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isConnectionPending() {
        return false;
    }

    @Override
    public boolean connect(SocketAddress remote) {
        return true;
    }

    @Override
    public boolean finishConnect() {
        return true;
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return null;
    }

    @Override
    public SocketAddress getLocalAddress() {
        return null;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }
}
