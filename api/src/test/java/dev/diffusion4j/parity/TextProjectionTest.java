package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.Tokens;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The projection of SDXL's second text encoder in every layout, container and type that files have it in. Nearly all
 * weights of these files are zeros, holes that take no room: what reaches the projection is the position's embedding,
 * normalized, and what must come out is computed here.
 */
@Tag("native")
@Timeout(300)
class TextProjectionTest {

    private static final int WIDTH = 1280;
    private static final String ENCODER = "conditioner.embedders.1.model.";
    private static final String ORIGINAL = ENCODER + "text_projection";

    private record Entry(String name, long[] shape, Type type, float[] values) {

        long bytes() {
            return Arrays.stream(shape).reduce(1, Math::multiplyExact) * type.bytes / type.block;
        }
    }

    private enum Type {
        F32("F32", 0, 4, 1),
        F16("F16", 1, 2, 1),
        BF16("BF16", 30, 2, 1),
        Q8_0(null, 8, 34, 32);

        private final String safetensors;
        private final int gguf;
        private final int bytes;
        private final int block;

        Type(String safetensors, int gguf, int bytes, int block) {
            this.safetensors = safetensors;
            this.gguf = gguf;
            this.bytes = bytes;
            this.block = block;
        }

        void put(float[] values, ByteBuffer data) {
            for (int i = 0; i < values.length; i++) {
                switch (this) {
                    case F32 -> data.putFloat(values[i]);
                    case F16 -> data.putShort(Float.floatToFloat16(values[i]));
                    case BF16 -> data.putShort((short) (Float.floatToRawIntBits(values[i]) >>> 16));
                    case Q8_0 -> {
                        if (i % block == 0) {
                            putBlock(values, i, data);
                        }
                    }
                }
            }
        }

        private void putBlock(float[] values, int first, ByteBuffer data) {
            float largest = 0;
            for (int i = first; i < first + block; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float unit = largest / Byte.MAX_VALUE;
            data.putShort(Float.floatToFloat16(unit));
            for (int i = first; i < first + block; i++) {
                data.put((byte) Math.round(values[i] / unit));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "safetensors, BF16, original,    false, 0.01",
        "safetensors, F32,  original,    true,  0.001",
        "gguf,        F16,  original,    false, 0.002",
        "gguf,        Q8_0, original,    false, 0.02",
        "safetensors, F32,  huggingFace, false, 0.001"
    })
    void isAppliedAsTheLayoutMeansIt(
            String container, Type type, String layout, boolean map, double tolerance, @TempDir Path folder)
            throws IOException {
        float[] projection = random("projection", 1, WIDTH * WIDTH);
        float[] positions = random("positions", 1, 77 * WIDTH);
        boolean isOriginal = layout.equals("original");
        List<Entry> entries =
                entries(Map.of(ENCODER + "positional_embedding", positions, ENCODER + "ln_final.weight", ones()));
        entries.removeIf(entry -> entry.name().equals(ORIGINAL));
        entries.add(new Entry(
                isOriginal ? ORIGINAL : "conditioner.embedders.1.transformer.text_projection.weight",
                new long[] {WIDTH, WIDTH},
                type,
                projection));
        Path file = folder.resolve("model." + container);
        if (container.equals("gguf")) {
            writeGguf(entries, file);
        } else {
            writeSafetensors(entries, file);
        }

        try (DiffusionModel sd = DiffusionModel.options()
                .device(DeviceChoice.cpu())
                .memoryMap(map)
                .open(file)) {
            ClipTextEncoder encoder = sd.textEncoders().get(1);
            Tokens tokens = encoder.tokenizer().encode("a dog");
            double[] expected = project(normalized(positions, 3), projection, isOriginal);
            try (Tensor pooled = encoder.pooled(tokens)) {
                double error = 0;
                double norm = 0;
                for (int i = 0; i < WIDTH; i++) {
                    error += Math.pow(pooled.getFlat(i) - expected[i], 2);
                    norm += Math.pow(expected[i], 2);
                }
                assertThat(Math.sqrt(error / norm)).isLessThan(tolerance);
            }
        }
    }

    /** open_clip multiplies the row by the matrix, Hugging Face's linear layer the matrix by the column. */
    private static double[] project(double[] input, float[] matrix, boolean fromTheLeft) {
        double[] output = new double[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            for (int j = 0; j < WIDTH; j++) {
                output[fromTheLeft ? j : i] += input[fromTheLeft ? i : j] * matrix[i * WIDTH + j];
            }
        }
        return output;
    }

    private static double[] normalized(float[] rows, int row) {
        double[] values = new double[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            values[i] = rows[row * WIDTH + i];
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        double variance = Arrays.stream(values)
                .map(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow();
        return Arrays.stream(values)
                .map(v -> (v - mean) / Math.sqrt(variance + 1e-5))
                .toArray();
    }

    private static float[] random(String name, double deviation, int count) {
        try (Tensor values = Formula.input(name, deviation, Shape.of(count))) {
            return values.toArray();
        }
    }

    private static float[] ones() {
        float[] values = new float[WIDTH];
        Arrays.fill(values, 1);
        return values;
    }

    /** The tensors of the model that the pictures are drawn with, in f16, zeros but for these. */
    private static List<Entry> entries(Map<String, float[]> contents) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(FamilyGoldens.open("sdxl.tsv"), StandardCharsets.UTF_8))) {
            reader.lines().map(line -> line.split("\t")).forEach(fields -> {
                long[] shape = Arrays.stream(fields[1].split("x"))
                        .mapToLong(Long::parseLong)
                        .toArray();
                entries.add(new Entry(fields[0], shape, Type.F16, contents.getOrDefault(fields[0], new float[0])));
            });
        }
        return entries;
    }

    private static void writeSafetensors(List<Entry> entries, Path path) throws IOException {
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (Entry entry : entries) {
            header.append(offset == 0 ? "" : ",")
                    .append('"' + entry.name() + "\":{\"dtype\":\"" + entry.type().safetensors + "\",\"shape\":"
                            + Arrays.toString(entry.shape()) + ",\"data_offsets\":[" + offset + ","
                            + (offset + entry.bytes()) + "]}");
            offset += entry.bytes();
        }
        // Padded, so that the data is aligned and can be mapped into memory.
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int length = Math.ceilDiv(json.length, 64) * 64 + 56;
        ByteBuffer head = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(length).put(json);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        write(path, head.array(), entries, 1);
    }

    private static void writeGguf(List<Entry> entries, Path path) throws IOException {
        int alignment = 32;
        ByteBuffer head = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        head.putInt(0x46554747).putInt(3).putLong(entries.size()).putLong(0);
        long offset = 0;
        for (Entry entry : entries) {
            byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
            head.putLong(name.length).put(name).putInt(entry.shape().length);
            for (int i = entry.shape().length - 1; i >= 0; i--) {
                head.putLong(entry.shape()[i]);
            }
            head.putInt(entry.type().gguf).putLong(offset);
            offset += Math.ceilDiv(entry.bytes(), alignment) * alignment;
        }
        int length = Math.ceilDiv(head.position(), alignment) * alignment;
        write(path, Arrays.copyOf(head.array(), length), entries, alignment);
    }

    private static void write(Path path, byte[] head, List<Entry> entries, int alignment) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(head);
            long offset = head.length;
            for (Entry entry : entries) {
                if (entry.values().length > 0) {
                    ByteBuffer data =
                            ByteBuffer.allocate(Math.toIntExact(entry.bytes())).order(ByteOrder.LITTLE_ENDIAN);
                    entry.type().put(entry.values(), data);
                    file.seek(offset);
                    file.write(data.array());
                }
                offset += Math.ceilDiv(entry.bytes(), alignment) * alignment;
            }
            file.setLength(offset);
        }
    }
}
