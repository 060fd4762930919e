package dev.diffusion4j.internal.format;

import java.util.Map;
import java.util.Optional;

/** Ways to quantise weights that neither the runtime nor anything here reads, known by the tensors that they add. */
public final class Quantizations {

    /** What somebody who has such a file can use in its place. */
    public static final String WAY_OUT =
            "; the same model as GGUF, in fp8 or in bf16 can be used, the last one made smaller by"
                    + " a weight type while it is opened";

    private static final Map<String, String> BY_ENDING = Map.ofEntries(
            Map.entry(".weight.absmax", "bitsandbytes"),
            Map.entry(".weight.quant_map", "bitsandbytes"),
            Map.entry(".weight.quant_state.bitsandbytes__nf4", "bitsandbytes"),
            Map.entry(".weight.quant_state.bitsandbytes__fp4", "bitsandbytes"),
            Map.entry(".SCB", "bitsandbytes"),
            Map.entry(".qzeros", "GPTQ or AWQ"),
            Map.entry(".g_idx", "GPTQ or AWQ"),
            Map.entry(".wscales", "nunchaku"),
            Map.entry(".wcscales", "nunchaku"),
            Map.entry(".smooth_factor", "nunchaku"),
            Map.entry(".weight_scale_2", "NVFP4"),
            Map.entry(".weight_scale_inv", "fp8 with scales for blocks"));

    private Quantizations() {}

    /** The one that adds a tensor of that name. */
    public static Optional<String> of(String tensor) {
        return BY_ENDING.entrySet().stream()
                .filter(entry -> tensor.endsWith(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }
}
