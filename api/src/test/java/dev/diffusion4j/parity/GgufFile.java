package dev.diffusion4j.parity;

import dev.diffusion4j.modelfile.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes GGUF files of weights in f32 or f16, with the metadata of a model that was split over files. */
final class GgufFile {

    private static final int MAGIC = 0x4655_4747;
    private static final int ALIGNMENT = 32;
    private static final int UINT16 = 2;
    private static final int INT32 = 5;

    /** Which of how many files it is, and how many tensors all have. */
    record Split(int number, int count, int tensors) {}

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();

    private GgufFile() {}

    static void write(Path file, int version, List<RewrittenModel.Weight> weights, Split split) {
        GgufFile gguf = new GgufFile();
        boolean isSplit = split.count() > 1;
        gguf.number(4, MAGIC).number(4, version).number(8, weights.size()).number(8, isSplit ? 3 : 0);
        if (isSplit) {
            gguf.text("split.no").number(4, UINT16).number(2, split.number());
            gguf.text("split.count").number(4, UINT16).number(2, split.count());
            gguf.text("split.tensors.count").number(4, INT32).number(4, split.tensors());
        }
        long offset = 0;
        for (RewrittenModel.Weight weight : weights) {
            gguf.text(weight.name()).number(4, weight.shape().size());
            weight.shape().reversed().forEach(dimension -> gguf.number(8, dimension));
            gguf.number(4, TensorType.valueOf(weight.dtype()) == TensorType.F16 ? 1 : 0)
                    .number(8, offset);
            offset += padded(weight.size());
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(gguf.header.toByteArray());
            out.write(new byte[(int) (padded(gguf.header.size()) - gguf.header.size())]);
            for (RewrittenModel.Weight weight : weights) {
                out.write(weight.bytes().get());
                out.write(new byte[(int) (padded(weight.size()) - weight.size())]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long padded(long size) {
        return Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT;
    }

    private GgufFile text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(8, bytes.length);
        header.writeBytes(bytes);
        return this;
    }

    private GgufFile number(int bytes, long value) {
        ByteBuffer little =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        header.write(little.array(), 0, bytes);
        return this;
    }
}
