package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a checkpoint as {@code torch.save} writes it since PyTorch 1.6: a zip archive with the pickle and the storages. */
final class TorchZipReader {

    private static final String PICKLE = "data.pkl";

    private final ByteSource source;
    private final TensorTable table;

    private TorchZipReader(ByteSource source) {
        this.source = source;
        this.table = new TensorTable(source);
    }

    static Header read(ByteSource source) {
        return new TorchZipReader(source).read(ZipDirectory.read(source));
    }

    private Header read(ZipDirectory archive) {
        ZipDirectory.Entry pickle = pickle(archive);
        String folder = pickle.name().substring(0, pickle.name().indexOf(PICKLE));
        requireLittleEndian(archive, folder);
        byte[] content = archive.content(pickle, Limits.MAX_PICKLE);
        StateDictionary dictionary =
                StateDictionary.of(source, PickleReader.read(source, new Cursor(source, content, "the pickle")));
        dictionary.tensors().forEach((name, tensor) -> add(archive, folder, name, tensor));
        return new Header(ModelFormat.ZIP_CHECKPOINT, Map.of(), table.tensors(), dictionary.isReadByRuntime());
    }

    private ZipDirectory.Entry pickle(ZipDirectory archive) {
        // The runtime takes every entry with these letters anywhere in its name for a pickle.
        List<ZipDirectory.Entry> pickles = archive.entries().stream()
                .filter(entry -> entry.name().contains(PICKLE))
                .toList();
        if (pickles.isEmpty()) {
            throw source.notAModel("it is a zip archive without " + PICKLE);
        }
        if (pickles.size() > 1) {
            throw source.unsupported("it is a zip archive with " + pickles.size() + " pickles");
        }
        if (archive.entries().stream().anyMatch(entry -> entry.name().endsWith("constants.pkl"))) {
            throw source.unsupported("it is a TorchScript program, not a checkpoint");
        }
        return pickles.getFirst();
    }

    private void requireLittleEndian(ZipDirectory archive, String folder) {
        Optional<ZipDirectory.Entry> order = archive.entry(folder + "byteorder");
        if (order.isEmpty()) {
            return;
        }
        String text = new String(archive.content(order.get(), 64), StandardCharsets.US_ASCII);
        if (!text.strip().equals("little")) {
            throw source.unsupported("its numbers are in the byte order " + Text.quoted(text));
        }
    }

    private void add(ZipDirectory archive, String folder, String name, PickleValue.Tensor tensor) {
        table.checkName(name);
        PickleValue.Storage storage = tensor.storage();
        String data = folder + "data/" + storage.key();
        ZipDirectory.Entry entry = archive.entry(data)
                .orElseThrow(() -> source.damaged("the data of tensor " + Text.quoted(name)
                        + " is missing: it has no entry " + Text.quoted(data)));
        long needed = storage.type().byteSize(storage.elements());
        if (entry.size() != needed) {
            throw source.damaged("its entry " + Text.quoted(entry.name()) + " has " + entry.size()
                    + " bytes, the pickle says " + needed);
        }
        TensorInfo view = table.view(name, tensor, entry.dataOffset());
        // Within compressed data there is no place to point at but its beginning.
        table.addOrReplace(
                entry.deflated()
                        ? new TensorInfo(name, view.type(), view.shape(), entry.dataOffset(), view.byteLength())
                        : view);
    }
}
