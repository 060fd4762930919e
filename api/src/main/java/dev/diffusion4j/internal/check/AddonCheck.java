package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.ModelFormat;
import dev.diffusion4j.modelfile.TensorInfo;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a LoRA or a textual inversion can be used. The runtime loads every tensor of such a file as it is, on worker
 * threads, and notices what does not fit only by assertions.
 */
final class AddonCheck {

    /** The runtime's context for one network's tensors has room for a little more. */
    private static final int MAX_LORA_TENSORS = 32_000;

    private static final int MAX_LORA_DIMENSIONS = 4;

    /** What fits between the start and end tokens of one chunk of a prompt. */
    private static final int MAX_EMBEDDING_VECTORS = 75;

    private record Side(String ending, String otherEnding) {}

    private static final List<Side> PAIRS = List.of(
            new Side(".lora_down.weight", ".lora_up.weight"),
            new Side(".lora.down.weight", ".lora.up.weight"),
            new Side("_lora.down.weight", "_lora.up.weight"),
            new Side(".lora_A.weight", ".lora_B.weight"),
            new Side(".lora_A.default.weight", ".lora_B.default.weight"));

    private final ModelFile file;

    private AddonCheck(ModelFile file) {
        this.file = file;
    }

    static void lora(ModelFile file, ModelFile model) {
        AddonCheck check = new AddonCheck(file);
        check.requireLora();
        check.requireMadeFor(model);
    }

    /** Of the LoRA that a PhotoMaker file holds beside the identity encoder. */
    static void loraOfPhotoMaker(ModelFile file, ModelFile model) {
        AddonCheck check = new AddonCheck(file);
        if (check.requireSameRanks() == 0) {
            throw check.refusal("has no LoRA, which PhotoMaker needs beside the identity encoder");
        }
        check.requireMadeFor(model);
    }

    static void textualInversion(ModelFile file, int... widths) {
        new AddonCheck(file).requireTextualInversion(widths);
    }

    private void requireLora() {
        if (file.family() != ModelFamily.LORA) {
            throw refusal("is not a LoRA: " + whatItIs());
        }
        if (file.tensors().size() > MAX_LORA_TENSORS) {
            throw refusal("has " + file.tensors().size() + " tensors, a LoRA has at most " + MAX_LORA_TENSORS);
        }
        file.tensors().forEach(this::requireLoraTensor);
        requireSameRanks();
    }

    /** Returns how many pairs there are. */
    private int requireSameRanks() {
        Map<String, TensorInfo> byName = new HashMap<>();
        file.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
        int pairs = 0;
        for (TensorInfo tensor : file.tensors()) {
            Optional<TensorInfo> up = other(tensor, byName);
            if (up.isPresent()) {
                requireSameRank(tensor, up.get());
                pairs++;
            }
        }
        return pairs;
    }

    private void requireLoraTensor(TensorInfo tensor) {
        boolean isScale = tensor.name().endsWith(".alpha") || tensor.name().endsWith(".scale");
        boolean usable = switch (tensor.type()) {
            case F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
            case F64 -> file.format() != ModelFormat.GGUF;
            case I32 -> isScale;
            case I64 -> isScale && file.format() != ModelFormat.GGUF;
            case U8 -> true;
            default -> false;
        };
        if (!usable) {
            throw refusal("has tensor " + Text.quoted(tensor.name()) + " stored as "
                    + tensor.type().displayName() + ", a LoRA needs floating point");
        }
        boolean isTorch = file.format() != ModelFormat.SAFETENSORS && file.format() != ModelFormat.GGUF;
        // Only in checkpoints does the runtime trip over a tensor without dimensions.
        if (tensor.shape().size() > MAX_LORA_DIMENSIONS
                || isTorch && tensor.shape().isEmpty()) {
            throw refusal("has tensor " + Text.quoted(tensor.name()) + " in the shape " + tensor.shapeText()
                    + ", which the runtime cannot take; saved as safetensors with at most four dimensions it can");
        }
        if (tensor.elements() == 0) {
            throw refusal("has the empty tensor " + Text.quoted(tensor.name()));
        }
    }

    private static Optional<TensorInfo> other(TensorInfo down, Map<String, TensorInfo> byName) {
        for (Side side : PAIRS) {
            if (down.name().endsWith(side.ending)) {
                String stem = down.name().substring(0, down.name().length() - side.ending.length());
                return Optional.ofNullable(byName.get(stem + side.otherEnding));
            }
        }
        return Optional.empty();
    }

    private void requireSameRank(TensorInfo down, TensorInfo up) {
        boolean fits = down.shape().size() >= 2
                && up.shape().size() >= 2
                && down.shape().getFirst().equals(up.shape().get(1));
        if (!fits) {
            throw refusal("has " + Text.quoted(down.name()) + " in the shape " + down.shapeText()
                    + ", which does not fit " + Text.quoted(up.name()) + " in the shape " + up.shapeText());
        }
    }

    /** Compares cross-attention, which every U-Net has and nearly every LoRA changes, whatever names either uses. */
    private void requireMadeFor(ModelFile model) {
        int context = model.family().contextWidth();
        if (!model.family().isUnet()) {
            return;
        }
        Set<Long> widths = model.tensors().stream()
                .filter(tensor -> tensor.name().endsWith("attn2.to_k.weight")
                        && !tensor.shape().isEmpty())
                .map(tensor -> tensor.shape().getFirst())
                .collect(Collectors.toSet());
        Map<String, TensorInfo> byName =
                file.tensors().stream().collect(Collectors.toMap(TensorInfo::name, tensor -> tensor));
        for (TensorInfo down : file.tensors()) {
            Optional<TensorInfo> up = isCrossAttentionKey(down.name()) ? other(down, byName) : Optional.empty();
            if (up.isEmpty()) {
                continue;
            }
            long takes = down.shape().get(1);
            long gives = up.get().shape().getFirst();
            if (takes != context || !widths.contains(gives)) {
                throw refusal("was made for another model than " + Text.of(model.path()) + ": "
                        + Text.quoted(down.name()) + " changes weights of shape [" + gives + ", " + takes
                        + "], which that " + model.family().displayName() + " model has not");
            }
        }
    }

    private static boolean isCrossAttentionKey(String name) {
        return name.contains("attn2.to_k.")
                || name.contains("attn2_to_k.")
                || name.contains("attn2.processor.to_k_lora");
    }

    private void requireTextualInversion(int... widths) {
        if (file.family() != ModelFamily.TEXTUAL_INVERSION) {
            throw refusal("is not a textual inversion: " + whatItIs());
        }
        List<TensorInfo> embeddings = file.tensors();
        List<Long> found =
                embeddings.stream().map(embedding -> embedding.ne(0)).sorted().toList();
        List<Long> expected =
                Arrays.stream(widths).sorted().asLongStream().boxed().toList();
        if (!found.equals(expected)) {
            throw refusal("has embeddings " + joined(found) + " wide, this model's text encoder"
                    + (widths.length == 1 ? " takes " : "s take ") + joined(expected));
        }
        embeddings.forEach(this::requireEmbedding);
        if (embeddings.stream().map(embedding -> embedding.ne(1)).distinct().count() > 1) {
            throw refusal("has not as many vectors for each text encoder");
        }
    }

    private static String joined(List<Long> widths) {
        return widths.stream().map(String::valueOf).collect(Collectors.joining(" and "));
    }

    private void requireEmbedding(TensorInfo embedding) {
        if (embedding.ne(1) < 1 || embedding.ne(1) > MAX_EMBEDDING_VECTORS) {
            throw refusal("has " + embedding.ne(1) + " vectors, a word takes 1 to " + MAX_EMBEDDING_VECTORS);
        }
        boolean usable = switch (embedding.type()) {
            case F64, F32, F16, BF16 -> true;
            default -> false;
        };
        if (!usable) {
            throw refusal("is stored as " + embedding.type().displayName()
                    + "; textual inversions are read in f32, f16, bf16 and f64");
        }
    }

    private String whatItIs() {
        return file.family() == ModelFamily.UNKNOWN
                ? "none of its tensors is named like one"
                : "it is " + file.family().withArticle() + (file.family().makesPictures() ? " model" : "");
    }

    private ModelFileException refusal(String reason) {
        return new ModelFileException(Text.of(file.path()) + " " + reason);
    }
}
