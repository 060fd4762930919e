package dev.diffusion4j.component;

import dev.diffusion4j.tensor.ImageTensors;

/**
 * A model's variational autoencoder by itself: pictures {@code (batch, 3, 512, 512)} to latents {@code (batch, 4, 64, 64)}
 * and back (Kingma and Welling 2013; Rombach et al. 2022). Pictures have values from -1 to 1, see {@link ImageTensors}.
 *
 * <p>Scaling is explicit, as in diffusers: {@link #encode} gives and {@link #decode} takes the VAE's own latents; the U-Net
 * works on {@linkplain #toModelScale scaled} ones.
 *
 * <p>Every returned tensor is a new one, and the caller's to close. Safe for use by several threads; calls run one after
 * another on the model's thread.
 */
public non-sealed interface Vae extends Autoencoder {}
