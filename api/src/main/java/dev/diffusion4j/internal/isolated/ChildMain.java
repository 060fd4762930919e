package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.engine.EngineThread;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * The program of a child: works for the parent until the parent is gone. The main thread only reads commands, so that it
 * sees the end of the connection, and halts the JVM, while native code runs.
 */
public final class ChildMain {

    private ChildMain() {}

    /** Arguments: the parent's socket, and the file of the shared memory. */
    public static void main(String[] arguments) {
        ignoreSignalsToTheTerminal();
        try {
            ChildFiles files = new ChildFiles(Path.of(arguments[0]), Path.of(arguments[1]));
            try {
                work(files);
            } finally {
                // The parent deletes them as well; if it was killed meanwhile, this does.
                files.delete();
            }
        } catch (IOException e) {
            // The parent is gone, or does not want this child any more.
        }
        // No orderly exit: threads in native code need not be waited for, the system frees what they hold.
        Runtime.getRuntime().halt(0);
    }

    private static void work(ChildFiles files) throws IOException {
        SharedMemory memory = SharedMemory.open(files.memory(), new ChannelThread("diffusion4j memory"));
        Connection connection = new Connection(SocketChannel.open(UnixDomainSocketAddress.of(files.socket())));
        files.delete();
        ChildModel model = new ChildModel(connection, memory);
        EngineThread thread = new EngineThread("diffusion4j model");
        while (true) {
            Command command = connection.receive(Command.class);
            thread.execute(() -> model.answer(command));
        }
    }

    /** Ctrl-C reaches all processes of a terminal. The parent decides what it means; a hook that waits holds the exit up. */
    private static void ignoreSignalsToTheTerminal() {
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }
}
