package dev.diffusion4j.benchmarks;

/** A model and the side of its latents, as benchmarks' parameters name them: {@code full-64}. */
record Subject(String model, int side) {

    static Subject of(String name) {
        String[] parts = name.split("-");
        return new Subject(parts[0], Integer.parseInt(parts[1]));
    }
}
