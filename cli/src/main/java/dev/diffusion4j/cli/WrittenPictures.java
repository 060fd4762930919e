package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** Pictures that were written, all of one size. */
record WrittenPictures(List<Path> files, int width, int height) implements PartResult {

    @Override
    public void print(PrintStream out) {
        files.forEach(out::println);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        ArrayNode fileNodes = node.putArray("files");
        files.forEach(file -> fileNodes.add(file.toString()));
        return node.put("width", width).put("height", height);
    }
}
