package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.LinearCombination;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/** Heun's method: a step along the direction at its start, then again from there along the mean of both ends' directions. */
final class HeunSteps {

    static final int CALLS_PER_STEP = 2;

    private final LinearCombination sum;
    private final History start = new History(1);
    private final History directions = new History(2);

    HeunSteps(LinearCombination sum) {
        this.sum = sum;
    }

    void allocate(Shape shape) {
        start.allocate(shape);
        directions.allocate(shape);
    }

    /** Where the caller writes the direction of the next call. */
    Tensor direction() {
        return directions.push();
    }

    /** To the end of the step, of this length in the noise level. */
    void predict(Tensor latents, float length) {
        start.push().copyFrom(latents);
        Float32.addProduct(latents, directions.get(0), length, latents);
    }

    /** The step again, with the newest direction taken at its end. */
    void correct(Tensor latents, float length) {
        Tensor second = directions.get(0);
        sum.clear().add(0.5, directions.get(1)).add(0.5, second).into(second);
        Float32.addProduct(start.get(0), second, length, latents);
    }
}
