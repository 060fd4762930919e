package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.RandomSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Options of models are values, as requests are. */
@Tag("fast")
class ModelOptionsTest {

    private static ModelOptions.Builder whole() {
        return ModelOptions.builder()
                .vae(Path.of("vae.safetensors"))
                .previewAutoencoder(Path.of("taesd.safetensors"))
                .clipL(Path.of("l"))
                .variant("fp16")
                .embedding("Kitty", Path.of("kitty.pt"))
                .controlNet(Path.of("nets/canny.v2.safetensors"))
                .controlNet("depth map", Path.of("depth.pth"))
                .photoMaker(Path.of("photomaker-v1.bin"))
                .weightType(WeightType.Q8_0)
                .weightTypeRules("^vae=f32,attn=q8_0")
                .threads(3)
                .memoryMap(true)
                .flashAttention(FlashAttention.ALL)
                .diffusionConvDirect(true)
                .vaeConvDirect(true)
                .seamless(Seamless.VERTICALLY)
                .forceSdxlVaeConvScale(true)
                .random(RandomSource.CPU)
                .samplerRandom(RandomSource.STD)
                .prediction(PredictionType.EDM_V)
                .loraMode(LoraMode.AT_RUNTIME)
                .loraFolder(Path.of("loras"))
                .device(DeviceChoice.gpu(1).orElseCpu())
                .device(ComponentKind.AUTOENCODER, DeviceChoice.rpc("127.0.0.1:50052"))
                .offloadToCpu(true)
                .memoryBudget(MemoryBudget.gib(3.5))
                .streamLayers(true)
                .isolated(IsolatedOptions.DEFAULT
                        .withCallDeadline(Duration.ofMillis(90_500))
                        .withClassPath(List.of(Path.of("a.jar"))))
                .queueCapacity(0);
    }

    @Test
    void jsonLosesNothing() {
        for (ModelOptions options : List.of(ModelOptions.DEFAULT, whole().build())) {
            ModelOptions read = ModelOptions.fromJson(options.toJson());

            assertThat(read).isEqualTo(options).hasSameHashCodeAs(options);
            assertThat(read.components()).isEqualTo(options.components());
            assertThat(read.device()).isEqualTo(options.device());
            assertThat(read.isolation()).isEqualTo(options.isolation());
        }
    }

    @Test
    void everyOptionIsAmongThoseOfThisTest() {
        assertThat(JsonType.object(Json.read(whole().build().toJson()))).hasSize(ModelOptions.OPTIONS.size());
    }

    @Test
    void controlNetsHaveTheNamesOfTheirFilesOrTheirOwn() {
        assertThat(whole().build().controlNets())
                .containsExactly(
                        entry("canny.v2", Path.of("nets/canny.v2.safetensors")),
                        entry("depth map", Path.of("depth.pth")));
        assertThatThrownBy(() -> whole().controlNet(" ", Path.of("depth.pth")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("controlNet must be a name");
    }

    @Test
    void aBuilderChangesACopy() {
        ModelOptions options = whole().build();
        ModelOptions another = options.toBuilder().threads(4).build();

        assertThat(options.threads()).hasValue(3);
        assertThat(another.threads()).hasValue(4);
        assertThat(another).isNotEqualTo(options);
    }

    @ParameterizedTest
    @EnumSource(Seamless.class)
    void seamlessEdges(Seamless edges) {
        assertThat(edges.horizontally()).isEqualTo(edges != Seamless.VERTICALLY);
        assertThat(edges.vertically()).isEqualTo(edges != Seamless.HORIZONTALLY);
    }

    @Test
    void otherJsonIsRefused() {
        assertThatThrownBy(() -> ModelOptions.fromJson("{\"thread\":1}"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("thread: there is no such option");
        assertThatThrownBy(() -> ModelOptions.fromJson("{\"threads\":0}"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("threads");
    }

    @Test
    void noModelPredictsTheSampleItself() {
        assertThatThrownBy(() -> ModelOptions.builder().prediction(PredictionType.SAMPLE))
                .isInstanceOf(InvalidRequestException.class);
        assertThat(ModelComponent.valueOf("LLM_VISION").encodesText()).isFalse();
    }
}
