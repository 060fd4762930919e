package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Texts with each of Unicode's characters in different places are tokens as Hugging Face's CLIPTokenizer makes them. */
@Tag("stress")
class EveryCodePointTest {

    private static final int BLOCK = 256;

    @Test
    void treatsEveryCodePointLikeTheReference() {
        List<String> checksums = Goldens.text("codepoints.crc.gz").lines().toList();
        List<String> different = IntStream.range(0, checksums.size())
                .filter(block -> hasCharacters(block) || block % 16 == 0)
                .parallel()
                .filter(block -> !probes(block).equals(checksums.get(block)))
                .mapToObj(block -> String.format("U+%04X", block * BLOCK))
                .toList();

        assertThat(checksums).hasSize(0x110000 / BLOCK);
        assertThat(different).as("blocks of code points with differences").isEmpty();
    }

    /** Ten planes have none and two are for private use, all alike: one block in sixteen of these has to do. */
    private static boolean hasCharacters(int block) {
        int plane = block * BLOCK >> 16;
        return plane <= 3 || plane == 14;
    }

    private static String probes(int block) {
        return Goldens.checksum(IntStream.range(block * BLOCK, (block + 1) * BLOCK)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .mapToObj(EveryCodePointTest::probe)
                .toList());
    }

    /** The ids of a text around the code point, with start and end, as the script writes them. */
    private static String probe(int codePoint) {
        String c = Character.toString(codePoint);
        int[] ids = TOKENIZER.tokenIds("a" + c + "b" + c + "\u0345\u0301" + c + "\u0334 1" + c + "!");
        return IntStream.concat(
                        IntStream.concat(IntStream.of(ClipTokenizer.START_OF_TEXT), Arrays.stream(ids)),
                        IntStream.of(ClipTokenizer.END_OF_TEXT))
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" "));
    }
}
