package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The parent's side of one child: starts it, asks it for work, and ends it. A thread of its own reads the replies, so
 * that log lines arrive at any time and silence is noticed. All methods are called on the model's thread.
 */
final class ChildProcess implements AutoCloseable {

    /** How long a JVM may take to start and connect, on a machine that is busy. */
    private static final Duration START_LIMIT = Duration.ofMinutes(1);

    /** How long cancelled work may take to stop, which it does within a part of a step. */
    private static final Duration CANCEL_LIMIT = Duration.ofSeconds(10);

    /** How long a child that was told to end, or whose connection ended, may take: it may be writing a crash report. */
    private static final Duration END_LIMIT = Duration.ofSeconds(5);

    /** How often cancellation and deadlines are looked at. */
    private static final Duration TICK = Duration.ofMillis(10);

    /** Bounds what waits for a slow listener; the child waits when it is full. */
    private static final int MAX_WAITING_REPLIES = 64;

    private static final int MAX_QUOTE = 300;

    private final IsolatedOptions options;
    private final Duration endLimit;
    private final Process process;
    private final ChildOutput output;
    private final ChannelThread channels;
    private final Connection connection;
    private final SharedMemory memory;
    private final CancellationFlag cancellation;
    private final BlockingQueue<Reply> replies = new ArrayBlockingQueue<>(MAX_WAITING_REPLIES);
    private final Thread reader;

    /**
     * @param endLimit how long the child may take to end when it is told to
     * @param channels does what is done with the connection and the memory, but for reading
     */
    ChildProcess(
            IsolatedOptions options,
            Duration endLimit,
            Process process,
            ChildOutput output,
            ChannelThread channels,
            Connection connection,
            SharedMemory memory) {
        this.options = options;
        this.endLimit = endLimit;
        this.process = process;
        this.output = output;
        this.channels = channels;
        this.connection = connection;
        this.memory = memory;
        cancellation = new CancellationFlag(memory.flag());
        reader = Thread.ofPlatform()
                .name("diffusion4j process " + process.pid())
                .daemon()
                .start(this::receive);
    }

    /**
     * Starts a child and waits until it has connected.
     *
     * @throws dev.diffusion4j.error.NativeLibraryException if there is no native library that it could use
     */
    static ChildProcess start(IsolatedOptions options) {
        ChildCommandLine command = ChildCommandLine.of(options, NativeLibrary.file());
        try {
            ChildFiles files = ChildFiles.create();
            try {
                return start(options, command, files);
            } finally {
                // Both sides hold them open by now. The child does the same, should this process not get here.
                files.delete()
                        .ifPresent(e -> NativeLibrary.logger()
                                .log(Level.WARNING, "a file of the model's process cannot be deleted", e));
            }
        } catch (IOException e) {
            throw new DiffusionException("the model's process cannot be started: " + e.getMessage(), e);
        }
    }

    private static ChildProcess start(IsolatedOptions options, ChildCommandLine command, ChildFiles files)
            throws IOException {
        Deque<Closing> opened = new ArrayDeque<>();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            ChannelThread channels = new ChannelThread("diffusion4j channels");
            opened.push(channels::close);
            SharedMemory memory = SharedMemory.open(files.memory(), channels);
            opened.push(memory::close);
            server.bind(UnixDomainSocketAddress.of(files.socket()));
            Process process = command.start(files);
            opened.push(() -> end(process));
            ChildOutput output = new ChildOutput(process);
            Connection connection = new Connection(accept(server, process, command, output));
            return new ChildProcess(options, END_LIMIT, process, output, channels, connection, memory);
        } catch (IOException | RuntimeException | Error e) {
            opened.forEach(closing -> closeAfter(e, closing));
            throw e;
        }
    }

    /** Closes something. */
    private interface Closing extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    private static void closeAfter(Throwable failure, Closing closing) {
        try {
            closing.close();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private static SocketChannel accept(
            ServerSocketChannel server, Process process, ChildCommandLine command, ChildOutput output)
            throws IOException {
        server.configureBlocking(false);
        long beganAt = System.nanoTime();
        while (true) {
            SocketChannel socket = server.accept();
            if (socket != null) {
                return socket;
            }
            if (!process.isAlive() || isOver(beganAt, START_LIMIT)) {
                boolean isLate = process.isAlive();
                int status = end(process);
                String what = isLate
                        ? "did not start in " + START_LIMIT.toSeconds() + " s"
                        : "did not start: it " + ending(status);
                throw failure(what, " (" + command.java() + ")", status, output.lastWords());
            }
            waitFor(process, TICK);
        }
    }

    SharedMemory memory() {
        return memory;
    }

    boolean isAlive() {
        return process.isAlive() && reader.isAlive();
    }

    private void receive() {
        try {
            while (true) {
                Reply reply = connection.receive(Reply.class);
                if (reply instanceof Reply.Log(System.Logger.Level level, String text)) {
                    NativeLibrary.logger().log(level, text);
                } else {
                    replies.put(reply);
                }
            }
        } catch (IOException | InterruptedException e) {
            // The child is gone or given up. Whoever waits for a reply sees that this thread has ended.
        }
    }

    /**
     * Sends a command and waits for its answer, which is never {@link Reply.Failed}.
     *
     * @throws DiffusionException what the work threw in the child
     * @throws IsolatedProcessException if the child died or fell silent
     */
    Reply ask(Command command, String action, Watch watch) {
        cancellation.clear();
        ByteBuffer message = Connection.message(Command.class, command);
        // Not waited for: a child that hangs does not read it.
        Future<?> sent = channels.start(() -> {
            connection.send(message);
            return null;
        });
        long lastSign = System.nanoTime();
        long cancelledAt = 0;
        while (true) {
            // Looked at before the queue is: what a child said before it died is still there then.
            boolean gone = !reader.isAlive() || sent.state() == Future.State.FAILED;
            Optional<Reply> reply = next();
            if (reply.isPresent()) {
                switch (reply.get()) {
                    case Reply.Failed failed -> throw failed.failure().toException();
                    case Reply.Progress progress -> watch.report(progress::kind, progress.step(), progress.of());
                    case Reply.Warning(String text) -> watch.warn(() -> text);
                    case Reply.Preview preview -> watch.report(preview.step(), () -> picture(preview));
                    default -> {
                        return reply.get();
                    }
                }
                // After the listener: its time is not the child's.
                lastSign = System.nanoTime();
            } else if (gone) {
                throw died(action);
            } else if (isOver(lastSign, options.callDeadline())) {
                throw silent(action);
            }
            if (watch.isCancelled()) {
                if (!cancellation.isSet()) {
                    cancelledAt = System.nanoTime();
                    cancellation.set();
                } else if (isOver(cancelledAt, CANCEL_LIMIT)) {
                    end(process);
                    throw new GenerationCancelledException("the generation was cancelled; its process had to be ended");
                }
            }
        }
    }

    private Optional<Reply> next() {
        // As for native work in this process, waiting is not interruptible; cancelling is.
        return Optional.ofNullable(
                Uninterruptibly.await(TICK, left -> replies.poll(left.toNanos(), TimeUnit.NANOSECONDS)));
    }

    private static BufferedImage picture(Reply.Preview preview) {
        return new SharedPicture(0, preview.width(), preview.height(), 3)
                .toBufferedImage(MemorySegment.ofArray(preview.rgb()));
    }

    private IsolatedProcessException died(String action) {
        waitFor(process, END_LIMIT);
        int status = end(process);
        return failure(ending(status), " while " + action, status, output.lastWords());
    }

    private IsolatedProcessException silent(String action) {
        int status = end(process);
        String what = "gave no sign of progress for " + options.callDeadline().toMillis() / 1000.0 + " s and was ended";
        return failure(what, " while " + action, status, output.lastWords());
    }

    private static String ending(int status) {
        int signal = status - 128;
        return signal > 0 && signal <= 64 ? "was ended by signal " + signal : "ended with status " + status;
    }

    private static IsolatedProcessException failure(String what, String action, int status, String lastWords) {
        String quote = lastWords.replaceAll("[#\\s]+", " ").strip();
        String shortened = quote.length() <= MAX_QUOTE ? quote : quote.substring(0, MAX_QUOTE) + "...";
        String said = quote.isEmpty() ? "" : "; its last words: " + shortened;
        return new IsolatedProcessException("the model's process " + what + action + said, status, lastWords);
    }

    /** Kills the process if it still lives. */
    private static int end(Process process) {
        // By its handle: Process.destroyForcibly closes the pipe, and what the child said last may still be in it.
        process.toHandle().destroyForcibly();
        waitFor(process, END_LIMIT);
        return process.isAlive() ? -1 : process.exitValue();
    }

    private static void waitFor(Process process, Duration limit) {
        Uninterruptibly.await(limit, process::waitFor);
    }

    private static boolean isOver(long since, Duration limit) {
        return System.nanoTime() - since > limit.toNanos();
    }

    /** Ends the child and waits until it has ended. Idempotent. */
    @Override
    public void close() {
        Closing end = () -> {
            waitFor(process, endLimit);
            end(process);
        };
        // From the last to the first, each of them whatever becomes of the others.
        try (channels;
                memory;
                end;
                connection) {
            reader.interrupt();
        } catch (IOException e) {
            throw new DiffusionException("the model's process could not be let go: " + e.getMessage(), e);
        }
    }
}
