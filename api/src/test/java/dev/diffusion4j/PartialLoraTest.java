package dev.diffusion4j;

import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.testing.models.LoraFiles;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LoRAs of which the model has no use for a part, or for anything: merged and at run time, wherever the loop runs. */
@Tag("native")
@Timeout(300)
class PartialLoraTest {

    /** When LoRAs are merged, whether the loop is that in Java, and whether the model is in a process of its own. */
    record Way(LoraMode mode, boolean loopInJava, boolean isolated) {}

    private static final String PROMPT = "a red circle on a white background";

    private static final Map<LoraMode, DiffusionModel> NEAR = new EnumMap<>(LoraMode.class);

    private static DiffusionModel far;
    private static Path both;
    private static Path textEncoder;
    private static Path unet;
    private static Path nowhere;
    private static Path half;
    private static Path dora;

    static Stream<Way> ways() {
        return Stream.concat(
                waysInThisProcess(), Stream.of(false, true).map(loop -> new Way(LoraMode.AT_RUNTIME, loop, true)));
    }

    static Stream<Way> waysInThisProcess() {
        return Stream.of(LoraMode.IMMEDIATELY, LoraMode.AT_RUNTIME)
                .flatMap(mode -> Stream.of(false, true).map(loop -> new Way(mode, loop, false)));
    }

    @BeforeAll
    static void open(@TempDir Path folder) {
        for (LoraMode mode : List.of(LoraMode.IMMEDIATELY, LoraMode.AT_RUNTIME)) {
            NEAR.put(mode, DiffusionModel.options().loraMode(mode).open(DemoModel.path()));
        }
        far = DiffusionModel.options().loraMode(LoraMode.AT_RUNTIME).isolated().open(DemoModel.path());
        both = new LoraFiles().textEncoder().unet().write(folder.resolve("both.safetensors"));
        textEncoder = new LoraFiles().textEncoder().write(folder.resolve("text encoder.safetensors"));
        unet = new LoraFiles().unet().write(folder.resolve("unet.safetensors"));
        nowhere = new LoraFiles().nowhere("no_such_block").write(folder.resolve("nowhere.safetensors"));
        half = new LoraFiles()
                .unet()
                .nowhere("no_such_block")
                .nowhere("nor_this_one")
                .write(folder.resolve("half.safetensors"));
        dora = new LoraFiles()
                .unet()
                .tensor(LoraFiles.UNET_LAYER + ".dora_scale", new float[128], 128, 1)
                .write(folder.resolve("dora.safetensors"));
    }

    @AfterAll
    static void close() {
        NEAR.values().forEach(DiffusionModel::close);
        far.close();
    }

    private static DiffusionModel model(Way way) {
        return way.isolated() ? far : NEAR.get(way.mode());
    }

    private static ImageGeneration request(Way way) {
        ImageGeneration request =
                model(way).textToImage(PROMPT).size(64, 64).steps(1).seed(3);
        return way.loopInJava() ? request.sampling(Sampling.with(EulerScheduler.stableDiffusion())) : request;
    }

    private static ByteBuffer bytes(GeneratedImage image) {
        return image.pixels().asByteBuffer();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void oneThatFitsNowhereIsAnErrorAndTheModelGoesOnWithoutIt(Way way) {
        GeneratedImage plain = request(way).generate();
        List<Progress> progress = new ArrayList<>();

        assertThatThrownBy(() -> request(way)
                        .lora(unet, 1)
                        .lora(nowhere, 1)
                        .onProgress(progress::add)
                        .generate())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(nowhere.toString())
                .hasMessageContaining("none of its 3 tensors")
                .hasMessageContaining("lora_unet_no_such_block.lora_up.weight")
                .hasMessageNotContaining(unet.toString());

        assertThat(progress).noneMatch(report -> report.phase() == Progress.Phase.SAMPLING && report.step() > 0);
        assertThat(bytes(request(way).generate())).isEqualTo(bytes(plain));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void whatIsLeftOutOfOneIsAWarningThatNamesIt(Way way) {
        List<String> warnings = new ArrayList<>();
        GeneratedImage drawn = request(way)
                .lora(half, 1)
                .lora(dora, 0.5)
                .lora(textEncoder, 1)
                .onWarning(warnings::add)
                .generate();

        assertThat(drawn.warnings()).hasSize(2).isEqualTo(warnings);
        assertThat(warnings.getFirst())
                .contains(half.toString(), "6 of its 12 tensors", " and 3 more", "lora_unet_no_such_block.alpha");
        assertThat(warnings.getLast())
                .contains(dora.toString(), "1 of its 7 tensors", LoraFiles.UNET_LAYER + ".dora_scale", "magnitude");
        assertThat(bytes(drawn))
                .as("the rest is applied")
                .isEqualTo(bytes(request(way)
                        .lora(unet, 1)
                        .lora(unet, 0.5)
                        .lora(textEncoder, 1)
                        .generate()));
        assertThatThrownBy(() -> drawn.warnings().add("another")).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void oneThatFitsWithoutRestIsNoWarning(Way way) {
        GeneratedImage plain = request(way).generate();
        for (Path path : List.of(both, textEncoder, unet)) {
            GeneratedImage changed = request(way).lora(path, 1).generate();

            assertThat(changed.warnings()).as(path.toString()).isEmpty();
            assertThat(bytes(changed)).as(path.toString()).isNotEqualTo(bytes(plain));
        }
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void theTextEncoderHasAStrengthOfItsOwn(Way way) {
        ByteBuffer textEncoderAlone = bytes(request(way).lora(textEncoder, 0.5).generate());
        ByteBuffer unetAlone = bytes(request(way).lora(unet, 0.75).generate());

        assertThat(bytes(request(way).lora(new Lora(both, 0, 0.5)).generate())).isEqualTo(textEncoderAlone);
        assertThat(bytes(request(way).lora(new Lora(both, 0.75, 0)).generate())).isEqualTo(unetAlone);
        assertThat(bytes(request(way).lora(new Lora(both, 0.75, 0.5)).generate()))
                .isEqualTo(bytes(
                        request(way).lora(textEncoder, 0.5).lora(unet, 0.75).generate()));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void anExceptionFromTheListenerCancelsAndReachesTheCaller(Way way) {
        IllegalStateException failure = new IllegalStateException("no warnings please");
        List<Progress> progress = new ArrayList<>();

        assertThatThrownBy(() -> request(way)
                        .lora(half, 1)
                        .onWarning(text -> {
                            throw failure;
                        })
                        .onProgress(progress::add)
                        .generate())
                .isSameAs(failure);

        assertThat(progress).noneMatch(report -> report.phase() == Progress.Phase.SAMPLING && report.step() > 0);
        assertThat(request(way).lora(unet, 1).generate().warnings()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void eachImageOfABatchCarriesTheWarnings(Way way) {
        List<GeneratedImage> images = request(way).lora(half, 1).batchCount(2).generateAll();

        assertThat(images)
                .hasSize(2)
                .allSatisfy(image ->
                        assertThat(image.warnings()).singleElement().asString().contains(half.toString()));
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void anIncompletePairCountsAsLeftOut(Way way, @TempDir Path folder) {
        String layer = LoraFiles.UNET_LAYER;
        Path upAlone = new LoraFiles()
                .tensor(layer + ".lora_up.weight", new float[128 * 4], 128, 4)
                .write(folder.resolve("up.safetensors"));
        Path oneAndAHalf = new LoraFiles()
                .unet()
                .tensor(
                        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_v.lora_up.weight",
                        new float[512],
                        128,
                        4)
                .write(folder.resolve("half a pair.safetensors"));

        assertThatThrownBy(() -> request(way).lora(upAlone, 1).generate())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("none of its 1 tensors");
        assertThat(request(way).lora(oneAndAHalf, 1).generate().warnings())
                .singleElement()
                .asString()
                .contains("1 of its 7 tensors", "mid_block");
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void oneOfAnotherShapeIsAnErrorAndTheModelGoesOn(Way way, @TempDir Path folder) {
        GeneratedImage plain = request(way).generate();
        Path wider = new LoraFiles().pair(LoraFiles.UNET_LAYER, 1024, 128).write(folder.resolve("wider.safetensors"));
        Path taller = new LoraFiles().pair(LoraFiles.UNET_LAYER, 768, 256).write(folder.resolve("taller.safetensors"));

        for (Path path : List.of(wider, taller)) {
            assertThatThrownBy(() -> request(way).lora(path, 1).generate())
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("none of its 3 tensors");
        }
        assertThat(bytes(request(way).generate())).isEqualTo(bytes(plain));
    }

    @ParameterizedTest
    @MethodSource("waysInThisProcess")
    void thePartsAreWithoutOneThatWasRefused(Way way) {
        try (Conditioning before = model(way).encodePrompt(PROMPT)) {
            assertThatThrownBy(() ->
                            request(way).lora(textEncoder, 1).lora(nowhere, 1).generate())
                    .isInstanceOf(ModelFileException.class);
            try (Conditioning after = model(way).encodePrompt(PROMPT)) {
                assertThat(distance(after.context(), before.context())).isZero();
            }
        }
    }
}
