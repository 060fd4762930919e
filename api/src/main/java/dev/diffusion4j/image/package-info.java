/**
 * Pictures that go in and out: {@link dev.diffusion4j.image.Picture} as a value, resizing and masks as diffusers' image processor does
 * them, and files.
 */
package dev.diffusion4j.image;
