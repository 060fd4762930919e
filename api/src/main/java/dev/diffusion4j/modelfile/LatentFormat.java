package dev.diffusion4j.modelfile;

import java.util.Optional;

/**
 * The kind of latents that a denoiser works on and an autoencoder of the same kind reads and writes. Models for which autoencoders
 * of one layout were trained apart, such as SD 1.x and SDXL, count as one: a file's header does not tell them from each other.
 */
public enum LatentFormat {
    /** Latents of SD 1.x, SD 2.x and SDXL: 4 channels, an eighth of the picture's sides. */
    STABLE_DIFFUSION("SD 1.x, SD 2.x or SDXL", 4, "taesd or taesdxl"),
    /** Latents of SD 3.x, and those of FLUX.1, which Z-Image and others have, too: 16 channels, an eighth of the sides. */
    SIXTEEN_CHANNELS("SD 3.x, or FLUX.1 and Z-Image", 16, "taesd3 or taef1"),
    /** Latents of FLUX.2: 32 channels, an eighth of the sides, which the denoiser sees as 128, a sixteenth of the sides. */
    FLUX2("FLUX.2", 32, "taef2"),
    /** Latents of Wan 2.1, which Qwen-Image has, too: 16 channels, an eighth of the sides, a quarter of the frames. */
    WAN("Wan 2.1 and Qwen-Image", 16, "taew2_1"),
    /** Latents of Wan 2.2 TI2V: 48 channels, a sixteenth of the sides. */
    WAN2_2("Wan 2.2 TI2V", 48, "taew2_2"),
    /** Latents of LTX: 128 channels, a thirty-second of the sides. */
    LTX("LTX", 128, "taeltx");

    private final String displayName;
    private final int channels;
    private final String tinyAutoencoders;

    LatentFormat(String displayName, int channels, String tinyAutoencoders) {
        this.displayName = displayName;
        this.channels = channels;
        this.tinyAutoencoders = tinyAutoencoders;
    }

    /** The models that have such latents, such as {@code FLUX.2}. */
    public String displayName() {
        return displayName;
    }

    /** How many channels the autoencoder's latents have. */
    public int channels() {
        return channels;
    }

    /** The usual names of the tiny autoencoders for it. */
    public String tinyAutoencoders() {
        return tinyAutoencoders;
    }

    /** The latents of a family of models; none for parts of models and for those that work on pixels. */
    public static Optional<LatentFormat> of(ModelFamily family) {
        if (family.isUnet()) {
            return Optional.of(STABLE_DIFFUSION);
        }
        return switch (family) {
            case SD3, FLUX, FLUX_FILL, FLUX_CONTROL, FLEX_2, Z_IMAGE, OVIS_IMAGE, LONGCAT ->
                Optional.of(SIXTEEN_CHANNELS);
            case FLUX2, FLUX2_KLEIN, ERNIE_IMAGE, LENS, IDEOGRAM_4 -> Optional.of(FLUX2);
            case QWEN_IMAGE, ANIMA, WAN2, WAN2_2_I2V -> Optional.of(WAN);
            case WAN2_2_TI2V -> Optional.of(WAN2_2);
            case LTXAV -> Optional.of(LTX);
            default -> Optional.empty();
        };
    }
}
