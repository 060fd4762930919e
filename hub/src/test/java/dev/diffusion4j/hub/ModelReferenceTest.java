package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {

    private static ModelReference reference(String quant, String revision, String file) {
        return new ModelReference("org/name", Optional.ofNullable(quant), revision, Optional.ofNullable(file));
    }

    @Test
    void readsEveryForm() {
        assertThat(ModelReference.parse("hf:org/name")).isEqualTo(reference(null, "main", null));
        assertThat(ModelReference.parse("hf:org/name:Q8_0")).isEqualTo(reference("Q8_0", "main", null));
        assertThat(ModelReference.parse("hf:org/name@v1.0")).isEqualTo(reference(null, "v1.0", null));
        assertThat(ModelReference.parse("hf:org/name:q4_k_m@v1")).isEqualTo(reference("q4_k_m", "v1", null));
        assertThat(ModelReference.parse("hf:org/name/a/b@c-d.bin")).isEqualTo(reference(null, "main", "a/b@c-d.bin"));
        assertThat(ModelReference.parse("hf:org/name@v1/folder/file.safetensors"))
                .isEqualTo(reference(null, "v1", "folder/file.safetensors"));
        assertThat(ModelReference.parse("hf:org/name@refs%2Fpr%2f1/file"))
                .isEqualTo(reference(null, "refs/pr/1", "file"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hf:org/name",
                "hf:org/name:Q8_0",
                "hf:org/name:Q8_0@v1",
                "hf:org/name@refs%2Fpr%2F1/folder/file",
                "hf:A-1/b_c.d/x"
            })
    void writesWhatItReads(String text) {
        assertThat(ModelReference.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "org/name",
                "hf:",
                "hf:name",
                "hf:/name",
                "hf:org/",
                "hf://org/name",
                "hf:org/na me",
                "hf:org/a--b",
                "hf:org/a..b",
                "hf:../name",
                "hf:./name",
                "hf:org/..",
                "hf:org/name.git",
                "hf:-org/name",
                "hf:org/name:",
                "hf:org/name@",
                "hf:org/name/",
                "hf:org/name//file",
                "hf:org/name/../file",
                "hf:org/name/a/./file",
                "hf:org/name/a\\b",
                "hf:org/name/C:file",
                "hf:org/name/a\nb",
                "hf:org/name@..%2F..%2Fx/file",
                "hf:org/name@%2Fx",
                "hf:org/name:q 8",
                "hf:org/name:Q8_0/file"
            })
    void refusesWhatIsNone(String text) {
        assertThatThrownBy(() -> ModelReference.parse(text)).isInstanceOf(InvalidReferenceException.class);
    }

    @Test
    void refusesNamesThatAreTooLong() {
        assertThatThrownBy(() -> ModelReference.parse("hf:org/" + "x".repeat(97)))
                .isInstanceOf(InvalidReferenceException.class)
                .hasMessageContaining("org/name");
        assertThatThrownBy(() -> ModelReference.parse("hf:org/name/" + "x".repeat(1025)))
                .isInstanceOf(InvalidReferenceException.class);
    }

    @Test
    void saysWhatIsWrongInOneLine() {
        assertThatThrownBy(() -> ModelReference.parse("hf:org/name/a\nb"))
                .hasMessage(
                        "\"a b\" is no path within a repository; the form is hf:org/name[:quant][@revision][/file]");
    }
}
