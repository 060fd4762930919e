package dev.diffusion4j.internal.convert;

import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.TensorType;
import java.util.Optional;

/** The keys of GGUF by which other tools know what a file is, in the words of ComfyUI-GGUF and llama.cpp. */
final class GgufMetadata {

    static final String ARCHITECTURE = "general.architecture";
    static final String NAME = "general.name";
    static final String FILE_TYPE = "general.file_type";
    static final String QUANTIZATION_VERSION = "general.quantization_version";

    /** GGML_QNT_VERSION. */
    static final int CURRENT_QUANTIZATION = 2;

    private GgufMetadata() {}

    /** The name of the family; empty for what has none. */
    static Optional<String> architecture(ModelFamily family) {
        if (family.isStableDiffusion1()) {
            return Optional.of("sd1");
        }
        if (family.isStableDiffusion2()) {
            return Optional.of("sd2");
        }
        if (family.isStableDiffusionXl()) {
            return Optional.of("sdxl");
        }
        return Optional.ofNullable(
                switch (family) {
                    case SD3 -> "sd3";
                    case FLUX, FLUX_FILL, FLUX_CONTROL, FLEX_2, CHROMA_RADIANCE, FLUX2, FLUX2_KLEIN, LONGCAT -> "flux";
                    case QWEN_IMAGE -> "qwen_image";
                    // As Lumina 2, of whose layout it is.
                    case Z_IMAGE -> "lumina2";
                    case WAN2, WAN2_2_I2V, WAN2_2_TI2V -> "wan";
                    case LTXAV -> "ltxv";
                    case ANIMA -> "cosmos";
                    case T5 -> "t5encoder";
                    case CLIP_L, CLIP_H, CLIP_G, CLIP_VISION -> "clip";
                    case VAE, TINY_AUTOENCODER -> "vae";
                    default -> null;
                });
    }

    /** The number for files of which most weights are of that type (llama_ftype); empty if there is none. */
    static Optional<Integer> fileType(TensorType type) {
        return Optional.ofNullable(
                switch (type) {
                    case F32 -> 0;
                    case F16 -> 1;
                    case Q4_0 -> 2;
                    case Q4_1 -> 3;
                    case Q8_0 -> 7;
                    case Q5_0 -> 8;
                    case Q5_1 -> 9;
                    case Q2_K -> 10;
                    case Q3_K -> 11;
                    case Q4_K -> 14;
                    case Q5_K -> 16;
                    case Q6_K -> 18;
                    case IQ4_NL -> 25;
                    case BF16 -> 32;
                    default -> null;
                });
    }
}
