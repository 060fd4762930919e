/**
 * JMH benchmarks of Diffusion4J beside DJL's PyTorch and ONNX Runtime, and programs that measure whole processes. Run by
 * {@code benchmarks/run}; {@code benchmarks/README.md} says what is measured and how.
 */
package dev.diffusion4j.benchmarks;
