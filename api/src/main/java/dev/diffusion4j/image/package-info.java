/**
 * Pictures that go in and out: {@link dev.diffusion4j.image.Picture} as a value, resizing and masks as diffusers' image processor does
 * them, and files.
 */
@NullMarked
package dev.diffusion4j.image;

import org.jspecify.annotations.NullMarked;
