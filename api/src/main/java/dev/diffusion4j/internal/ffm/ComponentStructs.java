package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_number_t;
import dev.diffusion4j.bindings.d4j_tensor_t;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes component calls as the native library takes them. The arrays are filled anew for each call, and names are kept, so
 * that a step of a loop allocates nothing off the heap.
 */
final class ComponentStructs {

    private static final int MOST_TENSORS = D4j.D4J_MAX_TENSORS();
    private static final int MOST_NUMBERS = 16;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment tensors = d4j_tensor_t.allocateArray(MOST_TENSORS, arena);
    private final MemorySegment numbers = d4j_number_t.allocateArray(MOST_NUMBERS, arena);
    private final Map<String, MemorySegment> names = new HashMap<>();
    /** Handed over as arguments, so that nobody can close a tensor while the call runs. */
    private final MemorySegment[] data = new MemorySegment[MOST_TENSORS];

    private int tensorCount;

    /** Runs a call of a model, and says how that ended. */
    int run(MemorySegment model, ComponentCall call, MemorySegment observer) {
        tensorCount = 0;
        for (ComponentCall.NamedTensor input : call.inputs()) {
            add(input.name(), input.tensor().segment(), input.tensor().shape());
        }
        for (ComponentCall.NamedTensor output : call.outputs()) {
            add(output.name(), output.tensor().segment(), output.tensor().shape());
        }
        List<ComponentCall.NamedNumber> values = call.numbers();
        for (int i = 0; i < values.size(); i++) {
            MemorySegment number = d4j_number_t.asSlice(numbers, i);
            d4j_number_t.name(number, name(values.get(i).name()));
            d4j_number_t.value(number, values.get(i).value());
        }
        // Null where there are no ids: a loop's step has none.
        try (Arena idsArena = call.ids().isEmpty() ? null : Arena.ofConfined()) {
            for (ComponentCall.NamedIds ids : call.ids()) {
                add(ids, Objects.requireNonNull(idsArena));
            }
            Arrays.fill(data, tensorCount, data.length, MemorySegment.NULL);
            return D4j.d4j_run(
                    model,
                    name(call.name()),
                    tensors,
                    tensorCount,
                    data[0],
                    data[1],
                    data[2],
                    data[3],
                    data[4],
                    data[5],
                    data[6],
                    data[7],
                    numbers,
                    values.size(),
                    observer);
        } finally {
            Arrays.fill(data, MemorySegment.NULL);
        }
    }

    private void add(String name, MemorySegment values, Shape shape) {
        MemorySegment tensor = next(name, values, D4j.D4J_TENSOR_F32(), shape.rank());
        for (int i = 0; i < shape.rank(); i++) {
            d4j_tensor_t.shape(tensor, i, shape.dimension(i));
        }
    }

    private void add(ComponentCall.NamedIds ids, Arena idsArena) {
        MemorySegment values = idsArena.allocateFrom(ValueLayout.JAVA_INT, ids.values());
        d4j_tensor_t.shape(next(ids.name(), values, D4j.D4J_TENSOR_I32(), 1), 0, ids.values().length);
    }

    private MemorySegment next(String name, MemorySegment values, int type, int rank) {
        data[tensorCount] = values;
        MemorySegment tensor = d4j_tensor_t.asSlice(tensors, tensorCount++);
        d4j_tensor_t.name(tensor, name(name));
        d4j_tensor_t.type(tensor, type);
        d4j_tensor_t.rank(tensor, rank);
        return tensor;
    }

    private MemorySegment name(String text) {
        return names.computeIfAbsent(text, arena::allocateFrom);
    }
}
