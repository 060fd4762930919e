package dev.diffusion4j.request;

/** How preview pictures are made from the latents of a running generation. */
public enum PreviewMode {
    /** A linear map from latents to colours: costs nothing, an eighth of the size, made for the original models' latents. */
    PROJECTION,
    /** The tiny autoencoder, if the model was opened with one; otherwise the full one. */
    TINY_AUTOENCODER,
    /** The full VAE decoder: slow, exact. */
    VAE
}
