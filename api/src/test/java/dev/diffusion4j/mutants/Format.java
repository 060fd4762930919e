package dev.diffusion4j.mutants;

/** The formats in which a model's tensors can be written. */
enum Format {
    SAFETENSORS(1, false),
    GGUF(32, false),
    ZIP(1, true),
    LEGACY(1, true);

    private final int alignment;
    private final boolean storages;

    Format(int alignment, boolean storages) {
        this.alignment = alignment;
        this.storages = storages;
    }

    /** Tensors begin at multiples of this. */
    int alignment() {
        return alignment;
    }

    /** Whether each tensor's bytes are in a storage of their own. */
    boolean hasStorages() {
        return storages;
    }

    /** What the file will say about the tensors: JSON, a table, or a pickle. */
    Structure describe(Draft draft) {
        return switch (this) {
            case SAFETENSORS -> SafetensorsLayout.describe(draft);
            case GGUF -> GgufLayout.describe(draft);
            case ZIP, LEGACY -> PickleLayout.describe(draft);
        };
    }

    /** The file that consists of a description, right or wrong, and the weights. */
    FileImage assemble(Structure description, Draft draft) {
        return switch (this) {
            case SAFETENSORS -> SafetensorsLayout.assemble(description, draft);
            case GGUF -> GgufLayout.assemble(description, draft);
            case ZIP -> ZipLayout.assemble(description, draft);
            case LEGACY -> LegacyLayout.assemble(description, draft);
        };
    }
}
