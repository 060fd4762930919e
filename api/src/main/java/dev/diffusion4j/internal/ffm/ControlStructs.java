package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.d4j_control_t;
import dev.diffusion4j.internal.engine.GenerationInputs.ControlInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Writes control pictures into an array of structs. */
final class ControlStructs {

    private ControlStructs() {}

    /**
     * @param controlNets the names of the model's ControlNets, in the order in which they were opened
     */
    static MemorySegment allocate(List<ControlInput> controls, List<String> controlNets, Arena arena) {
        MemorySegment array = d4j_control_t.allocateArray(controls.size(), arena);
        for (int i = 0; i < controls.size(); i++) {
            ControlInput control = controls.get(i);
            MemorySegment element = d4j_control_t.asSlice(array, i);
            d4j_control_t.control_net(element, controlNets.indexOf(control.controlNet()));
            d4j_control_t.strength(element, (float) control.strength());
            d4j_control_t.start(element, control.start());
            d4j_control_t.end(element, control.end());
            PictureStructs.write(control.picture(), d4j_control_t.picture(element), arena);
        }
        return array;
    }
}
