package dev.diffusion4j.cli;

import dev.diffusion4j.cli.progress.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** A command line that ran within this process, and what came of it. */
record Run(int code, String out, String err) {

    static Run diffuse(Object... args) {
        return diffuse("", new Cancellation(), args);
    }

    static Run diffuse(String in, Cancellation cancellation, Object... args) {
        return diffuse(System.getenv(), in, cancellation, args);
    }

    static Run diffuse(Map<String, String> environment, String in, Cancellation cancellation, Object... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Diffuse.run(
                Arrays.stream(args).map(Object::toString).toArray(String[]::new),
                new Console(
                        new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        Terminal.none(),
                        cancellation),
                environment);
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
