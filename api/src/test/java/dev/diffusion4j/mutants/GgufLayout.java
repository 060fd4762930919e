package dev.diffusion4j.mutants;

import java.nio.charset.StandardCharsets;

/** Counts, pairs, a table of the tensors, then the weights. */
final class GgufLayout {

    /** A text among the pairs fills the header up to here, so that the weights stay where they are when it changes. */
    private static final int ROOM = 1 << 18;

    private static final int ALIGNMENT = Format.GGUF.alignment();
    private static final int TYPE_U32 = 4;
    private static final int TYPE_F32 = 6;
    private static final int TYPE_TEXT = 8;
    private static final int TYPE_ARRAY = 9;
    private static final int TYPE_I64 = 11;

    private GgufLayout() {}

    static Structure describe(Draft draft) {
        Structure table = new Structure();
        for (Weight weight : draft.weights) {
            addTensor(table, weight);
        }
        Structure header = new Structure()
                .text("magic", "GGUF")
                .u32("version", 3)
                .i64("tensor count", draft.weights.size())
                .i64("pair count", 6);
        text(text(header, "key", "general.architecture").u32("value type", TYPE_TEXT), "value", "sd1");
        text(header, "alignment key", "general.alignment")
                .u32("alignment type", TYPE_U32)
                .u32("alignment", ALIGNMENT);
        text(header, "key", "a number").u32("value type", TYPE_F32).u32("value", 0x3f80_0000);
        text(header, "key", "a count").u32("value type", TYPE_I64).i64("value", 7);
        text(header, "key", "a list").u32("value type", TYPE_ARRAY);
        text(text(header.u32("element type", TYPE_TEXT).i64("list length", 2), "element", "a"), "element", "b");
        text(header, "key", "room").u32("value type", TYPE_TEXT);
        int fill = Math.max(0, ROOM - header.size() - Long.BYTES - table.size());
        return text(header, "value", " ".repeat(fill)).append(table);
    }

    private static void addTensor(Structure table, Weight weight) {
        table.i64("name length", weight.name.length).raw("name", weight.name).u32("rank", weight.shape.length);
        for (int i = weight.shape.length - 1; i >= 0; i--) {
            table.i64("dimension", weight.shape[i]);
        }
        int type = weight.strangeType == null
                ? weight.type.ggmlId().orElse(-1)
                : Math.floorMod(weight.strangeType.hashCode(), 99);
        table.u32("type", type).i64("offset", weight.offset);
    }

    private static Structure text(Structure structure, String label, String text) {
        return structure
                .i64(label + " length", text.getBytes(StandardCharsets.UTF_8).length)
                .text(label, text);
    }

    static FileImage assemble(Structure header, Draft draft) {
        FileImage image = new FileImage();
        image.structure(0, header);
        long data = Math.ceilDiv(header.size(), ALIGNMENT) * (long) ALIGNMENT;
        for (Weight weight : draft.weights) {
            image.weights(data + weight.place, weight.content, weight.room);
        }
        image.length = data + draft.dataBytes;
        return image;
    }
}
