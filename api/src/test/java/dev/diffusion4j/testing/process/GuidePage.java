package dev.diffusion4j.testing.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of the documentation whose Java snippets make one program, each followed by what it prints. It has been run, in a folder that
 * holds what it drew.
 */
public final class GuidePage {

    private static final Pattern SNIPPET = Pattern.compile("```(java|text)\n(.*?)```", Pattern.DOTALL);
    private static final String BETWEEN_SNIPPETS = "-- snippet --";

    private final String text;
    private final List<String> expected = new ArrayList<>();
    private final List<String> printed;

    private GuidePage(String text, Path folder) throws IOException, InterruptedException {
        this.text = text;
        Files.writeString(folder.resolve("Guide.java"), program());
        printed = List.of(run(folder).split(BETWEEN_SNIPPETS + "\n", -1));
    }

    /** Runs the program of a page in a folder, where it finds and leaves its files. */
    public static GuidePage run(Path page, Path folder) throws IOException, InterruptedException {
        return new GuidePage(Files.readString(page), folder);
    }

    /** The page itself. */
    public String text() {
        return text;
    }

    /** Each snippet has printed what the page says. */
    public void requirePrinted() {
        assertThat(printed.subList(0, printed.size() - 1)).containsExactlyElementsOf(expected);
        assertThat(printed.getLast()).isEmpty();
    }

    /** A compact source file; each snippet is followed by a line that ends its output. */
    private String program() {
        StringBuilder imports = new StringBuilder();
        StringBuilder body = new StringBuilder();
        Matcher snippets = SNIPPET.matcher(text);
        while (snippets.find()) {
            String code = snippets.group(2);
            if (snippets.group(1).equals("text")) {
                expected.set(expected.size() - 1, code);
                continue;
            }
            expected.add("");
            code.lines()
                    .forEach(line -> (line.startsWith("import ") ? imports : body)
                            .append(line)
                            .append('\n'));
            body.append("System.out.println(\"" + BETWEEN_SNIPPETS + "\");\n");
        }
        return imports + "void main() throws Exception {\n" + body + "}\n";
    }

    private static String run(Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                "Guide.java"));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(10, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as("the guide's program ended; it printed%n%s", text).isTrue();
        assertThat(process.exitValue()).as("exit code; it printed%n%s", text).isZero();
        return text;
    }
}
