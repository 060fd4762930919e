package dev.diffusion4j.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** An off-heap int that any thread sets and native code polls while it runs. */
public final class CancellationFlag {

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment segment;

    /** A flag of its own. */
    public CancellationFlag() {
        // Automatic: the flag may be set long after the generation it belonged to has ended.
        this(Arena.ofAuto().allocate(ValueLayout.JAVA_INT));
    }

    /** A flag in memory that others may set as well. */
    public CancellationFlag(MemorySegment segment) {
        this.segment = segment;
    }

    /** Requests cancellation. */
    public void set() {
        INT.setVolatile(segment, 0L, 1);
    }

    /** Takes the request back, for the next call that the flag belongs to. */
    public void clear() {
        INT.setVolatile(segment, 0L, 0);
    }

    /** Whether cancellation was requested. */
    public boolean isSet() {
        return (int) INT.getVolatile(segment, 0L) != 0;
    }

    /** The int. */
    public MemorySegment segment() {
        return segment;
    }
}
