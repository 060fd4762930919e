package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizeCommandTest {

    /** 100 tokens, more than one input of the text encoder takes. */
    private static final String LONG = "red ".repeat(100);

    @Test
    void listsTheTokensAndThePaddingInOneLine() {
        Run run = Run.diffuse("tokenize", "a red circle");
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines())
                .hasSize(7)
                .anySatisfy(line -> assertThat(line).matches(" +1 +320 +a</w> +1"))
                .anySatisfy(line -> assertThat(line).matches(" +3 +7117 +circle</w> +1"))
                .last()
                .asString()
                .matches(" +5-76 +49407 +<\\|endoftext\\|> +0");
    }

    @Test
    void writesJson() throws IOException {
        JsonNode json = json("tokenize", "a red circle", "--json");
        assertThat(json.path("ids")).hasSize(77);
        assertThat(json.at("/ids/0").asInt()).isEqualTo(49406);
        assertThat(json.at("/ids/2").asInt()).isEqualTo(736);
        assertThat(json.at("/tokens/2").asText()).isEqualTo("red</w>");
        assertThat(json.path("mask")).hasSize(77);
        assertThat(json.at("/mask/4").asInt()).isEqualTo(1);
        assertThat(json.at("/mask/5").asInt()).isZero();
        assertThat(json.path("count").asInt()).isEqualTo(5);
        assertThat(json.path("truncated").isBoolean()).isTrue();
        assertThat(json.path("truncated").asBoolean()).isFalse();
        assertThat(json.has("weights")).isFalse();
    }

    @Test
    void saysWhatDoesNotFit() throws IOException {
        assertThat(Run.diffuse("tokenize", LONG).out().lines())
                .last()
                .isEqualTo("25 more tokens do not fit (--chunks shows them)");
        JsonNode json = json("tokenize", LONG, "--json");
        assertThat(json.path("truncated").asBoolean()).isTrue();
        assertThat(json.path("dropped").asInt()).isEqualTo(25);
        assertThat(json.path("count").asInt()).isEqualTo(77);
    }

    @Test
    void cutsALongTextIntoChunks() throws IOException {
        assertThat(Run.diffuse("tokenize", "--chunks", LONG).out()).contains("chunk 1 of 2", "chunk 2 of 2");
        JsonNode chunks = json("tokenize", "--chunks", LONG, "--json").path("chunks");
        assertThat(chunks).hasSize(2);
        assertThat(chunks.at("/0/count").asInt()).isEqualTo(77);
        assertThat(chunks.at("/1/count").asInt()).isEqualTo(27);
        assertThat(chunks.at("/1/truncated").asBoolean()).isFalse();
        assertThat(Run.diffuse("tokenize", "--chunks", "short").out()).doesNotContain("chunk");
    }

    @Test
    void readsWeightsOnlyWhereAsked() throws IOException {
        JsonNode chunk =
                json("tokenize", "--weights", "a (red:1.5) circle", "--json").at("/chunks/0");
        assertThat(chunk.path("count").asInt()).isEqualTo(5);
        assertThat(json("tokenize", "--weights", "a (red:1.5) circle <lora:style:0.8>", "--json")
                        .at("/chunks/0"))
                .isEqualTo(chunk);
        assertThat(chunk.path("weights")).hasSize(77);
        assertThat(chunk.at("/weights/2").asDouble()).isEqualTo(1.5);
        assertThat(chunk.at("/weights/3").asDouble()).isEqualTo(1);
        assertThat(Run.diffuse("tokenize", "--weights", "a (red:1.5) circle").out())
                .containsPattern("red</w> +1 +1\\.500");
        assertThat(json("tokenize", "a (red:1.5) circle", "--json")
                        .path("count")
                        .asInt())
                .isGreaterThan(5);
        assertThat(json("tokenize", "--weights", "a BREAK b", "--json").path("chunks"))
                .hasSize(2);
    }

    @Test
    void readsStandardInput() {
        Run run = Run.diffuse("  größer 😀\n", new Cancellation(), "tokenize", "-");
        assertThat(run.out()).isEqualTo(Run.diffuse("tokenize", "größer 😀").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--decode 320 736 49407", "--decode 320,736,49407", "--decode 320,736 49407"})
    void readsIdsBack(String args) throws IOException {
        Run run = Run.diffuse((Object[]) ("tokenize " + args).split(" "));
        assertThat(run.code()).isZero();
        assertThat(run.out()).containsPattern("736 +red</w> +red\\R").contains("<|endoftext|>  <|endoftext|>");
        assertThat(run.out().lines()).last().isEqualTo("a red");

        JsonNode json = json((Object[]) ("tokenize --json " + args).split(" "));
        assertThat(json.path("ids").toString()).isEqualTo("[320,736,49407]");
        assertThat(json.at("/tokens/0").asText()).isEqualTo("a</w>");
        assertThat(json.at("/texts/2").asText()).isEqualTo("<|endoftext|>");
        assertThat(json.path("text").asText()).isEqualTo("a red");
    }

    @Test
    void aTokenCannotSteerTheTerminal() {
        for (int id = 188; id < 256; id++) {
            assertThat(Run.diffuse("tokenize", "--decode", id).out()).doesNotContain("\033", "\007", "\0");
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertRefused(
                Run.diffuse("tokenize", "--decode", 49408), "each ID of --decode must be from 0 to 49407, not 49408");
        assertRefused(Run.diffuse("tokenize", "--decode", -1), "each ID of --decode must be from 0");
        assertRefused(Run.diffuse("tokenize", "x", "--decode", 1), "--decode must be used alone, not with TEXT");
        assertRefused(Run.diffuse("tokenize", "--weights", "--decode", 1), "--decode must be used alone");
        assertRefused(Run.diffuse("tokenize", "gr\uFFFD"), "TEXT must be in the locale's letters");
    }

    private static void assertRefused(Run run, String message) {
        assertThat(run.err().lines()).singleElement().asString().startsWith("diffuse: " + message);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
    }

    private static JsonNode json(Object... args) throws IOException {
        return new ObjectMapper().readTree(Run.diffuse(args).out());
    }
}
