package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads a checkpoint as {@code torch.save} wrote it before PyTorch 1.6: pickles of a magic number, a version, facts about
 * the machine, the table of tensors and the keys of the storages, then each storage after its length.
 */
final class TorchLegacyReader {

    private static final int PROTO = 0x80;
    private static final int LENGTH_BYTES = 8;
    private static final long VERSION = 1_001;

    /** From protocol 4 on, a pickle's opcodes come in frames: an opcode and a length before them. */
    private static final int FRAME_BYTES = 1 + Long.BYTES;

    /** The magic number's pickle, without its protocol: a ten-byte integer, then the end. */
    private static final byte[] MAGIC = HexFormat.of().parseHex("8a0a6cfc9c46f9206aa850192e");

    private final ByteSource source;
    private final TensorTable table;

    private TorchLegacyReader(ByteSource source) {
        this.source = source;
        this.table = new TensorTable(source);
    }

    static boolean recognises(ByteSource source) {
        return source.size() >= 2 && new Cursor(source, 0, 2, "the file").u8() == PROTO;
    }

    static Header read(ByteSource source) {
        return new TorchLegacyReader(source).read();
    }

    private Header read() {
        Cursor cursor =
                new Cursor(source, 0, Math.min(source.size(), Limits.MAX_PICKLE), "the pickles at its beginning");
        if (hasMagicAt(2)) {
            cursor.skip(2 + MAGIC.length);
            if (!readsVersion(cursor)) {
                throw source.unsupported("it is a checkpoint of another version than " + VERSION);
            }
            PickleReader.read(source, cursor);
        } else if (hasMagicAt(2 + FRAME_BYTES)) {
            throw source.unsupported("it is in PyTorch's format from before 1.6, pickled with protocol "
                    + source.bytes(1, 1)[0]
                    + ", of which the runtime reads protocols 2 and 3; saved again as torch.save"
                    + " does it now, or as safetensors, it can be used");
        }
        PickleReader.Result pickle = PickleReader.read(source, cursor);
        StateDictionary dictionary = StateDictionary.of(source, pickle);
        PickleReader.read(source, cursor);
        Map<String, Long> offsets = storageOffsets(new TreeMap<>(pickle.storages()), cursor.position());
        dictionary
                .tensors()
                .forEach((name, tensor) -> table.addOrReplace(table.view(
                        name,
                        tensor,
                        Objects.requireNonNull(offsets.get(tensor.storage().key())))));
        return new Header(ModelFormat.LEGACY_CHECKPOINT, Map.of(), table.tensors(), dictionary.isReadByRuntime());
    }

    /** Whether the version's pickle is there, in one of the two ways in which the runtime knows so large a number. */
    private static boolean readsVersion(Cursor cursor) {
        if (cursor.u8() != PROTO) {
            return false;
        }
        cursor.skip(1);
        long version = switch (cursor.u8()) {
            case 'M' -> cursor.u16();
            case 'J' -> cursor.i32();
            default -> -1;
        };
        return version == VERSION && cursor.u8() == '.';
    }

    private boolean hasMagicAt(int position) {
        return source.size() >= position + MAGIC.length && Arrays.equals(source.bytes(position, MAGIC.length), MAGIC);
    }

    /** Storages follow one another in the order of their keys. */
    private Map<String, Long> storageOffsets(SortedMap<String, PickleValue.Storage> storages, long start) {
        Map<String, Long> offsets = new HashMap<>();
        long position = start;
        for (PickleValue.Storage storage : storages.values()) {
            long length = storage.type().byteSize(storage.elements());
            if (length > source.size() - position - LENGTH_BYTES) {
                throw source.damaged("it is cut short: storage " + Text.quoted(storage.key()) + " of " + length
                        + " bytes begins at byte " + position + ", the file has " + source.size());
            }
            long elements = new Cursor(source, position, position + LENGTH_BYTES, "a storage's length").i64();
            if (elements != storage.elements()) {
                throw source.damaged("storage " + Text.quoted(storage.key()) + " has " + elements
                        + " elements, the pickle says " + storage.elements());
            }
            offsets.put(storage.key(), position + LENGTH_BYTES);
            position += LENGTH_BYTES + length;
        }
        return offsets;
    }
}
