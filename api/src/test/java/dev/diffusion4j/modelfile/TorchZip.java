package dev.diffusion4j.modelfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes zip checkpoints, right or wrong. */
public final class TorchZip {

    private final Map<String, byte[]> entries = new LinkedHashMap<>();
    private boolean deflated;

    /** An archive without entries. */
    public TorchZip() {}

    public TorchZip entry(String name, byte[] content) {
        entries.put(name, content);
        return this;
    }

    TorchZip deflated() {
        deflated = true;
        return this;
    }

    /** A checkpoint with one float tensor of eight elements. */
    static TorchZip ofOneTensor() {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a.weight")
                .tensor("0", 2, 4)
                .endDictionary()
                .end();
        return new TorchZip().entry("archive/data.pkl", pickle).entry("archive/data/0", new byte[32]);
    }

    byte[] bytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> content : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(content.getKey());
                entry.setMethod(deflated ? ZipEntry.DEFLATED : ZipEntry.STORED);
                entry.setSize(content.getValue().length);
                CRC32 crc = new CRC32();
                crc.update(content.getValue());
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(content.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public Path write(Path path) {
        try {
            return Files.write(path, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
