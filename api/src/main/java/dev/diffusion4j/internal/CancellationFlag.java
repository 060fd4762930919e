package dev.diffusion4j.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** An off-heap int that any thread sets and native code polls while it runs. */
public final class CancellationFlag {

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    // Automatic: the flag may be set long after the generation it belonged to has ended.
    private final MemorySegment segment = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);

    /** Requests cancellation. */
    public void set() {
        INT.setVolatile(segment, 0L, 1);
    }

    /** Whether cancellation was requested. */
    public boolean isSet() {
        return (int) INT.getVolatile(segment, 0L) != 0;
    }

    MemorySegment segment() {
        return segment;
    }
}
