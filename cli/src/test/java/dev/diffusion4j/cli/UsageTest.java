package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.GenerationTimeoutException;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.error.TensorFileException;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.scheduler.SchedulerType;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program says to people, without any model or native library. */
class UsageTest {

    private static final List<String> COMMANDS = List.of(
            "generate",
            "edit",
            "upscale",
            "video",
            "tokenize",
            "embed",
            "encode",
            "decode",
            "schedulers",
            "inspect",
            "convert",
            "pull",
            "models",
            "devices",
            "version",
            "completion");

    @TempDir
    private Path folder;

    /** What /dev/full does, or a pipe that nobody reads. */
    private static OutputStream full() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "schedulers --json",
                "schedulers",
                "--version",
                "--help",
                "completion",
            })
    void resultsThatCannotBeWrittenAreAFailure(String arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Diffuse.run(
                arguments.split(" "),
                new PrintStream(new BufferedOutputStream(full())),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).isEqualTo(ExitCode.PICTURE_FILE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("diffuse: standard output cannot be written" + System.lineSeparator());
    }

    @Test
    void anEarlierFailureKeepsItsExitCode() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(full());
        out.print("lost");
        int code = Diffuse.run(
                new String[] {"inspect", folder.resolve("missing.gguf").toString()},
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).isEqualTo(ExitCode.MODEL_FILE);
    }

    @Test
    void helpIsReadableAndShowsTheExitCodes() {
        Run run = Run.diffuse("--help");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains(COMMANDS);
        assertThat(run.out()).contains("Exit codes:", "130   cancelled");
        assertThat(run.err()).isEmpty();
    }

    @ParameterizedTest
    @FieldSource("COMMANDS")
    void eachCommandHasHelp(String command) {
        Run run = Run.diffuse(command, "--help");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: diffuse " + command).contains("Exit codes:");
    }

    @Test
    void theUsualOptionsComeBeforeTheSections() {
        String help = Run.diffuse("generate", "--help").out();
        assertThat(help.indexOf("--output")).isPositive().isLessThan(help.indexOf("Sampling:"));
        assertThat(help.indexOf("--vae=")).isGreaterThan(help.indexOf("Model files:"));
    }

    @Test
    void showsTheVersionWithoutTheNativeLibrary() {
        assertThat(Run.diffuse("--version").out()).matches("diffuse \\d+\\.\\d+\\.\\d+\\R");
    }

    @ParameterizedTest
    @MethodSource
    void refusesWhatItCannotUnderstand(String[] args, String message) {
        Run run = Run.diffuse((Object[]) args);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(2);
        assertThat(run.err()).startsWith("diffuse: " + message).containsPattern("\\RSee 'diffuse.* --help'\\.");
    }

    static Stream<Arguments> refusesWhatItCannotUnderstand() {
        return Stream.of(
                Arguments.of(new String[] {}, "missing command"),
                Arguments.of(new String[] {"genrate", "x"}, "unknown command 'genrate' (did you mean generate?)"),
                Arguments.of(new String[] {"generate"}, "missing required parameter: 'PROMPT'"),
                Arguments.of(new String[] {"encode", "x.png"}, "missing required option: '--output=FILE'"),
                Arguments.of(new String[] {"decode", "-o", "x.png"}, "missing required parameter: 'LATENTS'"),
                Arguments.of(new String[] {"embed", "-o", "x.npy"}, "missing required parameter: 'TEXT'"),
                Arguments.of(new String[] {"tokenize"}, "missing required parameter: 'TEXT'"),
                Arguments.of(new String[] {"tokenize", "--decode", "red"}, "invalid value for option '--decode'"),
                Arguments.of(
                        new String[] {"schedulers", "--scheduler", "magic", "--steps", "4"},
                        "invalid value for option '--scheduler': must be one of pndm"),
                Arguments.of(new String[] {"generate", "a", "red"}, "superfluous argument 'red'"),
                Arguments.of(new String[] {"generate", "x", "--stepz", "3"}, "unknown option '--stepz'"),
                Arguments.of(new String[] {"generate", "x", "--steps", "few"}, "invalid value for option '--steps'"),
                Arguments.of(new String[] {"generate", "x", "--size", "big"}, "invalid value for option '--size'"),
                Arguments.of(new String[] {"generate", "x", "--size", "-8x8"}, "invalid value for option '--size'"),
                Arguments.of(new String[] {"generate", "x", "--rng", "dice"}, "invalid value for option '--rng'"),
                Arguments.of(new String[] {"generate", "x", "--type", "f17"}, "invalid value for option '--type'"),
                Arguments.of(
                        new String[] {"generate", "x", "--sampler", "UniPC Karras"},
                        "invalid value for option '--sampler': must be another one: UniPC is not available, near it are"
                                + " dpm++2m and dpm++2mv2; one of euler, "),
                Arguments.of(
                        new String[] {"generate", "x", "--scheduler", "unipc"},
                        "invalid value for option '--scheduler'"),
                Arguments.of(
                        new String[] {"generate", "x", "--cache", "ucache:speed=9"},
                        "invalid value for option '--cache': must be given with settings among threshold"),
                Arguments.of(
                        new String[] {"generate", "x", "--device", "brain=cpu"},
                        "invalid value for option '--device': must be auto, cpu, gpu"));
    }

    @Test
    void anUnknownSamplerIsAnsweredWithAllNames() {
        String err = Run.diffuse("generate", "x", "--sampler", "magic").err();
        assertThat(err).startsWith("diffuse: invalid value for option '--sampler': must be one of ");
        assertThat(err)
                .endsWith("not 'magic'" + System.lineSeparator() + "See 'diffuse generate --help'."
                        + System.lineSeparator());
        assertThat(err).contains(Stream.of(Sampler.values()).map(Sampler::id).toList());
    }

    @Test
    void anUnknownSchedulerIsAnsweredWithAllNames() {
        String err = Run.diffuse("edit", "x.png", "x", "--scheduler", "magic").err();
        assertThat(err)
                .startsWith("diffuse: invalid value for option '--scheduler': must be one of ")
                .contains("not 'magic'")
                .contains(
                        Stream.of(SchedulerType.values()).map(SchedulerType::id).toList());
    }

    @Test
    void anOutputThatCannotBeWrittenIsNoticedBeforeTheWork() throws IOException {
        Files.createDirectory(folder.resolve("folder.png"));
        Files.createFile(folder.resolve("file"));
        assertFailure(
                Run.diffuse("generate", "x", "-o", folder.resolve("missing/x.png")),
                ExitCode.PICTURE_FILE,
                "missing does not exist");
        assertFailure(
                Run.diffuse("generate", "x", "-o", folder.resolve("folder.png")),
                ExitCode.PICTURE_FILE,
                "it is a folder");
        assertFailure(Run.diffuse("generate", "x", "-o", folder.resolve("file/x.png")), ExitCode.PICTURE_FILE, "file");
        assertFailure(Run.diffuse("generate", "x", "-o", folder.resolve("x.gif")), ExitCode.USAGE, ".png, .jpg");
        assertFailure(
                Run.diffuse("generate", "x", "-o", folder.resolve("x.png"), "--preview", folder.resolve("no/p.png")),
                ExitCode.PICTURE_FILE,
                "no does not exist");
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void anInputThatIsNoPictureIsNoticedBeforeTheWork() throws IOException {
        Path text = Files.writeString(folder.resolve("text.png"), "I am not a picture.");
        Path output = folder.resolve("x.png");
        assertFailure(
                Run.diffuse("edit", text, "x", "-o", output), ExitCode.PICTURE_FILE, "not a picture of a known format");
        assertFailure(
                Run.diffuse("edit", folder.resolve("no.png"), "x", "-o", output),
                ExitCode.PICTURE_FILE,
                "does not exist");
        assertFailure(Run.diffuse("edit", folder, "x", "-o", output), ExitCode.PICTURE_FILE, "not a file");
        assertFailure(
                Run.diffuse("generate", "x", "--reference", text, "-o", output), ExitCode.PICTURE_FILE, "text.png");
    }

    @Test
    void aPromptThatTheLocaleGarbledIsNotDrawn() {
        Run run = Run.diffuse("generate", "gr\uFFFD\uFFFDer", "-o", folder.resolve("x.png"));
        assertFailure(run, ExitCode.USAGE, "LC_ALL=C.UTF-8");
    }

    @Test
    void readsAPromptFromStandardInput() throws IOException {
        assertThat(PromptArgument.resolve(
                        "PROMPT", "-", stream("  a größer circle\n".getBytes(StandardCharsets.UTF_8))))
                .isEqualTo("a größer circle");
        assertThatThrownBy(() -> PromptArgument.resolve("PROMPT", "-", stream(new byte[] {'a', (byte) 0xFF})))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("UTF-8");
        assertThatThrownBy(() -> PromptArgument.resolve("PROMPT", "-", stream(new byte[(1 << 20) + 1])))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("megabyte");
    }

    @Test
    void aPromptMayBeginWithAnAt() throws IOException {
        Path file = Files.writeString(folder.resolve("arguments"), "--help");
        assertFailure(
                Run.diffuse("generate", "@" + file, "-o", folder.resolve("no/x.png")), ExitCode.PICTURE_FILE, "no");
    }

    private static InputStream stream(byte[] bytes) {
        return new ByteArrayInputStream(bytes);
    }

    @Test
    void aModelThatIsMissingOrNoneGivesOneLine() throws IOException {
        Path text = Files.writeString(folder.resolve("text.safetensors"), "I am not a model.\n".repeat(20));
        Path output = folder.resolve("x.png");
        assertFailure(
                Run.diffuse("generate", "x", "-m", folder.resolve("no.gguf"), "-o", output),
                ExitCode.MODEL_FILE,
                "no.gguf");
        assertFailure(Run.diffuse("generate", "x", "-m", text, "-o", output), ExitCode.MODEL_FILE, "text.safetensors");
        assertThat(output).doesNotExist();
    }

    @Test
    void debugShowsWhereItHappened() {
        Run run = Run.diffuse("--debug", "inspect", folder.resolve("no.gguf"));
        assertThat(run.code()).isEqualTo(ExitCode.MODEL_FILE);
        assertThat(run.err()).contains("\tat dev.diffusion4j.");
        assertThat(Run.diffuse("inspect", folder.resolve("no.gguf"), "--debug").err())
                .contains("\tat ");
    }

    @ParameterizedTest
    @MethodSource
    void failuresHaveCodesOfTheirOwn(Throwable failure, int code, String line) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(new ErrorReport(new PrintStream(err), false).report(failure)).isEqualTo(code);
        assertThat(err.toString().lines()).singleElement().isEqualTo("diffuse: " + line);
    }

    static Stream<Arguments> failuresHaveCodesOfTheirOwn() {
        return Stream.of(
                Arguments.of(new NativeFailureException("drawing failed:\n  no luck\n"), 1, "drawing failed: no luck"),
                Arguments.of(new DiffusionException("something"), 1, "something"),
                Arguments.of(
                        new InvalidRequestException("guidanceScale", 200, "from 0 to 100"),
                        2,
                        "--cfg-scale must be from 0 to 100, not 200"),
                Arguments.of(new ModelFileException("bad model"), 3, "bad model"),
                Arguments.of(new ImageFileException("bad picture"), 4, "bad picture"),
                Arguments.of(new TensorFileException("bad array"), 4, "bad array"),
                Arguments.of(new NativeLibraryException("none"), 5, "none"),
                Arguments.of(new ClosedException("the model is closed"), 1, "the model is closed"),
                Arguments.of(
                        new QueueFullException(3),
                        1,
                        "the model is busy and its queue is full: at most 3 generations may wait"),
                Arguments.of(
                        new GenerationTimeoutException(Duration.ofSeconds(2)),
                        1,
                        "the generation did not end within PT2S and was cancelled"),
                Arguments.of(new OutOfNativeMemoryException("full"), 6, "full"),
                Arguments.of(new OutOfMemoryError("x"), 6, "the Java heap is full; raise it with -Xmx"),
                Arguments.of(
                        new IllegalStateException("oops"),
                        70,
                        "internal error: java.lang.IllegalStateException: oops (--debug shows where)"),
                Arguments.of(new GenerationCancelledException("stopped"), 130, "cancelled"));
    }

    @Test
    void writesACompletionScript() {
        Run run = Run.diffuse("completion");
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .startsWith("#!/usr/bin/env bash")
                .contains("--negative-prompt", "dpm++2m", "--scheduler", "dpm-solver-multistep", "\"sdxl-turbo\"")
                .contains(COMMANDS);
        assertThat(run.err()).isEmpty();
    }

    private static void assertFailure(Run run, int code, String words) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(words);
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).isEmpty();
    }
}
