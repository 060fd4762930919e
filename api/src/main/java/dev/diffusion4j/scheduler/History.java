package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.Arena;

/** The last few tensors of a loop, in memory that is taken once and used in turn. */
final class History {

    private final Tensor[] ring;
    private int newest;
    private int count;

    History(int capacity) {
        ring = new Tensor[capacity];
    }

    /** Takes memory. The garbage collector frees it, so that schedulers need no closing. */
    void allocate(Shape shape) {
        Arena arena = Arena.ofAuto();
        for (int i = 0; i < ring.length; i++) {
            ring[i] = Tensor.zeros(shape, arena);
        }
        count = 0;
    }

    void clear() {
        count = 0;
    }

    /** How many were pushed, at most the capacity. */
    int count() {
        return count;
    }

    /** Drops the oldest if full; the caller writes the newest into what is returned. */
    Tensor push() {
        newest = (newest + 1) % ring.length;
        count = Math.min(count + 1, ring.length);
        return ring[newest];
    }

    /** The newest for age 0, the one before for age 1, and so on. */
    Tensor get(int age) {
        return ring[Math.floorMod(newest - age, ring.length)];
    }
}
