package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/guide.md says of this module compiles. It is not run: it asks the real hub. */
class GuideSnippetTest {

    private static final Pattern SNIPPET = Pattern.compile("~~~java\n(.*?)~~~", Pattern.DOTALL);
    private static final Pattern IMPORT = Pattern.compile("(?m)^import .*\n");

    @TempDir
    private Path folder;

    @Test
    void compiles() throws IOException {
        Matcher snippet = SNIPPET.matcher(Files.readString(Path.of("..", "docs", "guide.md")));
        assertThat(snippet.find()).isTrue();
        StringBuilder imports = new StringBuilder();
        IMPORT.matcher(snippet.group(1)).results().forEach(match -> imports.append(match.group()));
        String body = IMPORT.matcher(snippet.group(1)).replaceAll("");
        Path source = Files.writeString(folder.resolve("Snippet.java"), imports + "void main() {\n" + body + "}\n");

        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options =
                    List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
    }
}
