package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.request.PreviewMode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class GenerationListenerTest {

    private final List<String> heard = new ArrayList<>();

    @Test
    void bothOfTwoHearInTheirOrder() {
        GenerationListener one = GenerationListener.NONE.onWarning(text -> heard.add("one " + text));
        GenerationListener two = GenerationListener.NONE.onWarning(text -> heard.add("two " + text));

        one.and(two).warnings().orElseThrow().accept("warning");

        assertThat(heard).containsExactly("one warning", "two warning");
    }

    @Test
    void whatOneAloneHearsOfStaysItsOwn() {
        GenerationListener warned = GenerationListener.NONE.onWarning(heard::add);
        GenerationListener shown = GenerationListener.NONE.onPreview(PreviewMode.PROJECTION, 2, preview -> {});

        for (GenerationListener both : List.of(warned.and(shown), shown.and(warned))) {
            both.warnings().orElseThrow().accept("warning");
            assertThat(both.previews()).isEqualTo(shown.previews());
            assertThat(both.progress()).isEmpty();
            assertThat(both.steps()).isEmpty();
        }
        assertThat(heard).containsExactly("warning", "warning");
    }

    @Test
    void previewsAreMadeInOneWay() {
        GenerationListener shown = GenerationListener.NONE.onPreview(PreviewMode.PROJECTION, 2, preview -> {});

        assertThatIllegalArgumentException().isThrownBy(() -> shown.and(shown));
    }
}
