package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * An array that was written.
 *
 * @param seed what its noise was drawn with, if it has any
 */
record WrittenArray(Path file, Shape shape, double mean, double standardDeviation, OptionalLong seed)
        implements PartResult {

    /** Writes the array. */
    static WrittenArray write(Tensor tensor, Path file) {
        return write(tensor, file, OptionalLong.empty());
    }

    /** Writes an array that has noise in it. */
    static WrittenArray write(Tensor tensor, Path file, OptionalLong seed) {
        ArrayFile.write(tensor, file);
        return new WrittenArray(file, tensor.shape(), tensor.mean(), tensor.standardDeviation(), seed);
    }

    @Override
    public void print(PrintStream out) {
        out.println(file);
        line(out, "shape", shape.toString());
        line(out, "mean", number(mean));
        line(out, "standard deviation", number(standardDeviation));
        seed.ifPresent(value -> line(out, "seed", Long.toString(value)));
    }

    private static void line(PrintStream out, String name, String value) {
        out.printf("  %-18s  %s%n", name, value);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("file", file.toString());
        ArrayNode dimensions = node.putArray("shape");
        Arrays.stream(shape.toArray()).forEach(dimensions::add);
        node.put("mean", mean).put("standardDeviation", standardDeviation);
        seed.ifPresent(value -> node.put("seed", value));
        return node;
    }
}
