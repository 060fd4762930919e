/**
 * Where a model computes: devices, how one is chosen, processes of their own, and what became of the search for the native library.
 * Values alone; {@link dev.diffusion4j.device.DeviceChoice} is what most programs need.
 */
@NullMarked
package dev.diffusion4j.device;

import org.jspecify.annotations.NullMarked;
