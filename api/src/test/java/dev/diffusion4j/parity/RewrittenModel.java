package dev.diffusion4j.parity;

import static java.util.stream.Collectors.joining;

import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;

/** A single file's weights under other names, in other pieces or of another type, written to one file or to several. */
final class RewrittenModel {

    private static final int HALF = 2;

    /** A tensor of some type, whose bytes are read when they are written. */
    record Weight(String name, String dtype, List<Long> shape, long size, Supplier<byte[]> bytes) {

        Weight named(String other) {
            return new Weight(other, dtype, shape, size, bytes);
        }
    }

    private final List<Weight> weights;

    private RewrittenModel(List<Weight> weights) {
        this.weights = weights;
    }

    static RewrittenModel of(List<Weight> weights) {
        return new RewrittenModel(weights);
    }

    /** All weights of a safetensors file, as they are. */
    static RewrittenModel of(Path single) {
        return new RewrittenModel(ModelFile.read(single).tensors().stream()
                .map(tensor -> new Weight(
                        tensor.name(),
                        tensor.type().name(),
                        tensor.shape(),
                        tensor.byteLength(),
                        () -> read(single, tensor.offset(), tensor.byteLength())))
                .toList());
    }

    /**
     * The weights of a file in f16 as diffusers names and cuts them.
     *
     * @param part of the lists that {@code tools/parity/diffusers_layouts.py} has made
     */
    static RewrittenModel asDiffusers(String part, Path single) {
        ModelFile file = ModelFile.read(single);
        try (InputStream list = new GZIPInputStream(FamilyGoldens.open("diffusers." + part + ".tsv.gz"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))) {
            return new RewrittenModel(
                    lines.lines().map(line -> rewritten(line.split("\t"), file)).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of name, shape, the name in the file, and where there its values begin, in runs of one length, or that it is transposed. */
    private static Weight rewritten(String[] fields, ModelFile file) {
        List<Long> shape =
                Arrays.stream(fields[1].split("x")).map(Long::valueOf).toList();
        long size = HALF * shape.stream().reduce(1L, Math::multiplyExact);
        TensorInfo source = file.tensor(fields[2]).orElseThrow();
        if (fields[3].equals("t")) {
            return new Weight(fields[0], "F16", shape, size, () -> transposed(file.path(), source));
        }
        String[] starts = fields[3].split(",");
        return new Weight(fields[0], "F16", shape, size, () -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String start : starts) {
                bytes.writeBytes(
                        read(file.path(), source.offset() + HALF * Long.parseLong(start), size / starts.length));
            }
            return bytes.toByteArray();
        });
    }

    private static byte[] transposed(Path path, TensorInfo square) {
        byte[] from = read(path, square.offset(), square.byteLength());
        byte[] to = new byte[from.length];
        int side = Math.toIntExact(square.shape().getFirst());
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                System.arraycopy(from, HALF * (row * side + column), to, HALF * (column * side + row), HALF);
            }
        }
        return to;
    }

    private static byte[] read(Path path, long offset, long size) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            byte[] bytes = new byte[Math.toIntExact(size)];
            file.seek(offset);
            file.readFully(bytes);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Weight> weights() {
        return weights;
    }

    /** With others in the place of each weight. */
    RewrittenModel with(Function<Weight, List<Weight>> others) {
        return new RewrittenModel(weights.stream()
                .flatMap(weight -> others.apply(weight).stream())
                .toList());
    }

    Path write(Path file) {
        write(file, weights);
        return file;
    }

    /**
     * Writes files of about one size, as Hugging Face's libraries do it.
     *
     * @param name such as {@code model}
     * @return their index
     */
    Path writeShards(Path folder, String name, int count) {
        StringBuilder places = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String shard = String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", name, i + 1, count);
            List<Weight> some = weights.subList(weights.size() * i / count, weights.size() * (i + 1) / count);
            write(folder.resolve(shard), some);
            for (Weight weight : some) {
                places.append(places.isEmpty() ? "" : ",\n").append("\"" + weight.name() + "\": \"" + shard + "\"");
            }
        }
        try {
            return Files.writeString(
                    folder.resolve(name + ".safetensors.index.json"), "{\"weight_map\": {" + places + "}}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes GGUF files, as gguf-split of llama.cpp does it, or one whole file. */
    Path writeGguf(Path folder, String name, int version, int count) {
        for (int i = 0; i < count; i++) {
            String file = count == 1 ? name : String.format(Locale.ROOT, "%s-%05d-of-%05d", name, i + 1, count);
            List<Weight> some = weights.subList(weights.size() * i / count, weights.size() * (i + 1) / count);
            GgufFile.write(folder.resolve(file + ".gguf"), version, some, new GgufFile.Split(i, count, weights.size()));
        }
        return folder.resolve(name + (count == 1 ? "" : String.format(Locale.ROOT, "-00001-of-%05d", count)) + ".gguf");
    }

    private static void write(Path file, List<Weight> weights) {
        StringBuilder header = new StringBuilder();
        long end = 0;
        for (Weight weight : weights) {
            long begin = end;
            end += weight.size();
            String shape = weight.shape().stream().map(String::valueOf).collect(joining(","));
            header.append(header.isEmpty() ? "{" : ",")
                    .append("\"" + weight.name() + "\":{\"dtype\":\"" + weight.dtype() + "\",\"shape\":[" + shape
                            + "],\"data_offsets\":[" + begin + "," + end + "]}");
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream raw = Files.newOutputStream(file);
                DataOutputStream out = new DataOutputStream(raw)) {
            out.writeLong(Long.reverseBytes(json.length));
            out.write(json);
            for (Weight weight : weights) {
                out.write(weight.bytes().get());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
