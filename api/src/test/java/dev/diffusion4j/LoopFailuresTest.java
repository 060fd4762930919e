package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Failures of the loop in Java that come together: the first reaches the caller, and nothing of the others is lost. */
@Tag("native")
@Timeout(60)
class LoopFailuresTest {

    private static final String CROSS_ATTENTION = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight";

    @TempDir
    private Path folder;

    private ModelFile model;
    private Path lora;

    private final NativeFailureException lost = new NativeFailureException("the device is lost");
    private final NativeFailureException notTakenOff = new NativeFailureException("the LoRAs cannot be taken off");
    private final IllegalArgumentException listeners = new IllegalArgumentException("a listener's own");
    private final List<List<Lora>> applied = new ArrayList<>();

    /** What the files have to hold so that the LoRA counts as one for the model. */
    @BeforeEach
    void write() {
        String text = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight";
        model = ModelFile.read(new Safetensors()
                .floats(text, 49_408, 768)
                .floats("model.diffusion_model.input_blocks.0.0.weight", 320, 4, 3, 3)
                .floats("model.diffusion_model.time_embed.0.weight", 1280, 320)
                .floats("model.diffusion_model." + CROSS_ATTENTION, 320, 768)
                .floats("model.diffusion_model.out.2.weight", 4, 320, 3, 3)
                .write(folder.resolve("model.safetensors")));
        String stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
        lora = new Safetensors()
                .floats(stem + ".lora_down.weight", 8, 768)
                .floats(stem + ".lora_up.weight", 320, 8)
                .floats(stem + ".alpha")
                .write(folder.resolve("lora.safetensors"));
    }

    /** An engine that loses the LoRAs when they are taken off. */
    private class Failing extends FakeEngine {

        Failing() {
            super(null, oneTextEncoder());
        }

        @Override
        public void setLoras(List<Lora> loras, Watch watch) {
            applied.add(loras);
            if (loras.isEmpty()) {
                throw notTakenOff;
            }
        }
    }

    private void draw(FakeEngine engine) {
        try (DiffusionModel sd = FakeModels.open(engine, model, 1)) {
            sd.textToImage("a star")
                    .size(64, 64)
                    .steps(2)
                    .sampling(Sampling.with(EulerScheduler.stableDiffusion()))
                    .lora(lora, 1)
                    .onProgress(progress -> {
                        if (progress.phase() == Progress.Phase.LOADING) {
                            throw listeners;
                        }
                    })
                    .onStep(step -> {
                        if (step.index() == 1) {
                            throw listeners;
                        }
                    })
                    .generate();
        }
    }

    @Test
    void lorasThatCannotBeTakenOffDoNotHideWhatTheListenerThrew() {
        assertThatThrownBy(() -> draw(new Failing())).isSameAs(listeners);

        assertThat(listeners.getSuppressed()).contains(notTakenOff);
        assertThat(applied).extracting(List::size).containsExactly(1, 0);
    }

    @Test
    void schedulersOfFlowMatchingAreRefusedAndWhatFitsIsNamed() {
        FakeEngine engine = new FakeEngine(null, FakeEngine.oneTextEncoder());
        try (DiffusionModel sd = FakeModels.open(engine, model, 1)) {
            assertThatThrownBy(() -> sd.textToImage("a star")
                            .size(64, 64)
                            .sampling(Sampling.with(SchedulerType.FLOW_MATCH_EULER.create()))
                            .generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("predicts epsilon: pndm, lms, heun, dpm-solver-multistep, euler");
        }
    }

    @Test
    void norWhatNativeCodeThrew() {
        FakeEngine engine = new Failing() {
            @Override
            public void run(ComponentCall call, Watch watch) {
                if (call.name().equals("unet.predict")) {
                    throw lost;
                }
            }
        };
        assertThatThrownBy(() -> draw(engine)).isSameAs(lost);

        assertThat(lost.getSuppressed()).contains(notTakenOff);
    }

    @Test
    void whatAListenerThrewWithinNativeCodeComesBeforeWhatThatThrewThen() {
        FakeEngine engine = new Failing() {
            @Override
            public void run(ComponentCall call, Watch watch) {
                if (call.name().equals("unet.predict")) {
                    watch.report(() -> ProgressKind.LOADING, 0, 1);
                    throw lost;
                }
            }
        };
        assertThatThrownBy(() -> draw(engine)).isSameAs(listeners);

        assertThat(listeners.getSuppressed()).contains(lost);
        assertThat(lost.getSuppressed()).contains(notTakenOff);
    }

    @Test
    void lorasThatCannotBeTakenOffAreAFailureByThemselves() {
        FakeEngine engine = new Failing() {
            @Override
            public void setLoras(List<Lora> loras, Watch watch) {
                applied.add(loras);
                throw loras.isEmpty() ? notTakenOff : lost;
            }
        };
        assertThatThrownBy(() -> draw(engine)).isSameAs(lost);

        assertThat(lost.getSuppressed()).contains(notTakenOff);
    }
}
