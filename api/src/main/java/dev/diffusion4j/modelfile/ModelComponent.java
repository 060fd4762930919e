package dev.diffusion4j.modelfile;

/** A part of a model that can come in a file of its own. */
public enum ModelComponent {
    /** The denoiser: a U-Net or a diffusion transformer. */
    DIFFUSION_MODEL("diffusion model"),
    /** The denoiser of the noisy half of the steps, where there are two: Wan 2.2's of 14 billion weights. */
    HIGH_NOISE_DIFFUSION_MODEL("high-noise diffusion model"),
    /** The text encoder CLIP ViT-L/14. */
    CLIP_L("CLIP-L text encoder"),
    /** The text encoder OpenCLIP ViT-bigG/14. */
    CLIP_G("CLIP-G text encoder"),
    /** The vision half of a CLIP: what Wan 2.1's image-to-video looks at its first frame with. */
    CLIP_VISION("CLIP vision encoder"),
    /** The text encoder T5, or UMT5. */
    T5("T5 text encoder"),
    /** A language model that serves as text encoder. */
    LLM("language model"),
    /** The vision part of such a language model. */
    LLM_VISION("vision part of the language model"),
    /** What stands between LTX's language model and its transformer. */
    EMBEDDINGS_CONNECTORS("embeddings connectors"),
    /** The autoencoder between LTX's latents and what is heard. */
    AUDIO_VAE("audio VAE"),
    /** The autoencoder between latents and pixels. */
    VAE("VAE"),
    /** A tiny autoencoder that takes the VAE's place. */
    TINY_AUTOENCODER("tiny autoencoder");

    private final String displayName;

    ModelComponent(String displayName) {
        this.displayName = displayName;
    }

    /** What to call it in a sentence. */
    public String displayName() {
        return displayName;
    }

    /** Whether it is a text encoder. */
    public boolean encodesText() {
        return switch (this) {
            case CLIP_L, CLIP_G, T5, LLM -> true;
            case DIFFUSION_MODEL,
                    HIGH_NOISE_DIFFUSION_MODEL,
                    CLIP_VISION,
                    LLM_VISION,
                    EMBEDDINGS_CONNECTORS,
                    AUDIO_VAE,
                    VAE,
                    TINY_AUTOENCODER -> false;
        };
    }
}
