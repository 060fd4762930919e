package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * ControlNets of random weights against diffusers' ControlNetModel, and the U-Net that is told their residuals against diffusers', which
 * computed in float32: with the names of the original checkpoints, bare and with their prefix, and with diffusers' names.
 */
@Tag("native")
@Timeout(300)
class ControlNetParityTest {

    /** Norm of the error over norm of the output: the runtime's rounding, done by the references, moves theirs by up to 0.0006. */
    private static final double TOLERANCE = 2e-3;

    private static final Shape LATENTS = Shape.of(1, 4, 16, 16);
    private static final double TIMESTEP = 500.25;
    private static final double STRENGTH = 0.7;
    private static final int STRIDE = 7;

    private static DiffusionModel sd;

    @BeforeAll
    static void open(@TempDir Path folder) {
        Path model = folder.resolve("model.safetensors");
        SyntheticModel.read("narrow").write(model, TensorType.F16);
        Path bare = folder.resolve("bare.safetensors");
        SyntheticModel.read(resource("control.tsv")).write(bare, TensorType.F16);
        Path diffusers = folder.resolve("diffusers.safetensors");
        SyntheticModel.read(resource("control-diffusers.tsv")).write(diffusers, TensorType.F16);
        Path prefixed = RewrittenModel.of(bare)
                .with(weight -> List.of(weight.named("control_model." + weight.name())))
                .write(folder.resolve("prefixed.safetensors"));
        sd = DiffusionModel.options()
                .controlNet(bare)
                .controlNet(diffusers)
                .controlNet(prefixed)
                .open(model);
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static InputStream resource(String file) {
        return ControlNetParityTest.class.getResourceAsStream("/dev/diffusion4j/control/" + file);
    }

    private static void assertClose(String name, Tensor actual) throws URISyntaxException {
        Path golden = Path.of(ControlNetParityTest.class
                .getResource("/dev/diffusion4j/control/" + name + ".npy")
                .toURI());
        double error = 0;
        double norm = 0;
        try (Tensor expected = NpyFile.read(golden)) {
            assertThat(expected.size()).isEqualTo(Math.ceilDiv(actual.size(), STRIDE));
            for (long i = 0; i < expected.size(); i++) {
                double wanted = expected.getFlat(i);
                error += Math.pow(actual.getFlat(i * STRIDE) - wanted, 2);
                norm += wanted * wanted;
            }
        }
        assertThat(Math.sqrt(error / norm)).as(name).isLessThan(TOLERANCE);
    }

    @Test
    void residualsAreThoseOfDiffusersUnderAllNames() throws URISyntaxException {
        assertThat(sd.controlNets()).extracting(ControlNet::name).containsExactly("bare", "diffusers", "prefixed");
        for (ControlNet net : sd.controlNets()) {
            try (Tensor latents = Formula.input("latents", 1, LATENTS);
                    Tensor context = Formula.input("context", 1, Shape.of(1, 77, 768));
                    Tensor picture = Formula.input("pictures", 1 / Math.sqrt(3), Shape.of(1, 3, 128, 128))) {
                for (int i = 0; i < picture.size(); i++) {
                    picture.setFlat(i, picture.getFlat(i) / 2 + 0.5f);
                }
                Conditioning prompt = Conditioning.of(context);
                try (Tensor hint = net.embed(picture);
                        Tensor residuals = net.predict(latents, TIMESTEP, prompt, hint);
                        Tensor prediction = Tensor.zeros(LATENTS)) {
                    assertThat(residuals.shape().dimension(1))
                            .isEqualTo(net.residualShapes(LATENTS).stream()
                                    .mapToLong(Shape::size)
                                    .sum());
                    assertClose("residuals", residuals);
                    residuals.scale(STRENGTH);
                    sd.unet()
                            .predictNoise(
                                    latents, TIMESTEP, prompt.with(Conditioning.RESIDUALS, residuals), prediction);
                    assertClose("prediction", prediction);
                }
            }
        }
    }

    @Test
    void guidanceTellsBothTextsTheirOwnResiduals() {
        ControlNet net = sd.controlNets().getFirst();
        try (Tensor latents = Formula.input("latents", 1, LATENTS);
                Tensor context = Formula.input("context", 1, Shape.of(1, 77, 768));
                Tensor other = Formula.input("negative context", 1, Shape.of(1, 77, 768));
                Tensor picture = Formula.input("pictures", 1 / Math.sqrt(3), Shape.of(1, 3, 128, 128));
                Tensor hint = net.embed(picture);
                Tensor controlled = net.predict(latents, TIMESTEP, Conditioning.of(context), hint);
                Tensor with = Tensor.zeros(LATENTS);
                Tensor without = Tensor.zeros(LATENTS);
                Tensor guided = Tensor.zeros(LATENTS)) {
            Conditioning positive = Conditioning.of(context).with(Conditioning.RESIDUALS, controlled);
            Conditioning negative = Conditioning.of(other);
            sd.unet().predictNoise(latents, TIMESTEP, positive, with);
            sd.unet().predictNoise(latents, TIMESTEP, negative, without);
            sd.unet().predictGuidedNoise(latents, TIMESTEP, positive, negative, 3, guided);

            for (int i = 0; i < guided.size(); i++) {
                double expected = without.getFlat(i) + 3 * (with.getFlat(i) - without.getFlat(i));
                assertThat(guided.getFlat(i)).isCloseTo((float) expected, Offset.offset(1e-4f));
            }
        }
    }
}
