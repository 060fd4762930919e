package dev.diffusion4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;

/** Reads the files that tools/parity/tokenizer.py wrote; README.md beside them says what they hold. */
final class Goldens {

    /** One for all tests, which also shows that it may be shared. */
    static final ClipTokenizer TOKENIZER = ClipTokenizer.fromMerges(text("clip-merges.txt.gz"));

    private Goldens() {}

    static String text(String file) {
        try (InputStream resource = Goldens.class.getResourceAsStream(file);
                InputStream in = new GZIPInputStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    static List<JsonNode> entries(String file) {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> entries = new ArrayList<>();
        for (String line : text(file).lines().toList()) {
            try {
                entries.add(mapper.readTree(line));
            } catch (IOException e) {
                throw new UncheckedIOException(file, e);
            }
        }
        return entries;
    }

    static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    static float[] floats(JsonNode bits) {
        float[] values = new float[bits.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat((int) bits.get(i).longValue());
        }
        return values;
    }

    static String checksum(List<String> lines) {
        CRC32 crc = new CRC32();
        crc.update(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
