package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.d4j_lora_t;
import dev.diffusion4j.request.Lora;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Writes LoRAs into an array of structs. */
final class LoraStructs {

    private LoraStructs() {}

    static MemorySegment allocate(List<Lora> loras, Arena arena) {
        MemorySegment array = d4j_lora_t.allocateArray(loras.size(), arena);
        for (int i = 0; i < loras.size(); i++) {
            Lora lora = loras.get(i);
            MemorySegment element = d4j_lora_t.asSlice(array, i);
            d4j_lora_t.path(element, arena.allocateFrom(lora.path().toString()));
            d4j_lora_t.multiplier(element, (float) lora.multiplier());
            d4j_lora_t.text_encoder_multiplier(element, (float) lora.textEncoderMultiplier());
        }
        return array;
    }
}
