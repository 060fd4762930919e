package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Texts with each of Unicode's characters in different places are tokens as Hugging Face's tokenizers make them. */
@Tag("stress")
class EveryCodePointTest {

    @Test
    void clipTreatsEveryCodePointLikeTheReference() {
        assertThat(Goldens.differentBlocks("codepoints.crc.gz", EveryCodePointTest::clipIds))
                .isEmpty();
    }

    @Test
    void t5TreatsEveryCodePointLikeTheReference() {
        T5Tokenizer tokenizer = T5Tokenizer.load();

        assertThat(Goldens.differentBlocks("t5-codepoints.crc.gz", c -> {
                    String text = probe(Character.toString(c));
                    return tokenizer.normalize(text) + " " + Goldens.joined(tokenizer.tokenIds(text)) + " "
                            + T5Tokenizer.END_OF_TEXT;
                }))
                .isEmpty();
    }

    @Test
    void qwenTreatsEveryCodePointLikeTheReference() {
        QwenTokenizer tokenizer = QwenTokenizer.loadQwen3();

        assertThat(Goldens.differentBlocks(
                        "qwen3-codepoints.crc.gz",
                        c -> Goldens.joined(tokenizer.tokenIds(probe(Character.toString(c))))))
                .isEmpty();
    }

    /** The ids of a text around the code point, with start and end, as the script writes them. */
    private static String clipIds(int codePoint) {
        String c = Character.toString(codePoint);
        int[] ids = TOKENIZER.tokenIds("a" + c + "b" + c + "\u0345\u0301" + c + "\u0334 1" + c + "!");
        return ClipTokenizer.START_OF_TEXT + " " + Goldens.joined(ids) + " " + ClipTokenizer.END_OF_TEXT;
    }

    /** As in tools/parity/t5_qwen.py. */
    private static String probe(String c) {
        return "a%sb%s\u0345\u0301%s\u0334 1%s! %s%s\n%s ".replace("%s", c)
                + "\u00aa\u0334%s %s\u00aa\u0334 %s\u0340\u0334 \u00a9%s\u200d\u2122\u0334 ".replace("%s", c)
                + "\u0915%s\u0958\u0334 %s\u094d\u0958\u0334".replace("%s", c);
    }
}
