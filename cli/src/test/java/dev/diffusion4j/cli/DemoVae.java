package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.demo.DemoModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The demo model's VAE in a file of its own. */
final class DemoVae {

    private static final String PREFIX = "first_stage_model.";

    private DemoVae() {}

    /** Writes it, as safetensors. */
    static Path write(Path file) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        try (FileChannel model = FileChannel.open(DemoModel.path());
                FileChannel vae = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] header = new byte[(int) number(model)];
            model.read(ByteBuffer.wrap(header));
            long data = model.position();
            ObjectNode kept = mapper.createObjectNode();
            List<JsonNode> ranges = new ArrayList<>();
            long size = 0;
            for (Map.Entry<String, JsonNode> tensor : mapper.readTree(header).properties()) {
                if (tensor.getKey().startsWith(PREFIX)) {
                    JsonNode range = tensor.getValue().path("data_offsets");
                    long length = range.get(1).asLong() - range.get(0).asLong();
                    ObjectNode moved = tensor.getValue().deepCopy();
                    moved.putArray("data_offsets").add(size).add(size + length);
                    kept.set(tensor.getKey().substring(PREFIX.length()), moved);
                    ranges.add(range);
                    size += length;
                }
            }
            byte[] json = mapper.writeValueAsBytes(kept);
            vae.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(json.length)
                    .flip());
            vae.write(ByteBuffer.wrap(json));
            for (JsonNode range : ranges) {
                long start = range.get(0).asLong();
                model.transferTo(data + start, range.get(1).asLong() - start, vae);
            }
        }
        return file;
    }

    private static long number(FileChannel model) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        model.read(bytes);
        return bytes.flip().getLong();
    }
}
