package dev.diffusion4j.server.internal.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Blocker;

/**
 * A body of type {@code multipart/form-data}: the bytes of its parts by their names, several of one name in their order. Which of
 * them are files is for the names to say: clients send files without a file name, too.
 */
public final class Form {

    private static final int MAX_PARTS = 256;

    private static final int MAX_PART_HEADERS = 8192;

    private final Map<String, List<byte[]>> parts = new LinkedHashMap<>();

    private Form() {}

    /**
     * Takes a body apart.
     *
     * @param contentType of the request, which says what separates the parts
     * @throws HttpException if the body is none of a form
     */
    static Form read(byte[] body, String contentType) {
        String boundary = MultiPart.extractBoundary(contentType);
        if (boundary == null || boundary.isBlank()) {
            throw HttpException.of(400, "invalid_form", "the body must be multipart/form-data with a boundary");
        }
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        // All in memory, where the body is already: nothing is written to disk.
        parser.setUseFilesForPartsWithoutFileName(false);
        parser.setMaxMemoryFileSize(body.length);
        parser.setMaxFileSize(body.length);
        parser.setMaxLength(body.length);
        parser.setMaxParts(MAX_PARTS);
        parser.setPartHeadersMaxLength(MAX_PART_HEADERS);
        Form form = new Form();
        Content.Source source = Content.Source.from(ByteBuffer.wrap(body));
        try (MultiPartFormData.Parts parts = Blocker.blockWithPromise(
                (Blocker.Promise<MultiPartFormData.Parts> done) -> parser.parse(source, done))) {
            for (MultiPart.Part part : parts) {
                ByteBuffer bytes = Content.Source.asByteBuffer(part.createContentSource());
                byte[] copy = new byte[bytes.remaining()];
                bytes.get(copy);
                form.parts
                        .computeIfAbsent(String.valueOf(part.getName()), _ -> new ArrayList<>())
                        .add(copy);
            }
            return form;
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            throw HttpException.of(400, "invalid_form", "the form cannot be read: " + e.getMessage());
        }
    }

    /** The parts of a name, in their order. */
    public List<byte[]> all(String name) {
        return parts.getOrDefault(name, List.of());
    }

    /** The first part of a name as text. */
    public Optional<String> text(String name) {
        return all(name).stream().findFirst().map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    /** The names of all parts. */
    public Iterable<String> names() {
        return parts.keySet();
    }
}
