package dev.diffusion4j.parity;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import dev.diffusion4j.modelfile.TensorType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assumptions;

/**
 * A model, or a LoRA, whose weights are a {@link Formula} each, written to a safetensors file. They are the weights that
 * the scripts in {@code tools/parity} gave the references, which the checksums in their lists confirm.
 */
final class SyntheticModel {

    private static final int CHUNK = 1 << 16;
    private static final long UNKNOWN = -1;

    /**
     * @param secondHalf the formula of the values' second half
     * @param checksum of the values as f32, or {@link #UNKNOWN}
     */
    private record Weight(String name, long[] shape, Formula formula, Formula secondHalf, long checksum) {

        /**
         * Of a line with name, shape, centre, scale, checksum and, where they are others, the second half's centre and the
         * name that the formula is of.
         */
        static Weight parse(String line) {
            String[] fields = line.split("\t");
            long[] shape = Arrays.stream(fields[1].split("x"))
                    .mapToLong(Long::parseLong)
                    .toArray();
            String named = fields.length > 6 ? fields[6] : fields[0];
            Formula formula = Formula.of(named, Float.parseFloat(fields[2]), Float.parseFloat(fields[3]));
            Formula secondHalf = fields.length > 5 && !fields[5].isEmpty()
                    ? new Formula(formula.seed(), Float.parseFloat(fields[5]), formula.scale())
                    : formula;
            return new Weight(fields[0], shape, formula, secondHalf, Long.parseLong(fields[4], 16));
        }

        /** Of another shape, and as large an output as before: it grows with the square root of what is summed up. */
        Weight as(long[] other) {
            float summed = (float) Math.sqrt((double) perOutput(shape) / perOutput(other));
            Formula scaled = new Formula(formula.seed(), formula.centre(), formula.scale() * summed);
            return new Weight(name, other, scaled, scaled, UNKNOWN);
        }

        private static long perOutput(long[] shape) {
            return Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
        }

        boolean isZero() {
            return formula.centre() == 0 && formula.scale() == 0 && secondHalf.equals(formula);
        }

        long size() {
            return Arrays.stream(shape).reduce(1, Math::multiplyExact);
        }
    }

    private final List<Weight> weights;

    private SyntheticModel(List<Weight> weights) {
        this.weights = weights;
    }

    /**
     * A Stable Diffusion 1.x model.
     *
     * @param name {@code full}, of its widths (4.3 GB as f32), or {@code narrow} (0.8 GB)
     */
    static SyntheticModel read(String name) {
        return read(PartGoldens.open(name + ".tsv"));
    }

    /** @param list of tensors, which is closed */
    static SyntheticModel read(InputStream list) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))) {
            return new SyntheticModel(reader.lines().map(Weight::parse).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * This model with other tensors in place of those of the same names.
     *
     * @param list of tensors, which is closed
     */
    SyntheticModel with(InputStream list) {
        Map<String, Weight> others = read(list).weights.stream().collect(toMap(Weight::name, weight -> weight));
        return new SyntheticModel(weights.stream()
                .map(weight -> others.getOrDefault(weight.name(), weight))
                .toList());
    }

    /**
     * SDXL of its full widths, 3.5 billion weights: the small one that the references have, with a U-Net five times and a
     * VAE decoder four times as wide. There is no reference for it, but it takes the time and memory that SDXL takes.
     */
    static SyntheticModel readFullSdxl() {
        return new SyntheticModel(read(FamilyGoldens.open("sdxl.tsv")).weights.stream()
                .map(SyntheticModel::widened)
                .toList());
    }

    private static Weight widened(Weight weight) {
        String name = weight.name();
        long[] shape = weight.shape().clone();
        int factor = 1;
        if (name.startsWith("model.diffusion_model.")) {
            factor = 5;
        } else if (name.startsWith("first_stage_model.decoder.")) {
            factor = 4;
        }
        // What comes from the text encoders is as wide as before.
        boolean takesText =
                name.contains(".attn2.to_k.") || name.contains(".attn2.to_v.") || name.contains("label_emb.0.0.");
        for (int i = 0; i < Math.min(2, shape.length); i++) {
            boolean isWidth = shape[i] % 32 == 0 && !(takesText && i == 1);
            if (isWidth) {
                shape[i] *= factor;
            }
        }
        return factor == 1 ? weight : weight.as(shape);
    }

    /**
     * Writes the file; without room for it the tests that need it are reported as skipped.
     *
     * @param type f32 or f16: the same model, for f16 holds all its weights
     */
    void write(Path file, TensorType type) {
        long bytes = weights.stream().mapToLong(Weight::size).sum() * type.blockBytes();
        try {
            long room = file.getParent().toFile().getUsableSpace();
            Assumptions.assumeTrue(
                    room > bytes + bytes / 16,
                    () -> "the model needs %,d bytes in %s, where %,d are free"
                            .formatted(bytes, file.getParent(), room));
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
                ByteBuffer header = header(type);
                long[] positions = new long[weights.size()];
                long end = header.remaining();
                for (int i = 0; i < positions.length; i++) {
                    positions[i] = end;
                    end += weights.get(i).size() * type.blockBytes();
                }
                writeFully(channel, header, 0);
                // What nothing is written to is a hole, of zeros.
                writeFully(channel, ByteBuffer.allocate(1), end - 1);
                IntStream.range(0, positions.length)
                        .filter(i -> !weights.get(i).isZero())
                        .parallel()
                        .forEach(i -> write(channel, positions[i], weights.get(i), type));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file of these names and shapes that is a hole, of zeros that take no room. */
    void writeZeros(Path file, TensorType type) {
        long bytes = weights.stream().mapToLong(Weight::size).sum() * type.blockBytes();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            ByteBuffer header = header(type);
            long end = header.remaining() + bytes;
            writeFully(channel, header, 0);
            writeFully(channel, ByteBuffer.allocate(1), end - 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ByteBuffer header(TensorType type) {
        StringBuilder entries = new StringBuilder();
        long offset = 0;
        for (Weight weight : weights) {
            long end = offset + weight.size() * type.blockBytes();
            String shape =
                    Arrays.stream(weight.shape()).mapToObj(Long::toString).collect(joining(","));
            entries.append(entries.isEmpty() ? "{" : ",")
                    .append('"' + weight.name() + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape
                            + "],\"data_offsets\":[" + offset + "," + end + "]}");
            offset = end;
        }
        byte[] json = entries.append('}').toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .flip();
    }

    private static void write(FileChannel channel, long position, Weight weight, TensorType type) {
        CRC32 checksum = new CRC32();
        float[] values = new float[(int) Math.min(CHUNK, weight.size())];
        ByteBuffer data = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long half = weight.size() / 2;
        int count;
        for (long first = 0; first < weight.size(); first += count) {
            count = (int) Math.min(CHUNK, (first < half ? half : weight.size()) - first);
            (first < half ? weight.formula() : weight.secondHalf()).fill(first, values, count);
            data.clear().asFloatBuffer().put(values, 0, count);
            checksum.update(data.limit(count * Float.BYTES));
            data.rewind();
            if (type == TensorType.F16) {
                putHalves(values, count, data.clear());
                data.flip();
            }
            try {
                writeFully(channel, data, position + first * type.blockBytes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        if (weight.checksum() != UNKNOWN && checksum.getValue() != weight.checksum()) {
            throw new AssertionError(weight.name() + " is not what the references had");
        }
    }

    private static void putHalves(float[] values, int count, ByteBuffer data) {
        for (int i = 0; i < count; i++) {
            data.putShort(Float.floatToFloat16(values[i]));
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer data, long position) throws IOException {
        while (data.hasRemaining()) {
            position += channel.write(data, position);
        }
    }
}
