package dev.diffusion4j.internal.isolated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.internal.engine.Watch;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A parent's side with a process that is no child, and a connection that fails. */
@Tag("fast")
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class ChildProcessTest {

    @TempDir
    private Path folder;

    private Process process;
    private ChannelThread channels;
    private SharedMemory memory;

    @BeforeEach
    void start() throws IOException {
        process = new ProcessBuilder("cat").start();
        channels = new ChannelThread("test channels");
        memory = SharedMemory.open(Files.createFile(folder.resolve("memory")), channels);
    }

    @AfterEach
    void end() {
        process.destroyForcibly();
        channels.close();
    }

    private ChildProcess child(ByteChannel socket) {
        IsolatedOptions options = IsolatedOptions.DEFAULT.withCallDeadline(Duration.ofMillis(300));
        return new ChildProcess(
                options,
                Duration.ofMillis(300),
                process,
                new ChildOutput(process),
                channels,
                new Connection(socket),
                memory);
    }

    @Test
    void closingEndsTheProcessAlthoughTheConnectionCannotBeClosed() throws Exception {
        ChildProcess child = child(new StubChannel());
        assertThatThrownBy(child::close)
                .isInstanceOf(DiffusionException.class)
                .hasMessageContaining("the stub does not close");
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).as("the process ends").isTrue();
        assertThat(memory.flag().scope().isAlive()).as("the memory is let go").isFalse();
    }

    /** Such as a process that was stopped while a large picture was on its way. */
    @Test
    void aProcessThatDoesNotReadIsEndedAtTheDeadline() throws Exception {
        ChildProcess child = child(new StubChannel());
        assertThatThrownBy(() -> child.ask(new Command.Weight("any"), "reading a weight", Watch.NONE))
                .isInstanceOf(IsolatedProcessException.class)
                .hasMessageContaining("no sign of progress for 0.3 s");
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        // Ends the threads that wait for the stub.
        assertThatThrownBy(child::close).isInstanceOf(DiffusionException.class);
    }

    @Test
    void anInterruptedThreadKeepsTheMemoryOpen() throws Exception {
        Thread.currentThread().interrupt();
        memory.data(1 << 20).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        assertThat(Thread.interrupted()).as("the interrupt is there still").isTrue();
        assertThat(memory.data(1 << 21).byteSize()).isEqualTo(1 << 21);
        memory.close();
    }

    @Test
    void theOutputIsReadByAPlatformThreadThatHoldsNoJvmUp() {
        ChildOutput output = new ChildOutput(process);
        List<Thread> readers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("diffusion4j process " + process.pid() + " output"))
                .toList();
        assertThat(readers).singleElement().matches(Thread::isDaemon);
        process.destroyForcibly();
        assertThat(output.lastWords()).isEmpty();
    }
}
