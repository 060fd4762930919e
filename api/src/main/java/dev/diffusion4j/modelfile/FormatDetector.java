package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** Tells the container format from the content, in the runtime's order, and hands the file to its reader. */
final class FormatDetector {

    private static final int PEEK = 512;

    private FormatDetector() {}

    static Header read(ByteSource source) {
        if (source.size() == 0) {
            throw source.notAModel("it is empty");
        }
        if (GgufReader.recognises(source)) {
            return GgufReader.read(source);
        }
        if (SafetensorsReader.recognises(source)) {
            return SafetensorsReader.read(source);
        }
        if (ZipDirectory.recognises(source)) {
            return TorchZipReader.read(source);
        }
        if (TorchLegacyReader.recognises(source)) {
            return TorchLegacyReader.read(source);
        }
        throw refusal(source);
    }

    private static ModelFileException refusal(ByteSource source) {
        byte[] head = source.bytes(0, (int) Math.min(PEEK, source.size()));
        String start = new String(head, StandardCharsets.ISO_8859_1);
        if (start.startsWith("version https://git-lfs.github.com/spec/")) {
            return source.notAModel("it is a Git LFS pointer; 'git lfs pull' fetches the file it stands for");
        }
        String stripped = start.stripLeading().toLowerCase(Locale.ROOT);
        if (stripped.startsWith("<!doctype html") || stripped.startsWith("<html")) {
            return source.notAModel("it is a web page; the download gave a page instead of the file");
        }
        if (SafetensorsReader.isCutShort(source)) {
            return source.damaged("it is cut short inside its safetensors header");
        }
        if (start.startsWith("PK\3\4")) {
            return source.damaged("it is a zip archive that is cut short or has no directory");
        }
        if (start.startsWith("lmgg") || start.startsWith("tjgg") || start.startsWith("fmgg")) {
            return source.unsupported("it is a ggml file from before GGUF");
        }
        if (start.startsWith("\u001f\u008b")
                || start.startsWith("BZh")
                || start.startsWith("7z\u00bc\u00af")
                || start.startsWith("Rar!")
                || start.startsWith("(\u00b5/\u00fd")
                || start.startsWith("\u00fd7zXZ")) {
            return source.notAModel("it is a compressed archive; unpack it first");
        }
        if (start.startsWith("\u0089PNG") || start.startsWith("\u00ff\u00d8\u00ff") || start.startsWith("RIFF")) {
            return source.notAModel("it is a picture or a recording");
        }
        if (start.startsWith("ustar", 257)) {
            return source.unsupported(
                    "it is a tar archive; checkpoints this old can be saved again with a newer PyTorch");
        }
        if (isText(head, source.size() > head.length)) {
            return source.notAModel("it is text");
        }
        if (start.chars().allMatch(c -> c == 0)) {
            return source.notAModel("it begins with " + head.length + " zero bytes; the download may be incomplete");
        }
        return source.notAModel("it is in no known format, its first bytes are "
                + HexFormat.ofDelimiter(" ").formatHex(head, 0, Math.min(8, head.length)));
    }

    private static boolean isText(byte[] head, boolean cut) {
        // The last character may have been cut in two.
        for (int drop = 0; drop <= (cut ? 3 : 0) && drop < head.length; drop++) {
            var text = Text.utf8(Arrays.copyOf(head, head.length - drop));
            if (text.isPresent()) {
                return text.get().codePoints().allMatch(c -> !Character.isISOControl(c) || Character.isWhitespace(c));
            }
        }
        return false;
    }
}
