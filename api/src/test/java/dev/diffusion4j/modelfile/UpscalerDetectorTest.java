package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import dev.diffusion4j.testing.models.UpscalerFiles;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What upscalers' files hold, and the words for those that the runtime does not run. */
@Tag("fast")
class UpscalerDetectorTest {

    @TempDir
    private Path folder;

    private ModelFile read(Safetensors file) {
        return ModelFile.read(file.write(folder.resolve("upscaler.safetensors")));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, false", "2, 3, false", "4, 23, false", "1, 2, true", "2, 1, true", "4, 2, true"})
    void tellsScaleAndBlocks(int scale, int blocks, boolean old) {
        ModelFile file = read(old ? UpscalerFiles.oldNames(scale, blocks) : UpscalerFiles.nearest(scale, blocks));
        assertThat(file.family()).isEqualTo(ModelFamily.UPSCALER);
        UpscalerNetwork network = file.upscalerNetwork().orElseThrow();
        assertThat(network.architecture()).isEqualTo("RRDBNet");
        assertThat(network.scale()).isEqualTo(scale);
        assertThat(network.blocks()).isEqualTo(blocks);
        assertThat(network.obstacle()).isEmpty();
        assertThat(network).hasToString(scale + "x, RRDBNet of " + blocks + (blocks == 1 ? " block" : " blocks"));
        ModelFileValidator.requireUpscaler(file);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of(UpscalerFiles.sized(64, 12), "takes 12 channels, pixels in squares (pixel-unshuffle"),
                Arguments.of(UpscalerFiles.sized(64, 4), "takes 4 channels"),
                Arguments.of(UpscalerFiles.sized(32, 3), "has 32 features and adds 16"),
                Arguments.of(
                        UpscalerFiles.oldNames(4, 1).floats("model.9.weight", 64, 64, 3, 3),
                        "enlarges 8 times or more"),
                Arguments.of(UpscalerFiles.nearest(4, 65), "has 65 blocks, more than 64"),
                Arguments.of(
                        UpscalerFiles.nearest(4, 1).floats("body.2000.rdb1.conv1.weight", 1),
                        "lacks the tensor body.1.rdb1.conv1.weight"),
                Arguments.of(
                        UpscalerFiles.nearest(4, 1).floats("body.0.rdb9.conv1.weight", 1),
                        "has tensor 'body.0.rdb9.conv1.weight', which RRDBNet has not"),
                Arguments.of(
                        UpscalerFiles.nearest(4, 1).floats("body.7.rdb1.conv1.weight", 32, 64, 3, 3),
                        "lacks the tensor body.1.rdb1.conv1.weight"),
                Arguments.of(
                        new Safetensors().floats("body.0.rdb1.conv1.weight", 1), "lacks the tensor conv_first.weight"),
                Arguments.of(
                        new Safetensors().floats("params_ema.body.0.rdb1.conv1.weight", 32, 64, 3, 3),
                        "has names that begin with params_ema."),
                Arguments.of(
                        new Safetensors().floats("RRDB_trunk.0.RDB1.conv1.weight", 32, 64, 3, 3),
                        "has the names of ESRGAN's training code"),
                Arguments.of(
                        new Safetensors().floats("body.0.weight", 64, 3, 3, 3).floats("body.1.weight", 64),
                        "holds the network SRVGG"),
                Arguments.of(
                        new Safetensors()
                                .floats("layers.0.residual_group.blocks.0.attn.relative_position_bias_table", 225, 6),
                        "holds the network SwinIR"),
                Arguments.of(
                        new Safetensors().floats("layers.0.residual_group.overlap_attn.qkv.weight", 540, 180),
                        "holds the network HAT"),
                Arguments.of(
                        new Safetensors()
                                .floats("before_RG.1.weight", 180)
                                .floats("layers.0.blocks.0.norm1.weight", 180),
                        "holds the network DAT"),
                Arguments.of(new Safetensors().floats("something.else", 1), "is not an upscaler"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void saysWhyItCannotBeUsed(Safetensors tensors, String reason) {
        ModelFile file = read(tensors);
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> ModelFileValidator.requireUpscaler(file))
                .withMessageStartingWith(file.path().toString())
                .withMessageContaining(reason);
    }

    @Test
    void namesATensorOfAnotherTypeOrShape() {
        Safetensors types = new Safetensors();
        assertThat(read(types.floats("body.0.rdb1.conv1.weight", 32, 64, 3, 3).floats("conv_first.weight", 64, 3, 1, 1))
                        .upscalerNetwork()
                        .flatMap(UpscalerNetwork::obstacle)
                        .orElseThrow())
                .contains("'conv_first.weight' in the shape")
                .contains("RRDBNet has [64, 3, 3, 3]");
    }
}
