package dev.diffusion4j.modelfile;

/** The numbers by which GGUF files name types of tensors. */
public final class GgmlIds {

    private static final int HIGHEST = 64;

    private GgmlIds() {}

    /** -1 for a type that GGUF has not. */
    public static int of(TensorType type) {
        for (int id = 0; id < HIGHEST; id++) {
            if (TensorType.ofGgmlId(id).filter(type::equals).isPresent()) {
                return id;
            }
        }
        return -1;
    }
}
