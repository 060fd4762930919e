package dev.diffusion4j.hub;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Reads a page of a repository's listing: an array of objects with a type and a path. */
final class TreeListing {

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private TreeListing() {}

    /**
     * The paths of its files. Those that could leave a folder are left out: they cannot be asked for anyway.
     *
     * @throws HubProtocolException if it is something else
     */
    static List<String> paths(byte[] page) {
        List<String> paths = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(page)) {
            require(parser.nextToken() == JsonToken.START_ARRAY);
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                readEntry(parser, paths);
            }
            require(parser.currentToken() == JsonToken.END_ARRAY);
        } catch (JacksonException e) {
            throw new HubProtocolException("the hub's listing is not valid JSON", e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
        return paths;
    }

    private static void readEntry(JsonParser parser, List<String> paths) throws IOException {
        String type = "";
        String path = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (value == JsonToken.VALUE_STRING && field.equals("type")) {
                type = parser.getText();
            } else if (value == JsonToken.VALUE_STRING && field.equals("path")) {
                path = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        if (type.equals("file") && RepositoryNames.isRelativePath(path)) {
            paths.add(path);
        }
    }

    private static void require(boolean expected) {
        if (!expected) {
            throw new HubProtocolException("the hub's listing is no array of objects");
        }
    }
}
