package dev.diffusion4j;

import java.time.Duration;

/**
 * How a model runs in a process of its own.
 *
 * <p><b>What it costs.</b> A child JVM starts when the model is opened and again after it has died: a few tenths of a
 * second before the weights are read. Each call then takes about a millisecond more. The child needs the parent's
 * class path or module path in the file system; class loaders that read libraries from elsewhere cannot start one.
 *
 * <p><b>Threads and lifetime.</b> As for every model: usable from any thread, calls queue. The child ends with
 * {@link StableDiffusion#close()}, and by itself when this process ends, however that happens.
 *
 * <p><b>Errors.</b> What the model throws in this process it throws from its own. A child that dies or falls silent during
 * a call gives {@link IsolatedProcessException}; one that died between calls is replaced unseen. A cancelled generation
 * that does not stop within ten seconds ends with its process.
 *
 * <p><b>Limits.</b> A listener of a generation in native code hears of a step when the next one has already begun: unlike
 * in one process, it does not hold up the native work. Tensors and pictures cross through shared memory, in
 * {@code /dev/shm} where there is room.
 *
 * @param callDeadline how long a call may go without a sign of progress before its process is ended. Some work is silent
 *     while it runs, such as the VAE without tiling: allow for the slowest
 * @param maxHeapMegabytes most heap of the child JVM; weights and native work are outside of it
 */
public record IsolatedOptions(Duration callDeadline, int maxHeapMegabytes) {

    /** Half an hour, and a heap that large input pictures fit in. */
    public static final IsolatedOptions DEFAULT = new IsolatedOptions(Duration.ofMinutes(30), 512);

    public IsolatedOptions {
        if (callDeadline.isNegative() || callDeadline.isZero()) {
            throw new InvalidRequestException("callDeadline", callDeadline, "longer than nothing");
        }
        Checks.range("maxHeapMegabytes", maxHeapMegabytes, 32, 1 << 20);
    }

    /** The same with another deadline. */
    public IsolatedOptions withCallDeadline(Duration deadline) {
        return new IsolatedOptions(deadline, maxHeapMegabytes);
    }

    /** The same with another heap. */
    public IsolatedOptions withMaxHeapMegabytes(int megabytes) {
        return new IsolatedOptions(callDeadline, megabytes);
    }
}
