/**
 * Diffusion models for Java: {@link dev.diffusion4j.DiffusionModel} opens a model and generates pictures with it,
 * {@link dev.diffusion4j.NativeRuntime} tells of the native library, {@link dev.diffusion4j.RpcServer} offers a device to other
 * machines. No other package depends on this one.
 */
@NullMarked
package dev.diffusion4j;

import org.jspecify.annotations.NullMarked;
