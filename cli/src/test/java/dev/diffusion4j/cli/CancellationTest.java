package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.GenerationCancelledException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CancellationTest {

    @Test
    void thereIsNothingToWaitForWhereNoWorkBegan() {
        Cancellation cancellation = new Cancellation();
        assertThat(cancellation.request()).isFalse();
    }

    @Test
    void workThatBeganIsWaitedFor() throws InterruptedException {
        Cancellation cancellation = new Cancellation();
        cancellation.begin();
        cancellation.check();
        assertThat(cancellation.request()).isTrue();
        assertThatThrownBy(cancellation::check).isInstanceOf(GenerationCancelledException.class);
        assertThat(cancellation.awaitFinish(Duration.ofMillis(1))).isFalse();
        cancellation.finish();
        assertThat(cancellation.awaitFinish(Duration.ofMillis(1))).isTrue();
    }
}
