package dev.diffusion4j.parity;

import static java.util.stream.Collectors.joining;

import dev.diffusion4j.model.TensorType;
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
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assumptions;

/**
 * A model, or a LoRA, whose weights are a {@link Formula} each, written to a safetensors file. They are the weights that
 * the scripts in {@code tools/parity} gave the references, which the checksums in their lists confirm.
 */
final class SyntheticModel {

    private static final int CHUNK = 1 << 16;

    private record Weight(String name, long[] shape, Formula formula, long checksum) {

        /** Of a line with name, shape, centre, scale and checksum. */
        static Weight parse(String line) {
            String[] fields = line.split("\t");
            long[] shape = Arrays.stream(fields[1].split("x"))
                    .mapToLong(Long::parseLong)
                    .toArray();
            Formula formula = Formula.of(fields[0], Float.parseFloat(fields[2]), Float.parseFloat(fields[3]));
            return new Weight(fields[0], shape, formula, Long.parseLong(fields[4], 16));
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
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeFully(channel, header(type));
                ByteBuffer data = ByteBuffer.allocateDirect(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (Weight weight : weights) {
                    write(channel, weight, type, data);
                }
            }
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

    private static void write(FileChannel channel, Weight weight, TensorType type, ByteBuffer data) throws IOException {
        CRC32 checksum = new CRC32();
        float[] values = new float[CHUNK];
        for (long first = 0; first < weight.size(); first += CHUNK) {
            int count = (int) Math.min(CHUNK, weight.size() - first);
            weight.formula().fill(first, values, count);
            data.clear().asFloatBuffer().put(values, 0, count);
            checksum.update(data.limit(count * Float.BYTES));
            data.rewind();
            if (type == TensorType.F16) {
                putHalves(values, count, data.clear());
                data.flip();
            }
            writeFully(channel, data);
        }
        if (checksum.getValue() != weight.checksum()) {
            throw new AssertionError(weight.name() + " is not what the references had");
        }
    }

    private static void putHalves(float[] values, int count, ByteBuffer data) {
        for (int i = 0; i < count; i++) {
            data.putShort(Float.floatToFloat16(values[i]));
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }
}
