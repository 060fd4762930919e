package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Quantizations;
import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.ModelFormat;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.modelfile.UpscalerNetwork;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a file can be what it is given as. The runtime compares every tensor that it asks for with the shape it expects;
 * checked here is what it would not survive or would word badly: missing parts, the numbers from which it derives a
 * network's size, and weights in types that it cannot compute with.
 */
final class ModelCheck {

    private static final String TOKEN_EMBEDDING = "transformer.text_model.embeddings.token_embedding.weight";
    private static final String ENCODER_1 = "cond_stage_model.";
    private static final String ENCODER_2 = "cond_stage_model.1.";
    private static final long VOCABULARY = 49_408;
    private static final int NORM_GROUPS = 32;

    private final ModelFile file;
    private final Map<String, TensorInfo> canonical = new HashMap<>();

    private ModelCheck(ModelFile file) {
        this(file, "");
    }

    /** @param prefix that the runtime puts before names */
    private ModelCheck(ModelFile file, String prefix) {
        this.file = file;
        for (TensorInfo tensor : file.tensors()) {
            canonical.put(TensorNames.canonical(prefix + tensor.name()), tensor);
        }
    }

    static void model(ModelFile file, Set<ModelComponent> separate) {
        ModelCheck check = new ModelCheck(file);
        check.requireDrawingFamily();
        if (file.isBareDiffusionModel()) {
            throw check.refusal("holds a " + (file.family().isUnet() ? "U-Net" : "diffusion transformer")
                    + " alone and no whole model; give it as diffusionModel(Path)");
        }
        if (file.family().isUnet()) {
            check.requireUnetModel(separate);
        } else {
            check.requireParts(separate, true);
        }
        check.requireUsableNumbers();
    }

    static void diffusionModel(ModelFile file, Set<ModelComponent> separate) {
        // The prefix that diffusers' names are converted with; others need not be.
        boolean isUnet = file.family().isUnet() && file.isBareDiffusionModel();
        ModelCheck check = new ModelCheck(file, isUnet ? "unet." : "");
        check.requireDrawingFamily();
        if (file.family().isUnet()) {
            check.requireUnet();
            check.requirePartsOfUnet(separate);
        } else {
            check.requireKnownLayout();
            check.requireParts(separate, false);
        }
        check.requireUsableNumbers();
    }

    static void part(ModelFile file, ModelFamily expected) {
        ModelCheck check = new ModelCheck(file);
        if (file.family() != expected) {
            throw check.refusal("is not " + expected.withArticle() + ": " + check.whatItIs());
        }
        check.requireUsableNumbers();
        switch (file.family()) {
            case VAE -> check.requireBareVae();
            case UPSCALER -> check.requireUpscaler();
            case CLIP_L, CLIP_H, CLIP_G -> check.requireClipNames();
            default -> {}
        }
    }

    private void requireDrawingFamily() {
        if (file.family().tasks().isEmpty()) {
            throw refusal("is not a model that makes pictures or videos: " + whatItIs());
        }
    }

    private String whatItIs() {
        ModelFamily family = file.family();
        if (family == ModelFamily.UNKNOWN) {
            return file.tensors().isEmpty()
                    ? "it has no tensors"
                    : "its tensors are of nothing that is known, the first is "
                            + Text.quoted(file.tensors().getFirst().name());
        }
        if (family == ModelFamily.SDXL_REFINER) {
            return "it is the refiner of SDXL, of which the runtime has no such family; SDXL's base model draws without it, and"
                    + " imageToImage with a strength of 0.2 to 0.3 goes over its pictures once more";
        }
        if (family.makesVideo()) {
            return "it is the video model " + family.displayName()
                    + (family.tasks().isEmpty() ? ", for which the runtime has no loop" : "");
        }
        return "it is " + family.withArticle() + (family.makesPictures() ? " model" : "");
    }

    private void requireUnetModel(Set<ModelComponent> separate) {
        requireTextEncoders(separate);
        if (!separate.contains(ModelComponent.DIFFUSION_MODEL)) {
            requireUnet();
        }
        boolean hasDecoder = file.family().carriesTinyAutoencoder()
                || separate.contains(ModelComponent.VAE)
                || separate.contains(ModelComponent.TINY_AUTOENCODER);
        if (!hasDecoder) {
            requireVae(TensorNames.FIRST_STAGE);
        }
    }

    private void requireTextEncoders(Set<ModelComponent> separate) {
        ModelFamily family = file.family();
        if (!family.isStableDiffusionXl()) {
            requireTokenEmbedding(ENCODER_1, family.contextWidth());
            return;
        }
        if (!separate.contains(ModelComponent.CLIP_L)) {
            requireTokenEmbedding(ENCODER_1, 768);
        }
        requireTokenEmbedding(ENCODER_2, 1280);
    }

    private void requireTokenEmbedding(String prefix, long width) {
        String name = prefix + TOKEN_EMBEDDING;
        TensorInfo embedding = require(name, "text encoder", "the runtime needs it in the same file");
        requireShape(embedding, VOCABULARY, width);
    }

    private void requirePartsOfUnet(Set<ModelComponent> separate) {
        ModelFamily family = file.family();
        boolean encodes = separate.contains(ModelComponent.CLIP_L)
                && (!family.isStableDiffusionXl() || separate.contains(ModelComponent.CLIP_G));
        if (!encodes) {
            throw refusal("has no text encoder; give "
                    + (family.isStableDiffusionXl() ? "both with clipL(Path) and clipG(Path)" : "it with clipL(Path)"));
        }
        boolean decodes = family.carriesTinyAutoencoder()
                || separate.contains(ModelComponent.VAE)
                || separate.contains(ModelComponent.TINY_AUTOENCODER);
        if (!decodes) {
            throw refusal("has no VAE; give one with vae(Path) or tinyAutoencoder(Path)");
        }
    }

    private void requireUnet() {
        TensorInfo input = requireOfUnet("input_blocks.0.0.weight");
        int divisor = file.family().isStableDiffusion1() ? NORM_GROUPS : 2 * NORM_GROUPS;
        long channels = input.shape().size() == 4 ? input.shape().getFirst() : 0;
        if (channels == 0 || channels % divisor != 0) {
            throw refusal("has a U-Net of " + channels + " channels, not of a multiple of " + divisor);
        }
        requireShape(input, channels, inputChannels(), 3, 3);
        requireShape(requireOfUnet("out.2.weight"), 4, channels, 3, 3);
        requireSecondDimension(requireOfUnet("time_embed.0.weight"), channels);
        canonical.forEach((name, tensor) -> {
            if (name.startsWith(TensorNames.DIFFUSION) && name.endsWith("attn2.to_k.weight")) {
                requireSecondDimension(tensor, file.family().contextWidth());
            }
        });
        if (file.family().isStableDiffusionXl()) {
            requireSecondDimension(requireOfUnet("label_emb.0.0.weight"), 2816);
        }
    }

    private long inputChannels() {
        return switch (file.family()) {
            case SD1_INPAINT, SD2_INPAINT, SDXL_INPAINT -> 9;
            case SD1_PIX2PIX, SDXL_PIX2PIX -> 8;
            default -> 4;
        };
    }

    private TensorInfo requireOfUnet(String name) {
        return require(TensorNames.DIFFUSION + name, "U-Net", "");
    }

    private void requireBareVae() {
        String prefix = canonical.containsKey(TensorNames.FIRST_STAGE + "decoder.conv_in.weight")
                ? TensorNames.FIRST_STAGE
                : "";
        // Given on its own, a VAE gets the prefix "vae." unless it has that one already.
        if (!prefix.isEmpty()
                && file.tensors().stream().noneMatch(tensor -> tensor.name().startsWith("vae."))) {
            throw refusal("has a VAE inside a model; give a file with the VAE alone");
        }
        boolean isWan = file.tensors().stream()
                .anyMatch(tensor -> tensor.name().endsWith("decoder.conv1.weight")
                        || tensor.name().endsWith("decoder.mid_block.attentions.0.to_qkv.weight"));
        boolean isLtx = canonical.containsKey(prefix + "decoder.conv_in.conv.weight");
        if (!isWan && !isLtx) {
            requireVae(prefix);
        }
    }

    private void requireVae(String prefix) {
        String hint = "a file of its own can be given with vae(Path) or tinyAutoencoder(Path)";
        TensorInfo input = require(prefix + "decoder.conv_in.weight", "VAE decoder", hint);
        require(prefix + "decoder.conv_out.weight", "VAE decoder", hint);
        require(prefix + "encoder.conv_in.weight", "VAE encoder", hint);
        long width = input.shape().size() == 4 ? input.shape().getFirst() : 0;
        if (width == 0 || width % (4 * NORM_GROUPS) != 0) {
            throw refusal("has a VAE decoder of " + width + " channels, not of a multiple of " + 4 * NORM_GROUPS);
        }
        if (file.family().isUnet()) {
            requireShape(input, width, 4, 3, 3);
        }
    }

    private void requireClipNames() {
        // OpenCLIP's names are converted only inside a whole model.
        String beginning = "text_model.embeddings.";
        boolean isClipL = file.family() != ModelFamily.CLIP_G; // transformers 5 saves one without that
        if (file.tensors().stream()
                .map(TensorInfo::name)
                .noneMatch(name ->
                        name.contains(beginning) || (isClipL && name.startsWith("embeddings.token_embedding.")))) {
            throw refusal("has no tensor whose name begins with " + Text.quoted(beginning)
                    + ", by which the runtime knows a text encoder");
        }
    }

    private void requireUpscaler() {
        file.upscalerNetwork().flatMap(UpscalerNetwork::obstacle).ifPresent(obstacle -> {
            throw refusal(obstacle);
        });
    }

    private void requireParts(Set<ModelComponent> separate, boolean whole) {
        ModelFamily family = file.family();
        boolean decodes = family.worksOnPixels()
                || separate.contains(ModelComponent.VAE)
                || separate.contains(ModelComponent.TINY_AUTOENCODER)
                || whole && anyBegins(TensorNames.FIRST_STAGE);
        if (!decodes) {
            throw refusal("has no VAE; give one with vae(Path) or tinyAutoencoder(Path)");
        }
        requireTextEncoders(separate, whole);
    }

    /** Where a family has several, any of them will do. */
    private void requireTextEncoders(Set<ModelComponent> separate, boolean whole) {
        Set<ModelComponent> needed = EnumSet.noneOf(ModelComponent.class);
        needed.addAll(file.missingComponents());
        needed.addAll(file.heldComponents());
        needed.removeIf(component -> !component.encodesText());
        boolean encodes = needed.isEmpty()
                || needed.stream().anyMatch(separate::contains)
                || whole && !file.missingComponents().containsAll(needed);
        if (encodes) {
            return;
        }
        String methods = needed.stream().map(ModelCheck::method).collect(Collectors.joining(", "));
        throw refusal(
                needed.size() > 1
                        ? "has no text encoder; give one or more of " + methods
                        : "has no " + needed.iterator().next().displayName() + ", which reads the prompts for "
                                + file.family().displayName() + "; give it with " + methods);
    }

    private static String method(ModelComponent textEncoder) {
        return switch (textEncoder) {
            case CLIP_L -> "clipL(Path)";
            case CLIP_G -> "clipG(Path)";
            case T5 -> "t5(Path)";
            case LLM -> "languageModel(Path)";
            default -> throw new IllegalArgumentException(textEncoder.toString());
        };
    }

    /**
     * The native library puts q, k and v, which diffusers names apart where the original layout has one matrix, together for some
     * families, from files that it can read in any order. Qwen-Image's names are the original ones.
     */
    private void requireKnownLayout() {
        boolean isApart = file.tensors().stream()
                .map(TensorInfo::name)
                .anyMatch(name -> name.contains("attn.to_q.weight")
                        || name.contains("attention.to_q.weight")
                        || name.contains("attn.to_qkv_mlp_proj.weight"));
        boolean isKnown = switch (file.family()) {
            case FLUX, FLUX_FILL, FLUX_CONTROL ->
                file.tensors().stream().noneMatch(tensor -> tensor.name().contains("distilled_guidance_layer."));
            case SD3, Z_IMAGE -> true;
            case FLUX2, FLUX2_KLEIN, CHROMA_RADIANCE, FLEX_2, OVIS_IMAGE, LONGCAT -> false;
            default -> true;
        };
        boolean isReadInParts = file.format() == ModelFormat.SAFETENSORS || file.format() == ModelFormat.GGUF;
        if (isApart && !isKnown) {
            throw refusal("has the names of diffusers, which are not known for "
                    + file.family().displayName()
                    + "; the file in the original names, which most models are published as"
                    + " too, can be used");
        }
        if (isApart && !isReadInParts) {
            throw refusal(
                    "has q, k and v apart, as diffusers names a transformer's, in a checkpoint; saved as safetensors"
                            + " it can be used");
        }
    }

    private boolean anyBegins(String prefix) {
        return canonical.keySet().stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** The runtime converts weights between types on worker threads, where a type it cannot convert ends the process. */
    private void requireUsableNumbers() {
        requireReadableQuantization();
        for (TensorInfo tensor : file.tensors()) {
            TensorType type = tensor.type();
            boolean skipped = type == TensorType.U8 || TensorNames.isUnused(tensor.name());
            boolean unusable = type.isInteger() || type == TensorType.F64 && file.format() == ModelFormat.GGUF;
            if (unusable && !skipped) {
                throw refusal("has tensor " + Text.quoted(tensor.name()) + " stored as " + type.displayName()
                        + ", which the runtime cannot compute with");
            }
        }
    }

    private void requireReadableQuantization() {
        if (file.family() == ModelFamily.IDEOGRAM_4 || file.family() == ModelFamily.LENS) {
            // Of these the runtime reads the scales itself.
            return;
        }
        for (TensorInfo tensor : file.tensors()) {
            String name = tensor.name();
            if (name.contains(".mlp.experts.")) {
                continue; // of the text encoder of Lens, which the runtime knows
            }
            Quantizations.of(name).ifPresent(quantization -> {
                throw refusal("is quantised by " + quantization + ", which is not read" + Quantizations.WAY_OUT);
            });
            if ((name.endsWith(".scale_weight") || name.endsWith(".weight_scale")) && tensor.elements() != 1) {
                throw refusal("has " + tensor.elements() + " scales for one tensor, " + Text.quoted(name)
                        + ", where one is read" + Quantizations.WAY_OUT);
            }
        }
    }

    private TensorInfo require(String name, String part, String hint) {
        TensorInfo tensor = canonical.get(name);
        if (tensor == null) {
            throw refusal(
                    "has no " + part + ": " + Text.quoted(name) + " is missing" + (hint.isEmpty() ? "" : "; " + hint));
        }
        return tensor;
    }

    private void requireShape(TensorInfo tensor, long... expected) {
        List<Long> shape = Arrays.stream(expected).boxed().toList();
        if (!tensor.shape().equals(shape)) {
            throw refusal("has tensor " + Text.quoted(tensor.name()) + " in the shape " + tensor.shapeText()
                    + ", the runtime needs " + shape);
        }
    }

    private void requireSecondDimension(TensorInfo tensor, long expected) {
        if (tensor.shape().size() < 2 || tensor.shape().get(1) != expected) {
            throw refusal("has tensor " + Text.quoted(tensor.name()) + " in the shape " + tensor.shapeText()
                    + ", the runtime needs " + expected + " as its second dimension");
        }
    }

    private ModelFileException refusal(String reason) {
        return new ModelFileException(Text.of(file.path()) + " " + reason);
    }
}
