package dev.diffusion4j.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.modelfile.TensorType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class Fp8Test {

    /** The values of the paper's table 1: the largest, the smallest normal and the smallest subnormal numbers. */
    @ParameterizedTest
    @CsvSource({
        "F8_E4M3, 0x7e, 448",
        "F8_E4M3, 0x08, 0.015625",
        "F8_E4M3, 0x07, 0.013671875",
        "F8_E4M3, 0x01, 0.001953125",
        "F8_E4M3, 0xb8, -1",
        "F8_E4M3, 0x7f, NaN",
        "F8_E5M2, 0x7b, 57344",
        "F8_E5M2, 0x01, 1.52587890625e-5",
        "F8_E5M2, 0xbc, -1"
    })
    void looksNumbersUp(TensorType type, String bits, float number) {
        assertThat(Fp8.table(type, 1)[Integer.decode(bits)]).isEqualTo(Float.valueOf(number));
        assertThat(Fp8.table(type, 0.5f)[Integer.decode(bits)]).isEqualTo(Float.valueOf(number / 2));
    }
}
