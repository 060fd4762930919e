package dev.diffusion4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("native")
class QwenTokenizerTest {

    private static final QwenTokenizer QWEN2 = QwenTokenizer.loadQwen2();
    private static final QwenTokenizer QWEN3 = QwenTokenizer.loadQwen3();

    @Test
    void encodesEveryTextLikeTheReference() {
        assertThat(otherIds(QWEN3, "qwen3.crc.gz")).as("texts with other ids").isEmpty();
    }

    @Test
    void encodesEveryTextLikeTheReferenceOfQwen2() {
        assertThat(otherIds(QWEN2, "qwen2.crc.gz")).as("texts with other ids").isEmpty();
    }

    private static List<String> otherIds(QwenTokenizer tokenizer, String file) {
        List<String> texts = Goldens.texts();
        List<String> expected = Goldens.text(file).lines().toList();
        assertThat(expected).hasSizeGreaterThan(2000).hasSameSizeAs(texts);
        return IntStream.range(0, texts.size())
                .filter(i -> !Goldens.summary(tokenizer.tokenIds(texts.get(i))).equals(expected.get(i)))
                .mapToObj(texts::get)
                .toList();
    }

    @Test
    void decodesLikeTheReference() {
        assertThat(Goldens.decoded(QWEN3.vocabularySize(), QWEN3::token, QWEN3::decode))
                .isEqualTo(Goldens.text("qwen3-decoded.crc.gz").lines().toList());
        assertThat(Goldens.decoded(QWEN2.vocabularySize(), QWEN2::token, QWEN2::decode))
                .isEqualTo(Goldens.text("qwen2-decoded.crc.gz").lines().toList());
    }

    @Test
    void padsWithoutStartAndEnd() {
        Tokens tokens = QWEN3.encode("a photo of a cat", 512);

        assertThat(tokens.ids())
                .hasSize(512)
                .startsWith(64, 6548, 315, 264, 8251, 151643)
                .endsWith(151643);
        assertThat(tokens.count()).isEqualTo(5);
        assertThat(QWEN3.encode("", 2).ids()).containsExactly(151643, 151643);
        assertThat(QWEN3.encode("", 2).count()).isZero();
    }

    @Test
    void saysWhatItCutOff() {
        Tokens tokens = QWEN3.encode("a photo of a cat", 3);

        assertThat(tokens.ids()).containsExactly(64, 6548, 315);
        assertThat(tokens.droppedCount()).isEqualTo(2);
        assertThatThrownBy(() -> QWEN3.encode("a", 0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("length must be at least 1, not 0");
    }

    @Test
    void readsSpecialTokensInATextAsSuch() {
        assertThat(QWEN3.tokenIds("<|im_start|>user\n<think>")).containsExactly(151644, 872, 198, 151667);
        assertThat(QWEN2.tokenIds("<|im_start|>user\n<think>"))
                .startsWith(151644, 872, 198)
                .hasSize(6);
        assertThat(QWEN2.vocabularySize()).isEqualTo(151665);
        assertThat(QWEN3.vocabularySize()).isEqualTo(151669);
    }

    /** As the native runtime has them, too. */
    @Test
    void templatesAreOneTokenEachForTheirParts() {
        assertThat(QWEN3.tokenIds(PromptTemplate.Z_IMAGE.apply("a cat")))
                .containsExactly(151644, 872, 198, 64, 8251, 151645, 198, 151644, 77091, 198);
        assertThat(QWEN3.tokenIds(PromptTemplate.FLUX2_KLEIN.apply("a cat")))
                .containsExactly(151644, 872, 198, 64, 8251, 151645, 198, 151644, 77091, 198, 151667, 271, 151668, 271);
    }

    @Test
    void theHiddenTokensOfATemplateAreThoseBeforeThePrompt() {
        int[] ids = QWEN2.tokenIds(PromptTemplate.QWEN_IMAGE.apply("a cat"));
        int hidden = PromptTemplate.QWEN_IMAGE.hiddenTokens();

        assertThat(QWEN2.decode(Arrays.copyOfRange(ids, hidden, ids.length), false))
                .isEqualTo("a cat<|im_end|>\n<|im_start|>assistant\n");
    }

    @Test
    void readsHalfSurrogatePairsAsReplacementCharacters() {
        assertThat(QWEN3.tokenIds("a\ud83d b\udc36\ud83d")).isEqualTo(QWEN3.tokenIds("a\ufffd b\ufffd\ufffd"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "dog ",
                "!",
                "1",
                " ",
                "\n",
                " \n",
                "\n ",
                "'s",
                "\u732b",
                "\ud83d\udc36",
                "e\u0301",
                "\u0301\u0323",
                "xq",
                "<|im_end|>",
                "<|im_"
            })
    @Timeout(60) // a quadratic algorithm would take longer
    void longTextsComeToAnEnd(String piece) {
        String text = piece.repeat(100_000 / piece.length());

        assertThat(QWEN3.tokenIds(text)).isNotEmpty();
        assertThat(QWEN3.decode(QWEN3.tokenIds(text), false)).isEqualTo(ReferenceUnicode.compose(text));
    }

    /** Together they are the text, so each of its characters is looked at in one word alone. */
    @Test
    void wordsAreTheWholeText() {
        for (String text : Goldens.texts()) {
            StringBuilder together = new StringBuilder();
            QwenText.forEachWord(text, together::append);
            assertThat(together.toString()).isEqualTo(text);
        }
    }

    @Test
    void manyThreadsMayShareOne() {
        List<String> texts = Goldens.texts().subList(0, 300);
        List<String> alone = texts.stream()
                .map(text -> Goldens.summary(QWEN3.tokenIds(text)))
                .toList();

        assertThat(texts.parallelStream()
                        .map(text -> Goldens.summary(QWEN3.tokenIds(text)))
                        .toList())
                .isEqualTo(alone);
    }

    @Test
    void mapsTokensAndIds() {
        assertThat(QWEN3.token(8251)).isEqualTo("\u0120cat");
        assertThat(QWEN3.idOf("\u0120cat")).hasValue(8251);
        assertThat(QWEN3.idOf("<|im_start|>")).hasValue(151644);
        assertThat(QWEN2.idOf("<think>")).isEmpty();
        assertThat(QWEN3.idOf("no such token")).isEmpty();
        assertThat(QWEN3.decode(8251)).isEqualTo(" cat");
        assertThat(QWEN3.decode(new int[] {151644, 64, 151667, 8251, 151643}, true))
                .isEqualTo("a<think> cat");
        assertThat(IntStream.range(0, QWEN3.vocabularySize()))
                .allMatch(id -> QWEN3.idOf(QWEN3.token(id)).getAsInt() == id);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 151669, Integer.MAX_VALUE})
    void refusesIdsThatAreNone(int id) {
        assertThatThrownBy(() -> QWEN3.token(id)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> QWEN3.decode(id))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("id must be from 0 to 151668, not " + id);
    }

    @Test
    void readsATokenizerJson() {
        ObjectNode json = tokenizerJson();

        QwenTokenizer read = QwenTokenizer.fromJson(json.toString());

        String text = PromptTemplate.FLUX2_KLEIN.apply("it's \u732b, 2 of them <tool_call>");
        assertThat(read.tokenIds(text)).isEqualTo(QWEN3.tokenIds(text));
        assertThat(read.decode(read.tokenIds(text), true)).isEqualTo(QWEN3.decode(QWEN3.tokenIds(text), true));
        assertThat(read.vocabularySize()).isEqualTo(QWEN3.vocabularySize());
    }

    @Test
    void refusesOtherTokenizers() {
        ObjectNode json = tokenizerJson();
        ((ObjectNode) json.get("model").get("vocab")).put("\u0120cat", 1);
        assertThatThrownBy(() -> QwenTokenizer.fromJson(json.toString()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("tokenizer.json must be Qwen's, where it is 8251, not one with the id 1 for \u0120cat");

        ObjectNode added = tokenizerJson();
        ((ObjectNode) added.get("added_tokens").get(1)).put("id", 7);
        assertThatThrownBy(() -> QwenTokenizer.fromJson(added.toString())).hasMessageContaining("from 151643 on");

        ObjectNode none = tokenizerJson();
        ((ArrayNode) none.get("added_tokens")).removeAll();
        assertThatThrownBy(() -> QwenTokenizer.fromJson(none.toString()))
                .hasMessageContaining("does not add <|endoftext|>");

        ObjectNode fewer = tokenizerJson();
        ((ArrayNode) fewer.get("model").get("merges")).remove(0);
        assertThatThrownBy(() -> QwenTokenizer.fromJson(fewer.toString()))
                .hasMessage("merges must be Qwen's 151387, not 151386 of them");

        ObjectNode wrong = tokenizerJson();
        ((ArrayNode) wrong.get("model").get("merges")).set(9, "nonsense");
        assertThatThrownBy(() -> QwenTokenizer.fromJson(wrong.toString()))
                .hasMessageContaining("'nonsense' in line 10");
    }

    /** In the form of Qwen3's file. */
    private static ObjectNode tokenizerJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        ArrayNode added = json.putArray("added_tokens");
        ObjectNode model = json.putObject("model").put("type", "BPE");
        ObjectNode vocabulary = model.putObject("vocab");
        IntStream.range(0, QWEN3.vocabularySize()).forEach(id -> {
            if (id < QwenTokenizer.PADDING) {
                vocabulary.put(QWEN3.token(id), id);
            } else {
                added.addObject()
                        .put("id", id)
                        .put("content", QWEN3.token(id))
                        .put("special", QWEN3.decode(new int[] {id}, true).isEmpty());
            }
        });
        ArrayNode merges = model.putArray("merges");
        Vocabularies.qwenMerges().lines().forEach(line -> merges.add(line));
        return json;
    }
}
