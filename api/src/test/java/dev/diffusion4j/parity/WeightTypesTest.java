package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.parity.RewrittenModel.Weight;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FLUX.1 in the containers and types that its transformer is published in, against the same numbers in f16 or f32. */
@Tag("native")
@Timeout(600)
class WeightTypesTest {

    @TempDir
    private Path folder;

    private RewrittenModel transformer() {
        return RewrittenModel.of(FamilyGoldens.write("flux-schnell", folder));
    }

    private GeneratedImage picture(Path transformer, boolean memoryMap) {
        ModelOpener parts = FamilyGoldens.options()
                .memoryMap(memoryMap)
                .diffusionModel(transformer)
                .clipL(FamilyGoldens.write("clip-l", folder))
                .vae(FamilyGoldens.write("vae16", folder));
        try (DiffusionModel model = parts.open()) {
            return FamilyGoldens.as(model.textToImage(PROMPT))
                    .sampling(FamilyGoldens.FLOW)
                    .generate();
        }
    }

    private void requireGolden(Path transformer) {
        for (boolean memoryMap : new boolean[] {false, true}) {
            assertThat(FamilyGoldens.distance("flux-schnell", picture(transformer, memoryMap)))
                    .isLessThan(FamilyGoldens.TOLERANCE);
        }
    }

    @Test
    void namesOfDiffusersMappedIntoMemory() {
        requireGolden(
                RewrittenModel.asDiffusers("flux-schnell.transformer", FamilyGoldens.write("flux-schnell", folder))
                        .writeShards(folder, "named", 2));
    }

    @Test
    void ggufOfVersion2() {
        requireGolden(transformer().writeGguf(folder, "old", 2, 1));
    }

    @Test
    void splitGguf() {
        requireGolden(transformer().writeGguf(folder, "split", 3, 3));
    }

    @ParameterizedTest
    @CsvSource({
        "F8_E4M3, 1,",
        "F8_E5M2, 1,",
        "F8_E4M3, 0.37, scale_weight",
        "F8_E4M3, 0.37, weight_scale",
        "F8_E5M2, 3, scale_weight"
    })
    void fp8(String type, float scale, String scaleName) {
        float[] values = values(type);
        Path fp8 = transformer()
                .with(weight -> quantised(weight, type, values, scale, scaleName))
                .write(folder.resolve("fp8.safetensors"));
        Path wide = transformer()
                .with(weight -> isQuantised(weight)
                        ? List.of(new Weight(weight.name(), "F16", weight.shape(), weight.size(), () -> {
                            ByteBuffer to = little(weight.size());
                            for (byte code : codes(weight, values, scale)) {
                                to.putShort(Float.floatToFloat16(values[Byte.toUnsignedInt(code)] * scale));
                            }
                            return to.array();
                        }))
                        : List.of(weight))
                .write(folder.resolve("wide.safetensors"));
        assertThat(distance(picture(fp8, false), picture(wide, false))).isZero();
    }

    @Test
    void bf16() {
        Path bf16 = transformer()
                .with(weight -> List.of(rounded(weight, "BF16", 2)))
                .write(folder.resolve("bf16.safetensors"));
        Path wide = transformer()
                .with(weight -> List.of(rounded(weight, "F32", 4)))
                .write(folder.resolve("f32.safetensors"));
        assertThat(distance(picture(bf16, false), picture(wide, false))).isLessThan(FamilyGoldens.TOLERANCE);
    }

    /** As ComfyUI does it: matrices, with a scale beside each, and a mark that they have one. */
    private static List<Weight> quantised(Weight weight, String type, float[] values, float scale, String scaleName) {
        if (!isQuantised(weight)) {
            return List.of(weight);
        }
        Weight fp8 =
                new Weight(weight.name(), type, weight.shape(), weight.size() / 2, () -> codes(weight, values, scale));
        if (scaleName == null) {
            return List.of(fp8);
        }
        String layer = weight.name().substring(0, weight.name().length() - "weight".length());
        Stream<Weight> further = Stream.of(
                new Weight(
                        layer + scaleName,
                        "F32",
                        List.of(),
                        4,
                        () -> little(4).putFloat(scale).array()),
                new Weight(
                        layer + "scale_input",
                        "F32",
                        List.of(),
                        4,
                        () -> little(4).putFloat(2).array()));
        Stream<Weight> mark = layer.startsWith("img_in.")
                ? Stream.of(new Weight("scaled_fp8", type, List.of(0L), 0, () -> new byte[0]))
                : Stream.of();
        return Stream.concat(Stream.concat(Stream.of(fp8), further), mark).toList();
    }

    private static boolean isQuantised(Weight weight) {
        return weight.name().endsWith(".weight") && weight.shape().size() == 2;
    }

    /** To what bf16 holds. */
    private static Weight rounded(Weight weight, String type, int bytes) {
        return new Weight(weight.name(), type, weight.shape(), weight.size() / 2 * bytes, () -> {
            ByteBuffer from = ByteBuffer.wrap(weight.bytes().get()).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer to = little(weight.size() / 2 * bytes);
            while (from.hasRemaining()) {
                int bits = Float.floatToRawIntBits(Float.float16ToFloat(from.getShort())) & 0xFFFF_0000;
                if (bytes == 2) {
                    to.putShort((short) (bits >>> 16));
                } else {
                    to.putInt(bits);
                }
            }
            return to.array();
        });
    }

    /** The nearest fp8 number to each, divided by the scale. */
    private static byte[] codes(Weight weight, float[] values, float scale) {
        ByteBuffer from = ByteBuffer.wrap(weight.bytes().get()).order(ByteOrder.LITTLE_ENDIAN);
        byte[] codes = new byte[from.remaining() / 2];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = nearest(values, Float.float16ToFloat(from.getShort()) / scale);
        }
        return codes;
    }

    private static byte nearest(float[] values, float wanted) {
        int sign = wanted < 0 ? 0x80 : 0;
        int low = 0;
        int high = 0x7b; // the largest finite number of both types, or one below
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (values[middle] <= Math.abs(wanted)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (byte) (sign | (Math.abs(wanted) - values[low] < values[high] - Math.abs(wanted) ? low : high));
    }

    /** By the definition of the formats: sign, exponent of 4 or 5 bits, mantissa. */
    private static float[] values(String type) {
        int mantissaBits = type.equals("F8_E4M3") ? 3 : 2;
        int bias = type.equals("F8_E4M3") ? 7 : 15;
        float[] values = new float[256];
        for (int code = 0; code < values.length; code++) {
            int exponent = (code & 0x7f) >> mantissaBits;
            double fraction = (code & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
            double size = exponent == 0 ? Math.scalb(fraction, 1 - bias) : Math.scalb(1 + fraction, exponent - bias);
            values[code] = (float) ((code & 0x80) == 0 ? size : -size);
        }
        return values;
    }

    private static ByteBuffer little(long size) {
        return ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static double distance(GeneratedImage one, GeneratedImage other) {
        double sum = 0;
        long size = one.pixels().byteSize();
        for (long i = 0; i < size; i++) {
            sum += Math.abs(Byte.toUnsignedInt(one.pixels().get(ValueLayout.JAVA_BYTE, i))
                    - Byte.toUnsignedInt(other.pixels().get(ValueLayout.JAVA_BYTE, i)));
        }
        return sum / size;
    }
}
