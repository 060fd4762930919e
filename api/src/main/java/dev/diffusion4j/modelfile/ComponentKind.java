package dev.diffusion4j.modelfile;

/** A kind of component that models are made of, and that may run on a device of its own. */
public enum ComponentKind {
    /** A U-Net or a diffusion transformer. */
    DENOISER,
    /** What turns a prompt into what the denoiser is conditioned on. */
    TEXT_ENCODER,
    /** What turns latents into pictures and back. */
    AUTOENCODER
}
