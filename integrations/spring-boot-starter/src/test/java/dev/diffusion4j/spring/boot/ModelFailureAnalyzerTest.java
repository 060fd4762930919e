package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

class ModelFailureAnalyzerTest {

    /** As Spring Boot asks it: what failed is the cause of something else. */
    private static FailureAnalysis analyze(DiffusionException failure) {
        FailureAnalyzer analyzer =
                SpringFactoriesLoader.forDefaultResourceLocation()
                        .load(FailureAnalyzer.class, (type, name, notLoaded) -> {})
                        .stream()
                        .filter(ModelFailureAnalyzer.class::isInstance)
                        .findFirst()
                        .orElseThrow();
        return analyzer.analyze(new IllegalStateException("the context did not start", failure));
    }

    @Test
    void itSaysWhatIsWrongAndWhereToLook() {
        FailureAnalysis analysis = analyze(new ModelFileException("there is no file sd.safetensors"));

        assertThat(analysis.getDescription()).isEqualTo("there is no file sd.safetensors");
        assertThat(analysis.getAction()).contains("diffusion4j.model");
        assertThat(analyze(new InvalidRequestException("steps", 0, "more")).getAction())
                .contains("property");
    }

    @Test
    void whatIsNoMatterOfPropertiesKeepsItsStackTrace() {
        assertThat(analyze(new NativeFailureException("broken"))).isNull();
    }
}
