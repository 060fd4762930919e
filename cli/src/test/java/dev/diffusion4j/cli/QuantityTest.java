package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuantityTest {

    @Test
    void writesBytesAndCountsForPeople() {
        assertThat(Quantity.bytes(1023)).isEqualTo("1023 B");
        assertThat(Quantity.bytes(1536)).isEqualTo("1.50 KiB");
        assertThat(Quantity.bytes(4_265_146_304L)).isEqualTo("3.97 GiB");
        assertThat(Quantity.count(999)).isEqualTo("999");
        assertThat(Quantity.count(1_066_235_307L)).isEqualTo("1.07 billion");
    }
}
