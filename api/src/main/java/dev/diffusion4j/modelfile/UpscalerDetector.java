package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells upscalers from other files, and whether the runtime runs one: it takes the number of blocks and the scale from tensors'
 * names without looking at more, so that what it would trip over is looked for here.
 */
final class UpscalerDetector {

    private static final int FEATURES = 64;
    private static final int GROWTH = 32;
    private static final int COLOURS = 3;
    /** As many as the runtime has names for in old files. */
    private static final int MAX_BLOCKS = 64;

    private static final Pattern OLD_BLOCK =
            Pattern.compile("model\\.1\\.sub\\.(\\d+)\\.RDB(\\d)\\.conv(\\d)\\.0\\.(.+)");
    private static final Pattern OLD_TRUNK = Pattern.compile("model\\.1\\.sub\\.(\\d+)\\.(weight|bias)");
    private static final Pattern OLD_LAYER = Pattern.compile("model\\.(\\d+)\\.(weight|bias)");
    private static final Pattern BLOCK = Pattern.compile("body\\.(\\d{1,9})\\..+");
    private static final List<String> PREFIXES = List.of("params_ema.", "params.", "module.");

    /** What the runtime calls the numbered layers of old files. */
    private static final Map<Integer, String> OLD_LAYERS = Map.of(
            0, "conv_first",
            2, "conv_hr",
            3, "conv_up1",
            4, "conv_last",
            5, "conv_hr",
            6, "conv_up2",
            7, "conv_last",
            8, "conv_hr",
            10, "conv_last");

    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private UpscalerDetector(Collection<TensorInfo> tensors) {
        for (TensorInfo tensor : tensors) {
            this.tensors.put(newName(tensor.name()), tensor);
        }
    }

    /** The network of a file; empty if it is no upscaler. */
    static Optional<UpscalerNetwork> detect(Collection<TensorInfo> tensors) {
        return new UpscalerDetector(tensors).network();
    }

    private static String newName(String name) {
        Matcher block = OLD_BLOCK.matcher(name);
        if (block.matches()) {
            return "body." + block.group(1) + ".rdb" + block.group(2) + ".conv" + block.group(3) + "." + block.group(4);
        }
        Matcher trunk = OLD_TRUNK.matcher(name);
        if (trunk.matches()) {
            return "conv_body." + trunk.group(2);
        }
        Matcher layer = OLD_LAYER.matcher(name);
        if (layer.matches() && layer.group(1).length() <= 2) {
            String known = OLD_LAYERS.get(Integer.valueOf(layer.group(1)));
            return known == null ? name : known + "." + layer.group(2);
        }
        return name;
    }

    private Optional<UpscalerNetwork> network() {
        if (has("body.0.rdb1.conv1.weight")) {
            return Optional.of(rrdbNet());
        }
        for (String prefix : PREFIXES) {
            if (has(prefix + "body.0.rdb1.conv1.weight")) {
                return Optional.of(refused(
                        "RRDBNet", "has names that begin with " + prefix + ", which the runtime does not read"));
            }
        }
        if (has("RRDB_trunk.0.RDB1.conv1.weight")) {
            return Optional.of(refused(
                    "RRDBNet",
                    "has the names of ESRGAN's training code (RRDB_trunk), which the runtime does not read; those of"
                            + " BasicSR (body.0.rdb1) it does"));
        }
        return other().map(architecture -> refused(
                architecture, "holds the network " + architecture + "; the runtime runs ESRGAN's RRDBNet alone"));
    }

    private static UpscalerNetwork refused(String architecture, String obstacle) {
        return new UpscalerNetwork(architecture, 0, 0, Optional.of(obstacle));
    }

    /** Networks for the same purpose that the runtime does not run. */
    private Optional<String> other() {
        // Convolutions and learned slopes in turns.
        if (isColourConvolution("body.0.weight") && isVector("body.1.weight")) {
            return Optional.of("SRVGG");
        }
        if (hasAny("layers.0.residual_group.overlap_attn.")) {
            return Optional.of("HAT");
        }
        if (hasAny("layers.0.residual_group.blocks.0.attn.relative_position_bias_table")) {
            return Optional.of("SwinIR");
        }
        if (hasAny("before_RG.1.") && hasAny("layers.0.blocks.0.")) {
            return Optional.of("DAT");
        }
        return Optional.empty();
    }

    private boolean isColourConvolution(String name) {
        TensorInfo tensor = tensors.get(name);
        return tensor != null && tensor.shape().size() == 4 && tensor.shape().get(1) == COLOURS;
    }

    private boolean isVector(String name) {
        TensorInfo tensor = tensors.get(name);
        return tensor != null && tensor.shape().size() == 1;
    }

    private boolean has(String name) {
        return tensors.containsKey(name);
    }

    private boolean hasAny(String beginning) {
        return tensors.keySet().stream().anyMatch(name -> name.startsWith(beginning));
    }

    private UpscalerNetwork rrdbNet() {
        int scale = has("conv_up2.weight") ? 4 : has("conv_up1.weight") ? 2 : 1;
        int blocks = (int) tensors.keySet().stream()
                .map(BLOCK::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .distinct()
                .count();
        return new UpscalerNetwork("RRDBNet", scale, blocks, obstacle(scale, blocks));
    }

    private Optional<String> obstacle(int scale, int blocks) {
        if (has("model.9.weight")) {
            return Optional.of("enlarges 8 times or more; the runtime knows 1, 2 and 4 times");
        }
        if (blocks > MAX_BLOCKS) {
            return Optional.of("has " + blocks + " blocks, more than " + MAX_BLOCKS);
        }
        return size(blocks).or(() -> layout(scale, blocks));
    }

    /** The sizes by which RRDBNets differ from each other. */
    private Optional<String> size(int blocks) {
        List<Long> first = shape("conv_first.weight");
        List<Long> growth = shape("body.0.rdb1.conv1.weight");
        if (first.size() != 4 || growth.size() != 4) {
            return layout(1, blocks);
        }
        long inputs = first.get(1);
        if (inputs == COLOURS * 4 || inputs == COLOURS * 16) {
            return Optional.of("takes " + inputs + " channels, pixels in squares (pixel-unshuffle, as x2plus does); the"
                    + " runtime gives it the 3 of a picture");
        }
        if (inputs != COLOURS) {
            return Optional.of("takes " + inputs + " channels; the runtime gives it the 3 of a picture");
        }
        if (first.getFirst() != FEATURES || growth.getFirst() != GROWTH) {
            return Optional.of("has " + first.getFirst() + " features and adds " + growth.getFirst()
                    + " with each convolution; the runtime runs RRDBNet with 64 and 32");
        }
        return Optional.empty();
    }

    private List<Long> shape(String name) {
        TensorInfo tensor = tensors.get(name);
        return tensor == null ? List.of() : tensor.shape();
    }

    /** All tensors, one by one: one that is missing, superfluous, of another shape or of a type that convolutions have not. */
    private Optional<String> layout(int scale, int blocks) {
        Map<String, List<Long>> wanted = wanted(scale, blocks);
        for (Map.Entry<String, List<Long>> entry : wanted.entrySet()) {
            TensorInfo found = tensors.get(entry.getKey());
            if (found == null) {
                return Optional.of("lacks the tensor " + entry.getKey());
            }
            if (!found.shape().equals(entry.getValue())) {
                return Optional.of("has tensor " + Text.quoted(found.name()) + " in the shape " + found.shapeText()
                        + ", RRDBNet has " + entry.getValue());
            }
            if (found.type() != TensorType.F32 && found.type() != TensorType.F16 && found.type() != TensorType.BF16) {
                return Optional.of("has tensor " + Text.quoted(found.name()) + " stored as "
                        + found.type().displayName() + "; upscalers are read in f32, f16 and bf16");
            }
        }
        return tensors.entrySet().stream()
                .filter(entry -> !wanted.containsKey(entry.getKey()))
                .findFirst()
                .map(entry -> "has tensor " + Text.quoted(entry.getValue().name()) + ", which RRDBNet has not");
    }

    private static Map<String, List<Long>> wanted(int scale, int blocks) {
        Map<String, List<Long>> wanted = new LinkedHashMap<>();
        put(wanted, "conv_first", FEATURES, COLOURS);
        for (int block = 0; block < blocks; block++) {
            for (int dense = 1; dense <= 3; dense++) {
                for (int conv = 1; conv <= 5; conv++) {
                    put(
                            wanted,
                            "body." + block + ".rdb" + dense + ".conv" + conv,
                            conv < 5 ? GROWTH : FEATURES,
                            FEATURES + (conv - 1) * GROWTH);
                }
            }
        }
        put(wanted, "conv_body", FEATURES, FEATURES);
        for (String name : Arrays.asList("conv_up1", "conv_up2").subList(0, scale / 2)) {
            put(wanted, name, FEATURES, FEATURES);
        }
        put(wanted, "conv_hr", FEATURES, FEATURES);
        put(wanted, "conv_last", COLOURS, FEATURES);
        return wanted;
    }

    private static void put(Map<String, List<Long>> wanted, String name, long outputs, long inputs) {
        wanted.put(name + ".weight", List.of(outputs, inputs, 3L, 3L));
        wanted.put(name + ".bias", List.of(outputs));
    }
}
