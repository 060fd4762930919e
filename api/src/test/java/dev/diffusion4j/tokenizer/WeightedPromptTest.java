package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Brackets weigh as in the native runtime. */
@Tag("fast")
class WeightedPromptTest {

    private static List<JsonNode> prompts() {
        return Goldens.entries("weighted.jsonl.gz");
    }

    @Test
    void readsBracketsLikeTheRuntime() {
        assertThat(prompts().stream().filter(e -> e.has("parts")))
                .hasSizeGreaterThan(500)
                .allSatisfy(entry -> {
                    List<PromptWeights.Part> expected = new ArrayList<>();
                    entry.get("parts")
                            .forEach(part -> expected.add(
                                    new PromptWeights.Part(part.get(0).textValue(), Float.intBitsToFloat((int)
                                            part.get(1).longValue()))));
                    assertThat(PromptWeights.parse(entry.get("text").textValue(), List.of()))
                            .isEqualTo(expected);
                });
    }

    @Test
    void weighsTokensLikeTheRuntime() {
        assertThat(prompts().stream().filter(e -> e.has("ids")))
                .hasSizeGreaterThan(400)
                .allSatisfy(entry -> {
                    List<WeightedTokens> chunks =
                            TOKENIZER.encodeWeighted(entry.get("text").textValue());
                    int[] ids = chunks.stream()
                            .flatMapToInt(chunk -> Arrays.stream(chunk.tokens().ids()))
                            .toArray();
                    float[] weights = new float[ids.length];
                    for (int i = 0; i < weights.length; i++) {
                        weights[i] =
                                chunks.get(i / ClipTokenizer.CONTEXT_LENGTH).weight(i % ClipTokenizer.CONTEXT_LENGTH);
                    }
                    assertThat(ids).isEqualTo(Goldens.ints(entry.get("ids")));
                    assertThat(weights).isEqualTo(Goldens.floats(entry.get("weights")));
                });
    }

    @Test
    void readsWhereTheRuntimeThrows() {
        assertThat(prompts().stream().filter(e -> !e.has("parts")))
                .hasSize(3)
                .allSatisfy(entry -> assertThat(
                                TOKENIZER.encodeWeighted(entry.get("text").textValue()))
                        .hasSize(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".",
                "+.",
                "..5",
                "-.",
                "1e3",
                "99999999999999999999999999999999999999999",
                "0.0000000000000000000000000000000000000001"
            })
    void takesAColonBeforeWhatIsNoWeightForText(String number) {
        WeightedTokens tokens = TOKENIZER.encodeWeighted("(a:" + number + ")").getFirst();

        assertThat(tokens.tokens()).isEqualTo(TOKENIZER.encode("a:" + number));
        assertThat(tokens.weight(1)).isEqualTo(1.1f);
    }

    @Test
    void weighsPaddingAndSpecialTokensOne() {
        WeightedTokens tokens = TOKENIZER.encodeWeighted("a (puppy:1.5)").getFirst();

        assertThat(tokens.weighted()).isTrue();
        assertThat(tokens.weights()).startsWith(1, 1, 1.5f, 1).hasSize(77);
        assertThat(TOKENIZER.encodeWeighted("a puppy").getFirst().weighted()).isFalse();
        assertThat(tokens)
                .isEqualTo(TOKENIZER.encodeWeighted("a (puppy:1.5)").getFirst())
                .hasToString("Tokens[49406, 320, 6829, 49407], weights [1.0, 1.0, 1.5, 1.0]");
    }

    @Test
    void aBreakStartsANewChunkAndMasksWhatItFills() {
        List<WeightedTokens> chunks = TOKENIZER.withPadding(0).encodeWeighted("a puppy BREAK a cat");

        assertThat(chunks).hasSize(2);
        assertThat(chunks.getFirst().tokens().count()).isEqualTo(4);
        assertThat(chunks.getFirst().tokens().id(76)).isEqualTo(ClipTokenizer.END_OF_TEXT);
        assertThat(chunks.getLast().tokens()).isEqualTo(TOKENIZER.withPadding(0).encode("a cat"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a", "[a", "(a:2)", "(a BREAK ", ":1)", "\\"})
    @Timeout(60) // a quadratic algorithm would take longer
    void longPromptsOfBracketsComeToAnEnd(String piece) {
        assertThat(TOKENIZER.encodeWeighted(piece.repeat(100_000 / piece.length())))
                .isNotEmpty();
    }

    @Test
    void manyBracketsAreNoTrouble() {
        String text = "(a:1.0001".repeat(1000) + ")".repeat(1000) + "[".repeat(3000) + "b" + "]".repeat(2000);

        List<WeightedTokens> chunks = TOKENIZER.encodeWeighted(text);

        assertThat(chunks).isNotEmpty();
        assertThat(IntStream.range(0, 77).mapToDouble(chunks.getFirst()::weight))
                .allMatch(w -> w >= 1);
    }
}
