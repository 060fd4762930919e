package dev.diffusion4j.hub;

import java.util.Arrays;
import java.util.Optional;

/** A part of a model that lies in a file of its own. */
public enum ModelPart {
    /** A whole checkpoint, with all that it needs, or the file that a reference names. */
    MODEL("model"),
    /** The U-Net or diffusion transformer alone. */
    DIFFUSION_MODEL("diffusion-model"),
    /** The autoencoder. */
    VAE("vae"),
    /** The tiny autoencoder, for previews or quick decoding. */
    TAESD("taesd"),
    /** The text encoder CLIP-L. */
    CLIP_L("clip-l"),
    /** The text encoder CLIP-G. */
    CLIP_G("clip-g"),
    /** The text encoder T5-XXL, or umT5-XXL. */
    T5XXL("t5xxl"),
    /** The language model that serves as text encoder. */
    LLM("llm"),
    /** The language model's eyes, with which it reads reference pictures. */
    LLM_VISION("llm-vision"),
    /** The diffusion model of the noisy half of the steps. */
    HIGH_NOISE_DIFFUSION_MODEL("high-noise-diffusion-model"),
    /** The vision half of a CLIP. */
    CLIP_VISION("clip-vision"),
    /** What stands between a language model and a transformer. */
    EMBEDDINGS_CONNECTORS("embeddings-connectors"),
    /** The autoencoder of what is heard. */
    AUDIO_VAE("audio-vae");

    private final String label;

    ModelPart(String label) {
        this.label = label;
    }

    /** The part's name in catalogs, which is that of its command line option without the dashes. */
    public String label() {
        return label;
    }

    /** The part of that name; empty if there is none. */
    static Optional<ModelPart> of(String label) {
        return Arrays.stream(values()).filter(part -> part.label.equals(label)).findFirst();
    }
}
