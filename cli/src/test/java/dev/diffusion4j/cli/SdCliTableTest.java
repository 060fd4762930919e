package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/sd-cli.md: what it says that there is is there, and what is not has a reason. */
class SdCliTableTest {

    private static final Path PAGE = Path.of("../docs/sd-cli.md");

    private static final Map<String, Run> HELP = new HashMap<>();

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    static Stream<List<String>> rows() throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| ") && line.contains("`--"))
                .map(line ->
                        List.of(line.substring(1, line.length() - 1).strip().split(" *\\| *", 3)));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyRowNamesWhatThereIsOrWhyNot(List<String> row) {
        List<String> named =
                CODE.matcher(row.get(1)).results().map(found -> found.group(1)).toList();
        if (named.isEmpty()) {
            assertThat(row.get(2)).as(row.getFirst()).isNotBlank();
        }
        for (String command : named) {
            String[] words = command.split(" ");
            Run help = HELP.computeIfAbsent(words[0], name -> Run.diffuse(name, "--help"));
            assertThat(help.code()).as(command).isZero();
            if (words.length == 2) {
                assertThat(help.out())
                        .as(command)
                        .containsPattern("--(\\[no-])?" + Pattern.quote(words[1].substring(2)) + "(?![\\w-])");
            }
        }
    }

    @Test
    void theTableIsRead() throws IOException {
        assertThat(rows().map(List::getFirst)
                        .flatMap(cell -> CODE.matcher(cell).results())
                        .map(MatchResult::group))
                .hasSizeGreaterThan(100)
                .doesNotHaveDuplicates();
    }
}
