package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.parity.PartGoldens.Prompt;
import dev.diffusion4j.parity.PartGoldens.UNetCase;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The parts of a model against transformers' text encoder and diffusers' U-Net and VAE, which computed in float32. The
 * tolerances and their reasons are in {@code parts.json}, and hold for weights stored as f16 as well.
 */
@ParameterizedClass
@EnumSource
abstract class ComponentParity {

    enum Model {
        NARROW("narrow", TensorType.F32),
        NARROW_F16("narrow", TensorType.F16),
        FULL("full", TensorType.F32);

        private final String width;
        private final TensorType type;

        Model(String width, TensorType type) {
            this.width = width;
            this.type = type;
        }
    }

    @TempDir
    private static Path folder;

    private static Path file;
    private static DiffusionModel sd;

    @Parameter
    private Model model;

    /** What the parts run on. */
    abstract DeviceChoice device();

    /** How many times the tolerance of the goldens is tolerated. */
    abstract double leniency();

    private void assertClose(String name, Tensor actual) {
        PartGoldens.assertClose(name, actual, leniency());
    }

    /** Before each test, not once for all, so that without room for the file each test is reported as skipped. */
    @BeforeEach
    void open() {
        if (sd == null) {
            file = folder.resolve(model + ".safetensors");
            SyntheticModel.read(model.width).write(file, model.type);
            sd = DiffusionModel.options().device(device()).open(file);
        }
    }

    @AfterParameterizedClassInvocation
    static void close() throws IOException {
        if (sd != null) {
            sd.close();
            sd = null;
        }
        Files.deleteIfExists(file);
    }

    private static Tokens tokens(String prompt) {
        return sd.tokenizer().encode(PartGoldens.prompt(prompt).text());
    }

    @Test
    void tokensAreThoseOfTheReference() {
        for (Prompt prompt : PartGoldens.prompts()) {
            assertThat(tokens(prompt.name()).ids()).as(prompt.text()).isEqualTo(prompt.ids());
        }
    }

    @Test
    void encodesPrompts() {
        for (Prompt prompt : PartGoldens.prompts()) {
            try (Tensor hidden = sd.textEncoder().encode(tokens(prompt.name()));
                    Tensor pooled = sd.textEncoder().pooled(tokens(prompt.name()))) {
                assertClose("text." + prompt.name() + ".hidden", hidden);
                assertClose("text." + prompt.name() + ".pooled", pooled);
            }
        }
    }

    @Test
    void givesHiddenStatesWithAndWithoutTheFinalNorm() {
        ClipTextEncoder encoder = sd.textEncoder();
        try (Tensor raw = encoder.hiddenState(tokens("puppy"), 1, false);
                Tensor penultimate = encoder.hiddenState(tokens("puppy"), 2, false);
                Tensor normalized = encoder.hiddenState(tokens("puppy"), 2, true);
                Tensor normalizedHere = encoder.finalLayerNorm(penultimate)) {
            assertClose("text.puppy.raw", raw);
            assertClose("text.puppy.skip2", penultimate);
            assertClose("text.puppy.skip2.norm", normalized);
            assertClose("text.puppy.skip2.norm", normalizedHere);
        }
    }

    @Test
    void encodesEmbeddings() {
        try (Tensor puppy = sd.textEncoder().inputEmbeddings(tokens("puppy"));
                Tensor circle = sd.textEncoder().inputEmbeddings(tokens("circle"));
                Tensor mean = puppy.copy()) {
            assertClose("text.puppy.embeddings", puppy);
            mean.addScaled(1, circle);
            mean.scale(0.5);
            try (Tensor hidden = sd.textEncoder().encodeEmbeddings(mean)) {
                assertClose("text.mean.hidden", hidden);
            }
        }
    }

    @Test
    void predictsNoise() {
        for (UNetCase inputs : PartGoldens.unetCases(model.width)) {
            try (Tensor latents = Formula.input("latents", 1, inputs.latents());
                    Tensor context = Formula.input("context", 1, inputs.context());
                    Tensor negative = Formula.input("negative context", 1, inputs.context());
                    Tensor prediction = Tensor.zeros(inputs.latents())) {
                sd.unet()
                        .predictGuidedNoise(
                                latents,
                                inputs.timestep(),
                                Conditioning.of(context),
                                Conditioning.of(negative),
                                inputs.guidance(),
                                prediction);
                assertClose(inputs.name(), prediction);
            }
        }
    }

    @Test
    void decodesLatents() {
        try (Tensor one = Formula.input("latents", 1, Shape.of(1, 4, 8, 8));
                Tensor two = Formula.input("latents", 1, Shape.of(2, 4, 4, 8));
                Tensor picture = sd.vae().decode(one);
                Tensor pictures = sd.vae().decode(two)) {
            assertClose("vae." + model.width + ".decode", picture);
            assertClose("vae." + model.width + ".decode.batch", pictures);
        }
    }

    @Test
    void encodesPictures() {
        assertEncodes("vae.encode", Shape.of(1, 3, 64, 64));
        assertEncodes("vae.encode.batch", Shape.of(2, 3, 32, 64));
    }

    private void assertEncodes(String name, Shape shape) {
        try (Tensor pictures = Formula.input("pictures", 1 / Math.sqrt(3), shape);
                LatentDistribution distribution = sd.vae().encode(pictures);
                Tensor mean = distribution.mean();
                Tensor logVariance = distribution.logVariance();
                Tensor sample = distribution.sample(NormalGenerator.of(RandomSource.CPU, 42))) {
            assertClose(name + ".mean", mean);
            assertClose(name + ".logvar", logVariance);
            assertClose(name + ".sample", sample);
        }
    }
}
