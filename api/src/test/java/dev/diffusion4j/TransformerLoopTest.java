package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TransformerInfo;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.DynamicShift;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.FlowMatchEulerScheduler;
import dev.diffusion4j.scheduler.FlowMatchScheduler;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The loop in Java over a diffusion transformer that computes nothing: what it is asked. */
@Tag("fast")
@Timeout(60)
class TransformerLoopTest {

    private static final int TOKENS = 3;
    private static final int CONTEXT_SIZE = 8;

    @TempDir
    private Path folder;

    private final List<ComponentCall> calls = Collections.synchronizedList(new ArrayList<>());

    /** Of FLUX.1 dev's kind, with a context of three tokens for every prompt. */
    private final FakeEngine engine = new FakeEngine(null) {
        @Override
        public ModelInfo info() {
            ModelInfo ofUNet = super.info();
            return new ModelInfo(
                    ofUNet.runtime(),
                    "Flux",
                    16,
                    8,
                    16,
                    ofUNet.defaultSampler(),
                    ofUNet.defaultSchedule(),
                    true,
                    true,
                    Optional.empty(),
                    ofUNet.devices(),
                    new ComponentsInfo(
                            List.of(),
                            0,
                            Optional.of(new TransformerInfo(2, 64, true)),
                            16,
                            16,
                            CONTEXT_SIZE,
                            0,
                            1,
                            PredictionType.FLUX_FLOW,
                            false,
                            32,
                            Collections.nCopies(16, 0.3611f),
                            Collections.nCopies(16, 0.1159f),
                            List.of()));
        }

        @Override
        public void run(ComponentCall call, Watch watch) {
            calls.add(call);
            if (call.name().equals("prompt.encode")) {
                call.outputs().getFirst().tensor().setFlat(0, TOKENS);
            }
        }
    };

    private List<Double> timesteps() {
        return calls.stream()
                .filter(call -> call.name().equals("transformer.predict"))
                .map(call -> call.numbers().getFirst().value())
                .toList();
    }

    private DiffusionModel open() {
        return FakeModels.open(engine, folder, 1);
    }

    @Test
    void aDynamicShiftKnowsTheSizeOfThePicture() {
        Scheduler scheduler = FlowMatchEulerScheduler.builder()
                .dynamicShift(DynamicShift.FLUX)
                .build();
        try (DiffusionModel model = open()) {
            for (int side : new int[] {256, 512}) {
                calls.clear();
                model.textToImage("a star")
                        .size(side, side)
                        .steps(4)
                        .guidanceScale(1)
                        .sampling(Sampling.with(scheduler))
                        .generate();
                float[] expected =
                        ((FlowMatchScheduler) scheduler.withSteps(4).withImageSeqLen(side / 16 * (side / 16))).sigmas();
                List<Double> told = timesteps();
                assertThat(told).hasSize(4);
                for (int i = 0; i < 4; i++) {
                    assertThat(told.get(i)).isCloseTo(1000 * expected[i], within(1e-3));
                }
            }
        }
    }

    @Test
    void promptsGoToTheRuntimeWhole() {
        try (DiffusionModel model = open();
                Conditioning conditioning = model.encodePrompt("ein Bär", 2, model.nativeSize())) {
            assertThat(calls).extracting(ComponentCall::name).containsExactly("prompt.encode", "prompt.take");
            byte[] utf8 = "ein Bär".getBytes(StandardCharsets.UTF_8);
            int[] sent = calls.getFirst().ids().getFirst().values();
            assertThat(sent).hasSize(utf8.length).endsWith(0xC3, 0xA4, 'r');
            assertThat(calls.getFirst().numbers().getFirst().value()).isEqualTo(2);
            assertThat(conditioning.context().shape()).isEqualTo(Shape.of(1, TOKENS, CONTEXT_SIZE));
            assertThat(conditioning.vector()).isEmpty();
            assertThat(conditioning.guidance().orElseThrow().getFlat(0)).isEqualTo(3.5f);
        }
    }

    @Test
    void refusesSchedulersOfTheOtherKindAndNamesWhatFits() {
        try (DiffusionModel model = open()) {
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> model.textToImage("a star")
                            .size(64, 64)
                            .sampling(Sampling.with(EulerScheduler.stableDiffusion()))
                            .generate())
                    .withMessageContaining(
                            "predicts flux_flow: dpm-solver-multistep, flow-match-euler, flow-match-heun");
            assertThat(calls).isEmpty();
        }
    }

    @Test
    void saysWhereTheDenoiserIs() {
        try (DiffusionModel model = open()) {
            assertThat(model.denoiser()).isSameAs(model.transformer());
            assertThat(model.transformer().imageSeqLen(9, 16)).isEqualTo(40);
            assertThatThrownBy(model::unet)
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("transformer()");
            assertThatThrownBy(model::textEncoders)
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("encodePrompt");
            assertThat(model.vae().scalingFactor()).isEqualTo(0.3611f);
        }
    }

    @Test
    void refusesWrongShapesBeforeNativeCode() {
        try (DiffusionModel model = open();
                Conditioning text = model.encodePrompt("a star");
                Tensor latents = Tensor.zeros(Shape.of(1, 16, 8, 8));
                Tensor large = Tensor.zeros(Shape.of(1, 16, 8, 66));
                Tensor flat = Tensor.zeros(Shape.of(16, 8, 8));
                Tensor pair = Tensor.zeros(Shape.of(1, 2))) {
            calls.clear();
            assertRefused("latents", () -> model.transformer().predictNoise(flat, 500, text, flat));
            assertRefused("latents", () -> model.transformer().predictNoise(large, 500, text, large));
            assertRefused("prediction", () -> model.transformer().predictNoise(latents, 500, text, large));
            assertRefused(
                    "context",
                    () -> model.transformer()
                            .predictNoise(latents, 500, text.with(Conditioning.CONTEXT, flat), latents));
            assertRefused(
                    "vector",
                    () -> model.transformer()
                            .predictNoise(latents, 500, text.with(Conditioning.VECTOR, pair), latents));
            assertRefused(
                    "guidance",
                    () -> model.transformer().predictNoise(latents, 500, Conditioning.of(text.context()), latents));
            assertRefused("timestep", () -> model.transformer().predictNoise(latents, -1, text, latents));
            assertRefused("latents", () -> model.vae().fromModelScale(flat));
            assertThat(calls).isEmpty();
        }
    }

    private static void assertRefused(String field, Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(call::run)
                .returns(field, InvalidRequestException::field);
    }
}
