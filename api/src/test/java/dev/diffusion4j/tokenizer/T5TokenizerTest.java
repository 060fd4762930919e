package dev.diffusion4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("native")
class T5TokenizerTest {

    private static final T5Tokenizer TOKENIZER = T5Tokenizer.load();

    @Test
    void encodesEveryTextLikeTheReference() {
        List<String> texts = Goldens.texts();
        List<String> expected = Goldens.text("t5.crc.gz").lines().toList();

        assertThat(expected).hasSizeGreaterThan(2000).hasSameSizeAs(texts);
        assertThat(IntStream.range(0, texts.size())
                        .filter(i -> !Goldens.summary(TOKENIZER.tokenIds(texts.get(i)))
                                .equals(expected.get(i)))
                        .mapToObj(texts::get))
                .as("texts with other ids")
                .isEmpty();
    }

    @Test
    void decodesLikeTheReference() {
        assertThat(Goldens.decoded(TOKENIZER.vocabularySize(), TOKENIZER::token, TOKENIZER::decode))
                .isEqualTo(Goldens.text("t5-decoded.crc.gz").lines().toList());
    }

    @Test
    void endsAndPads() {
        Tokens tokens = TOKENIZER.encode("a photo", 256);

        assertThat(tokens.ids()).hasSize(256).startsWith(3, 9, 1202, 1, 0).endsWith(0);
        assertThat(tokens.count()).isEqualTo(4);
        assertThat(tokens.attentionMask()).startsWith(1, 1, 1, 1, 0).hasSize(256);
        assertThat(tokens.truncated()).isFalse();
        assertThat(tokens).hasToString("Tokens[3, 9, 1202, 1]");
        assertThat(TOKENIZER.encode("", 77).ids()).startsWith(1, 0).hasSize(77);
        assertThat(TOKENIZER.encode("a", 1).ids()).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {77, 256, 512})
    void saysWhatItCutOff(int length) {
        Tokens fits = TOKENIZER.encode("dog ".repeat(length - 1), length);
        Tokens tooLong = TOKENIZER.encode("dog ".repeat(length + 99), length);

        assertThat(fits.truncated()).isFalse();
        assertThat(fits.count()).isEqualTo(length);
        assertThat(tooLong.droppedCount()).isEqualTo(100);
        assertThat(tooLong.ids()).isEqualTo(fits.ids()).endsWith(1).hasSize(length);
    }

    @Test
    void refusesToHaveNoRoomForTheEnd() {
        assertThatThrownBy(() -> TOKENIZER.encode("a", 0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("length must be at least 1, not 0");
    }

    @Test
    void readsSpecialTokensInATextAsSuch() {
        assertThat(TOKENIZER.tokenIds("The <extra_id_0> walks</s>")).containsExactly(37, 32099, 10681, 1);
        assertThat(TOKENIZER.tokenIds("<extra_id_100>")).doesNotContain(32099).hasSizeGreaterThan(3);
    }

    @Test
    void unknownCharactersInARowAreOne() {
        assertThat(TOKENIZER.tokenIds("\u732b\u732b \u732b")).containsExactly(3, 2, 3, 2);
    }

    @Test
    void readsHalfSurrogatePairsAsReplacementCharacters() {
        assertThat(TOKENIZER.tokenIds("a\ud83d b\udc36\ud83d")).isEqualTo(TOKENIZER.tokenIds("a\ufffd b\ufffd\ufffd"));
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
                "\u732b",
                "\ud83d\udc36",
                "e\u0301",
                "\u0301",
                "\u00aa\u0301",
                "\u0915\u094d",
                "<unk>",
                "<extra_id_",
                "\u2581",
                "\ufdfa"
            })
    @Timeout(60) // a quadratic algorithm would take longer
    void longTextsComeToAnEnd(String piece) {
        String text = piece.repeat(100_000 / piece.length());

        assertThat(TOKENIZER.tokenIds(text)).hasSizeLessThanOrEqualTo(24 * text.length());
        assertThat(TOKENIZER.encode(text, 512).ids()).hasSize(512);
    }

    @Test
    void manyThreadsMayShareOne() {
        List<String> texts = Goldens.texts().subList(0, 300);
        List<String> alone = texts.stream()
                .map(text -> Goldens.summary(TOKENIZER.tokenIds(text)))
                .toList();

        assertThat(texts.parallelStream()
                        .map(text -> Goldens.summary(TOKENIZER.tokenIds(text)))
                        .toList())
                .isEqualTo(alone);
        assertThat(T5Tokenizer.load()).isSameAs(TOKENIZER);
    }

    @Test
    void mapsTokensAndIds() {
        assertThat(TOKENIZER.vocabularySize()).isEqualTo(32100);
        assertThat(TOKENIZER.token(1202)).isEqualTo("\u2581photo");
        assertThat(TOKENIZER.idOf("\u2581photo")).hasValue(1202);
        assertThat(TOKENIZER.idOf("no such token")).isEmpty();
        assertThat(IntStream.range(0, 32100))
                .allMatch(id -> TOKENIZER.idOf(TOKENIZER.token(id)).getAsInt() == id);
        assertThat(TOKENIZER.decode(1202)).isEqualTo("photo");
        assertThat(TOKENIZER.decode(new int[] {3, 9, 1202, 1, 0}, true)).isEqualTo("a photo");
        assertThat(TOKENIZER.decode(new int[] {3, 9, 1202, 1}, false)).isEqualTo("a photo</s>");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 32100, Integer.MAX_VALUE})
    void refusesIdsThatAreNone(int id) {
        assertThatThrownBy(() -> TOKENIZER.token(id)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> TOKENIZER.decode(id))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("id must be from 0 to 32099, not " + id);
    }

    @Test
    void readsATokenizerJson() {
        String json = Vocabularies.t5Json();

        assertThat(T5Tokenizer.fromJson(json).tokenIds("a photo \ufb01"))
                .isEqualTo(TOKENIZER.tokenIds("a photo \ufb01"));
        assertThatThrownBy(() -> T5Tokenizer.fromJson(json.replace("\"\u2581photo\", ", "\"\u2581photo\", [], ")))
                .hasMessageContaining("texts with scores");
        assertThatThrownBy(() -> T5Tokenizer.fromJson(json.replace("[\"<extra_id_7>\", 0.0], ", "")))
                .hasMessage("tokenizer.json must be T5's, whose 32100 pieces have <pad> at 0, not one of 32099 pieces");
        assertThatThrownBy(() -> T5Tokenizer.fromJson(json.replace("\"precompiled_charsmap\": \"AL", "\"x\": \"AL")))
                .hasMessageContaining("one with the normaliser of SentencePiece");
        assertThatThrownBy(() -> T5Tokenizer.fromJson(
                        json.replace("\"precompiled_charsmap\": \"AL", "\"precompiled_charsmap\": \"~")))
                .hasMessageContaining("Base64");
        assertThatThrownBy(() -> T5Tokenizer.fromJson(
                        json.replace("\"precompiled_charsmap\": \"ALQC", "\"precompiled_charsmap\": \"////")))
                .hasMessageContaining("a trie and its results");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"model\": 1}",
                "{\"model\": {\"type\": \"BPE\"}}",
                "{\"model\": {\"type\": \"Unigram\"}}",
                "{\"model\": {\"type\": \"Unigram\", \"vocab\": []}, \"normalizer\": {\"precompiled_charsmap\": \"\"}}"
            })
    void refusesWhatIsNoTokenizerJson(String json) {
        assertThatThrownBy(() -> T5Tokenizer.fromJson(json)).isInstanceOf(InvalidRequestException.class);
    }

    /** Any table is a table: what it makes of a text is nonsense, but no failure. */
    @Test
    void tablesOfNonsenseDoNoHarm() {
        byte[] table = new byte[4 + 4 * 256 + 8];
        for (int seed = 0; seed < 200; seed++) {
            new Random(seed).nextBytes(table);
            Arrays.fill(table, 0, 4, (byte) 0);
            table[1] = 4;
            assertThat(new CharacterMap(table).normalize("abc \u00aa\u0301 \ud83d\udc36 \ufdfa"))
                    .isNotNull();
        }
    }
}
