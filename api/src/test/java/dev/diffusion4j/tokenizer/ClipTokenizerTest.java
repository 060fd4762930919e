package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ClipTokenizerTest {

    private static final int[] PUPPY = {49406, 320, 1674, 539, 320, 6829, 49407};

    @Test
    void padsAndMasks() {
        Tokens tokens = TOKENIZER.encode("A picture of a puppy");

        assertThat(tokens.ids()).hasSize(77).startsWith(PUPPY);
        assertThat(Arrays.stream(tokens.ids()).skip(PUPPY.length)).containsOnly(49407);
        assertThat(tokens.attentionMask()).hasSize(77).startsWith(1, 1, 1, 1, 1, 1, 1, 0);
        assertThat(tokens.count())
                .isEqualTo(7)
                .isEqualTo(Arrays.stream(tokens.attentionMask()).sum());
        assertThat(tokens.truncated()).isFalse();
        assertThat(tokens).hasToString("Tokens[49406, 320, 1674, 539, 320, 6829, 49407]");
    }

    @Test
    void theEmptyTextIsStartAndEnd() {
        assertThat(TOKENIZER.encode(" \t\u2003").ids())
                .startsWith(49406, 49407, 49407)
                .hasSize(77);
        assertThat(TOKENIZER.encodeChunks("")).containsExactly(TOKENIZER.encode(""));
        assertThat(TOKENIZER.encode("").count()).isEqualTo(2);
    }

    @Test
    void handsOutCopies() {
        Tokens tokens = TOKENIZER.encode("a");
        tokens.ids()[0] = 0;
        tokens.attentionMask()[0] = 0;

        assertThat(tokens).isEqualTo(TOKENIZER.encode("A")).hasSameHashCodeAs(TOKENIZER.encode("A"));
    }

    @Test
    void padsWithWhatIsAskedFor() {
        Tokens tokens = TOKENIZER.withPadding(0).encode("a");

        assertThat(tokens.ids()).startsWith(49406, 320, 49407, 0, 0).endsWith(0);
        assertThat(tokens.count()).isEqualTo(3);
        assertThatThrownBy(() -> TOKENIZER.withPadding(49408)).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void saysWhatItCutOff() {
        Tokens fits = TOKENIZER.encode("dog ".repeat(75));
        Tokens tooLong = TOKENIZER.encode("dog ".repeat(175));

        assertThat(fits.truncated()).isFalse();
        assertThat(fits.count()).isEqualTo(77);
        assertThat(tooLong.truncated()).isTrue();
        assertThat(tooLong.droppedCount()).isEqualTo(100);
        assertThat(tooLong.ids()).isEqualTo(fits.ids());
        assertThat(tooLong.toString()).endsWith(", 100 dropped");
    }

    @Test
    void chunksHoldEveryToken() {
        String text = "one two three four five ".repeat(35);

        List<Tokens> chunks = TOKENIZER.encodeChunks(text);

        assertThat(chunks).hasSize(3).allMatch(chunk -> !chunk.truncated());
        assertThat(chunks.stream().mapToInt(Tokens::count)).containsExactly(77, 77, 27);
        assertThat(chunks.stream().flatMapToInt(c -> Arrays.stream(c.ids(), 1, c.count() - 1)))
                .containsExactly(Arrays.stream(TOKENIZER.tokenIds(text)).boxed().toArray(Integer[]::new));
        assertThat(TOKENIZER.encodeChunks("dog ".repeat(75))).hasSize(1);
        assertThat(TOKENIZER.encodeChunks("dog ".repeat(76))).hasSize(2);
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
                "\ud83d\udc36",
                "e\u0301",
                "xq",
                "<|endoftext|>",
                "<|StartOfText|>",
                "\u0301\u0323"
            })
    @Timeout(60) // a quadratic algorithm would take longer
    void longTextsComeToAnEnd(String piece) {
        assertThat(TOKENIZER.tokenIds(piece.repeat(100_000 / piece.length()))).isNotEmpty();
    }

    @Test
    void mapsTokensAndIds() {
        assertThat(TOKENIZER.vocabularySize()).isEqualTo(49408);
        assertThat(TOKENIZER.token(6829)).isEqualTo("puppy</w>");
        assertThat(TOKENIZER.idOf("puppy</w>")).hasValue(6829);
        assertThat(TOKENIZER.idOf("<|startoftext|>")).hasValue(ClipTokenizer.START_OF_TEXT);
        assertThat(TOKENIZER.idOf("no such token")).isEmpty();
        assertThat(TOKENIZER.decode(6829)).isEqualTo("puppy");
        assertThat(IntStream.range(0, 49408))
                .allMatch(id -> TOKENIZER.idOf(TOKENIZER.token(id)).getAsInt() == id);
    }

    @Test
    void decodesWithAndWithoutSpecialTokens() {
        assertThat(TOKENIZER.decode(PUPPY, true)).isEqualTo("a picture of a puppy");
        assertThat(TOKENIZER.decode(PUPPY, false)).isEqualTo("<|startoftext|>a picture of a puppy <|endoftext|>");
        assertThat(TOKENIZER.decode(new int[0], true)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 49408, Integer.MAX_VALUE})
    void refusesIdsThatAreNone(int id) {
        assertThatThrownBy(() -> TOKENIZER.token(id)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> TOKENIZER.decode(id))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("id must be from 0 to 49407, not " + id);
    }

    @Test
    void refusesOtherMerges() {
        String merges = Goldens.text("clip-merges.txt.gz");

        assertThatThrownBy(() -> ClipTokenizer.fromMerges(""))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("48894 merges, not 0 lines");
        assertThatThrownBy(() -> ClipTokenizer.fromMerges(merges.replaceFirst("\na n\n", "\na nn n\n")))
                .hasMessageContaining("'a nn n' in line 4");
        assertThatThrownBy(() -> ClipTokenizer.fromMerges(merges.replaceFirst("\na n\n", "\ni n\n")))
                .isInstanceOf(InvalidRequestException.class);
        assertThat(ClipTokenizer.fromMerges(merges.replace("\n", "\r\n")).encode("a puppy"))
                .isEqualTo(TOKENIZER.encode("a puppy"));
    }

    @Test
    void addedTokensStandForTheirVectors() {
        ClipTokenizer tokenizer = TOKENIZER
                .withAddedToken("<Cat-Toy>", 3)
                .withAddedToken("sks", 1)
                .withAddedToken("sks2", 2);

        assertThat(tokenizer.vocabularySize()).isEqualTo(49414);
        assertThat(tokenizer.tokenIds("a <cat-toy>, a <CAT-TOY>"))
                .containsExactly(320, 49408, 49409, 49410, 267, 320, 49408, 49409, 49410);
        assertThat(tokenizer.tokenIds("sks sks2 asksb")).containsExactly(49411, 49412, 49413, 320, 49411, 321);
        assertThat(tokenizer.encodeWeighted("(sks2:1.5)").getFirst().weights()).startsWith(1, 1.5f, 1.5f, 1);
        assertThat(tokenizer.decode(new int[] {320, 49408, 49409, 49410, 320}, true))
                .isEqualTo("a <cat-toy>a");
        assertThat(tokenizer.token(49410)).isEqualTo("<cat-toy>_2");
        assertThat(tokenizer.idOf("<cat-toy>")).hasValue(49408);
        assertThat(TOKENIZER.vocabularySize()).isEqualTo(49408);
        assertThat(TOKENIZER.tokenIds("sks")).isNotEqualTo(tokenizer.tokenIds("sks"));
    }

    @Test
    void refusesAddedTokensThatCannotBe() {
        for (String name : new String[] {"", " \u2003", "a<|endoftext|>", "<|StartOfText|>"}) {
            assertThatThrownBy(() -> TOKENIZER.withAddedToken(name, 1)).isInstanceOf(InvalidRequestException.class);
        }
        for (int count : new int[] {0, -1, 76}) {
            assertThatThrownBy(() -> TOKENIZER.withAddedToken("x", count)).isInstanceOf(InvalidRequestException.class);
        }
        assertThatThrownBy(() -> TOKENIZER.withAddedToken("sks", 2).withAddedToken("SKS_1", 1))
                .isInstanceOf(InvalidRequestException.class);
    }
}
