package dev.diffusion4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tokenizer.LoraTags.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@org.junit.jupiter.api.Tag("fast")
class LoraTagsTest {

    @ParameterizedTest
    @CsvSource({
        "<lora:ink>, ink, 1, 1",
        "<lora:ink:0.8>, ink, 0.8, 0.8",
        "<lora:ink:-1>, ink, -1, -1",
        "<lora:ink:+.5>, ink, 0.5, 0.5",
        "<lora:ink:1e-1>, ink, 0.1, 0.1",
        "<lora:ink:0.25:0.75>, ink, 0.75, 0.25",
        "<lora:ink:te=0.25:unet=0.75>, ink, 0.75, 0.25",
        "<lora:ink:unet=0.75>, ink, 0.75, 1",
        "<lora:ink:te=0>, ink, 0, 0",
        "<lora:ink:0.25:unet=0>, ink, 0, 0.25",
        "<lyco:ink:0.8>, ink, 0.8, 0.8",
        "<LoRA: ink : 0.8 >, ink, 0.8, 0.8",
        "<lora:sty le.v1.2 \u00fc \u2728.safetensors:0.8>, sty le.v1.2 \u00fc \u2728.safetensors, 0.8, 0.8",
        "<lora:..ink..:0.8>, ..ink.., 0.8, 0.8"
    })
    void readsAllForms(String prompt, String name, double multiplier, double textEncoderMultiplier) {
        assertThat(LoraTags.parse(prompt).tags()).containsExactly(new Tag(name, multiplier, textEncoderMultiplier));
    }

    @ParameterizedTest
    @CsvSource({
        "'a circle <lora:ink:1>', 'a circle'",
        "'<lora:ink:1> a circle', 'a circle'",
        "'a <lora:ink:1> circle', 'a circle'",
        "'a<lora:ink:1>circle', 'a circle'",
        "'a circle, <lora:ink:1>, red', 'a circle, , red'",
        "'a <lora:ink:1>  <lora:b:2><lora:c:3> circle', 'a circle'",
        "'(a <lora:ink:1>:1.2) circle', '(a :1.2) circle'",
        "'<lora:ink:1>', ''"
    })
    void takesTagsOutOfTheText(String prompt, String text) {
        assertThat(LoraTags.parse(prompt).text()).isEqualTo(text);
    }

    @Test
    void keepsTheOrderOfSeveral() {
        assertThat(LoraTags.parse("<lora:b:2> x <lora:a:1> y <lora:b:3>").tags())
                .containsExactly(new Tag("b", 2, 2), new Tag("a", 1, 1), new Tag("b", 3, 3));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " a  circle ",
                "a <cat> on a mat",
                "a < b > c",
                "<flora:x:1>",
                "lora:x:1",
                "< lora:x:1>",
                "<hypernet:x:1>"
            })
    void leavesOtherTextAsItIs(String prompt) {
        LoraTags parsed = LoraTags.parse(prompt);

        assertThat(parsed.text()).isEqualTo(prompt);
        assertThat(parsed.tags()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'<lora:ink:0,8>', a number such as 0.8",
        "'<lora:ink:>', a number such as 0.8",
        "'<lora:ink:strong>', a number such as 0.8",
        "'<lora:ink:NaN>', a number such as 0.8",
        "'<lora:ink:0.8f>', a number such as 0.8",
        "'<lora:ink:0x1p3>', a number such as 0.8",
        "'<lora:ink:te=high>', a number such as 0.8",
        "'<lora:ink:1e300>', a finite number",
        "'<lora:ink:1:1:8>', '<lora:NAME:TEXT_ENCODER:UNET>'",
        "'<lora:ink:1:dyn=8>', '<lora:NAME:TEXT_ENCODER:UNET>'",
        "'<lora::1>', '<lora:NAME>'",
        "'<lora:>', '<lora:NAME>'",
        "'a <lora:ink:0.8', '<lora:NAME>'",
        "'<lora:ink:0.8 <lora:b:1>', '<lora:NAME>'",
        "'<lora:../ink:1>', file names alone",
        "'<lora:sub/ink:1>', file names alone",
        "'<lora:/etc/ink:1>', file names alone",
        "'<lora:sub\\ink:1>', file names alone",
        "'<lora:..:1>', file names alone",
    })
    void refusesWhatIsNoTag(String prompt, String reason) {
        assertThatThrownBy(() -> LoraTags.parse(prompt))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("prompt must be ")
                .hasMessageContaining(reason)
                .hasMessageContaining("not '");
    }

    @Test
    void takesTimeThatGrowsWithTheTextAlone() {
        // With the square of it this would be minutes.
        LoraTags many = LoraTags.parse("<lora:x> ".repeat(100_000));

        assertThat(many.tags()).hasSize(100_000);
        assertThat(many.text()).isEmpty();
        assertThatThrownBy(() -> LoraTags.parse("<lora:".repeat(100_000))).isInstanceOf(InvalidRequestException.class);
    }
}
