package dev.diffusion4j.modelfile;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Quantizations;
import dev.diffusion4j.internal.format.Text;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads safetensors: eight bytes of header length, the header as JSON, then the data. */
final class SafetensorsReader {

    private static final int LENGTH_BYTES = 8;

    private static final String METADATA = "__metadata__";

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxNumberLength(20)
                    .maxNameLength(4 * Limits.MAX_NAME_LENGTH)
                    .maxStringLength(Limits.MAX_JSON_HEADER)
                    .build())
            .build();

    private final ByteSource source;
    private final TensorTable table;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private long dataStart;

    private SafetensorsReader(ByteSource source) {
        this.source = source;
        this.table = new TensorTable(source);
    }

    /**
     * Whether the runtime would take the file for safetensors: the length fits the file and JSON of any kind begins.
     * What the two disagreed on would be read unchecked by the one and never checked by the other.
     */
    static boolean recognises(ByteSource source) {
        if (source.size() <= LENGTH_BYTES) {
            return false;
        }
        Cursor cursor = new Cursor(source, 0, source.size(), "the header's length");
        long length = cursor.i64();
        return length > 2 && length < source.size() && beginsJson(cursor);
    }

    /** Whether the file begins like safetensors of which the end of the header is missing. */
    static boolean isCutShort(ByteSource source) {
        if (source.size() <= LENGTH_BYTES) {
            return false;
        }
        Cursor cursor = new Cursor(source, 0, source.size(), "the header's length");
        long length = cursor.i64();
        return length >= source.size() && length <= Limits.MAX_JSON_HEADER && cursor.u8() == '{';
    }

    private static boolean beginsJson(Cursor cursor) {
        while (cursor.remaining() > 0) {
            int character = cursor.u8();
            if (" \t\r\n".indexOf(character) < 0) {
                // A byte order mark is skipped by the runtime's parser.
                return character == 0xef || "{[\"-0123456789tfn".indexOf(character) >= 0;
            }
        }
        return false;
    }

    static Header read(ByteSource source) {
        return new SafetensorsReader(source).read();
    }

    private Header read() {
        long length = new Cursor(source, 0, LENGTH_BYTES, "the header's length").i64();
        if (length > Limits.MAX_JSON_HEADER) {
            throw source.damaged("it claims a header of " + length + " bytes, more than " + Limits.MAX_JSON_HEADER);
        }
        dataStart = LENGTH_BYTES + length;
        String json = Text.utf8(source.bytes(LENGTH_BYTES, (int) length))
                .orElseThrow(() -> source.damaged("its header is not valid UTF-8"));
        try (JsonParser parser = JSON.createParser(json)) {
            requireWholeSurrogates(json);
            readHeader(parser);
        } catch (StreamConstraintsException e) {
            throw refusal("its header exceeds a limit: " + Text.printable(e.getOriginalMessage()), e);
        } catch (JacksonException e) {
            throw refusal("its header is not valid JSON: " + Text.printable(e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from a string", e);
        }
        table.refuseOverlaps();
        return new Header(ModelFormat.SAFETENSORS, metadata, table.tensors());
    }

    /** The runtime's parser, other than this one, takes no escape for half a character, wherever it stands. */
    private void requireWholeSurrogates(String json) throws IOException {
        if (!json.contains("\\u")) {
            return;
        }
        try (JsonParser parser = JSON.createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                boolean isText = token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING;
                if (isText && parser.getText().codePoints().anyMatch(SafetensorsReader::isSurrogate)) {
                    throw source.damaged("its header has half a surrogate pair in " + Text.quoted(parser.getText())
                            + ", which is no text");
                }
            }
        }
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private ModelFileException refusal(String reason, IOException cause) {
        ModelFileException refusal = source.damaged(reason);
        refusal.initCause(cause);
        return refusal;
    }

    private void readHeader(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw source.damaged("its header is not a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            boolean isObject = parser.nextToken() == JsonToken.START_OBJECT;
            if (name.equals(METADATA)) {
                // The runtime passes over it, whatever it is.
                if (isObject) {
                    readMetadata(parser);
                } else {
                    parser.skipChildren();
                }
            } else if (isObject) {
                readTensor(parser, name);
            } else {
                throw source.damaged("its header says nothing usable about " + Text.quoted(name));
            }
        }
        if (parser.nextToken() != null) {
            throw source.damaged("its header goes on after the JSON object");
        }
    }

    private void readMetadata(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (metadata.size() >= Limits.MAX_METADATA_ENTRIES) {
                throw source.damaged("it has more than " + Limits.MAX_METADATA_ENTRIES + " metadata entries");
            }
            if (value.isScalarValue()) {
                metadata.put(key, parser.getText());
            } else {
                // The format allows text only; the runtime ignores metadata, so this is no reason to refuse the file.
                parser.skipChildren();
            }
        }
    }

    private void readTensor(JsonParser parser, String name) throws IOException {
        String dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    if (value != JsonToken.VALUE_STRING) {
                        throw source.damaged("the dtype of tensor " + Text.quoted(name) + " is not text");
                    }
                    dtype = parser.getText();
                }
                case "shape" -> shape = integers(parser, name, field, Limits.MAX_DIMENSIONS);
                case "data_offsets" -> offsets = integers(parser, name, field, 2);
                default -> parser.skipChildren();
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
            throw source.damaged("its header lacks dtype, shape or data_offsets of tensor " + Text.quoted(name));
        }
        add(name, type(name, dtype), shape, offsets.get(0), offsets.get(1));
    }

    private void add(String name, TensorType type, List<Long> shape, long begin, long end) {
        table.checkName(name);
        long length = table.byteLength(name, type, shape);
        if (begin < 0 || end < begin) {
            throw source.damaged("tensor " + Text.quoted(name) + " lies at impossible offsets " + begin + " to " + end);
        }
        if (end - begin != length) {
            throw source.damaged("tensor " + Text.quoted(name) + " has " + (end - begin) + " bytes, its shape " + shape
                    + " of " + type.displayName() + " needs " + length);
        }
        long available = source.size() - dataStart;
        if (end > available) {
            throw source.damaged("it is cut short: tensor " + Text.quoted(name) + " ends at byte " + end
                    + " of the data, the file has " + available);
        }
        table.add(new TensorInfo(name, type, shape, dataStart + begin, length), dataStart, source.size());
    }

    private List<Long> integers(JsonParser parser, String name, String field, int most) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw source.damaged("the " + field + " of tensor " + Text.quoted(name) + " is not a list");
        }
        List<Long> values = new ArrayList<>(most);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                throw source.damaged(
                        "the " + field + " of tensor " + Text.quoted(name) + " is not made of whole numbers");
            }
            if (values.size() >= most) {
                throw source.damaged(
                        "the " + field + " of tensor " + Text.quoted(name) + " has more than " + most + " numbers");
            }
            values.add(parser.getLongValue());
        }
        return values;
    }

    private TensorType type(String name, String dtype) {
        return switch (dtype) {
            case "F64" -> TensorType.F64;
            case "F32" -> TensorType.F32;
            case "F16" -> TensorType.F16;
            case "BF16" -> TensorType.BF16;
            case "F8_E4M3" -> TensorType.F8_E4M3;
            case "F8_E5M2" -> TensorType.F8_E5M2;
            case "I64" -> TensorType.I64;
            case "I32" -> TensorType.I32;
            case "U8" -> TensorType.U8;
            default ->
                throw source.unsupported("tensor " + Text.quoted(name) + " has the dtype " + Text.quoted(dtype)
                        + ", which the runtime cannot read" + (dtype.equals("I8") ? Quantizations.WAY_OUT : ""));
        };
    }
}
