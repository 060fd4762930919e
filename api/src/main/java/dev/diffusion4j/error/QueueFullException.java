package dev.diffusion4j.error;

/**
 * As many generations as may wait for a model wait already. Nothing was queued; try again when one has ended, or allow more
 * with {@code queueCapacity}.
 */
public class QueueFullException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    private final int capacity;

    /**
     * @param capacity how many generations may wait
     */
    public QueueFullException(int capacity) {
        super("the model is busy and its queue is full: at most " + capacity + " generations may wait");
        this.capacity = capacity;
    }

    /** How many generations may wait. */
    public int capacity() {
        return capacity;
    }
}
