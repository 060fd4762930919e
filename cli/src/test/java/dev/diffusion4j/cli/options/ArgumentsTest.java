package dev.diffusion4j.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.StepCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The values of options that have a form of their own. */
class ArgumentsTest {

    @Test
    void readsSizes() {
        assertThat(PixelSize.parse("512x768")).isEqualTo(new PixelSize(512, 768));
        assertThat(PixelSize.parse("512X768")).isEqualTo(new PixelSize(512, 768));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "512", "512x", "x512", "-1x5", "5.5x5", "5x5x5", "9999999x1"})
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> PixelSize.parse(text)).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void readsLoras() {
        assertThat(LoraArgument.parse("a.safetensors")).isEqualTo(new LoraArgument(Path.of("a.safetensors"), 1));
        assertThat(LoraArgument.parse("a.gguf:0.8")).isEqualTo(new LoraArgument(Path.of("a.gguf"), 0.8));
        assertThat(LoraArgument.parse("a.gguf:-1")).isEqualTo(new LoraArgument(Path.of("a.gguf"), -1));
        assertThat(LoraArgument.parse("hf:org/a:0.8")).isEqualTo(new LoraArgument(Path.of("hf:org/a"), 0.8));
        assertThat(LoraArgument.parse("hf:org/a:fp16")).isEqualTo(new LoraArgument(Path.of("hf:org/a:fp16"), 1));
        assertThat(LoraArgument.parse("a:b")).isEqualTo(new LoraArgument(Path.of("a:b"), 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0,8", "strong", "0.8f", ""})
    void explainsWeightsThatAreNoNumbers(String weight, @TempDir Path folder) throws IOException {
        Path file = Files.createFile(folder.resolve("a.safetensors"));

        assertThatThrownBy(() -> LoraArgument.parse(file + ":" + weight))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("FILE:WEIGHT with a number such as 0.8");
    }

    @Test
    void readsFilesWhoseNamesEndInAColonAndSomething(@TempDir Path folder) throws IOException {
        Files.createFile(folder.resolve("a"));
        Path file = Files.createFile(folder.resolve("a:b"));

        assertThat(LoraArgument.parse(file.toString())).isEqualTo(new LoraArgument(file, 1));
        assertThat(LoraArgument.parse(file + ":1e-1")).isEqualTo(new LoraArgument(file, 0.1));
    }

    @Test
    void readsEmbeddings() {
        assertThat(EmbeddingArgument.parse("word=dir/a=b.pt"))
                .isEqualTo(new EmbeddingArgument("word", Path.of("dir/a=b.pt")));
        assertThatThrownBy(() -> EmbeddingArgument.parse("word")).hasMessageContaining("NAME=FILE");
        assertThatThrownBy(() -> EmbeddingArgument.parse("=file")).hasMessageContaining("NAME=FILE");
    }

    @Test
    void readsCachesWithTheirUsualSettings() {
        assertThat(CacheArgument.parse("ucache").cache()).isEqualTo(StepCache.uCache());
        assertThat(CacheArgument.parse("easycache").cache()).isEqualTo(StepCache.easyCache());
        assertThat(CacheArgument.parse("dbcache").cache()).isEqualTo(StepCache.dbCache());
        assertThat(CacheArgument.parse("taylorseer").cache()).isEqualTo(StepCache.taylorSeer());
        assertThat(CacheArgument.parse("cache_dit").cache()).isEqualTo(StepCache.cacheDit());
        assertThat(CacheArgument.parse("spectrum").cache()).isEqualTo(StepCache.spectrum());
    }

    @Test
    void readsCachesWithSettings() {
        assertThat(CacheArgument.parse("ucache:threshold=0.5,reset=no").cache())
                .isEqualTo(new StepCache.Reuse(StepCache.Reuse.Method.UCACHE, 0.5, 0.15, 0.95, 1.0, true, false));
        StepCache.Blocks blocks = (StepCache.Blocks)
                CacheArgument.parse("cache-dit:mask=1101,warmup=4").cache();
        assertThat(blocks.stepMask()).contains("1,1,0,1");
        assertThat(blocks.warmupSteps()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "magic",
                "ucache:threshold",
                "ucache:threshold=x",
                "dbcache:warmup=1.5",
                "ucache:reset=perhaps",
                "ucache:threshold=-1",
                "spectrum:threshold=1"
            })
    void refusesWhatIsNoCache(String text) {
        assertThatThrownBy(() -> CacheArgument.parse(text)).isInstanceOf(InvalidRequestException.class);
    }
}
