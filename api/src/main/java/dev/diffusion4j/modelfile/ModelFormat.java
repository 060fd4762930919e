package dev.diffusion4j.modelfile;

/** The container a model file uses. Told from the file's content, never from its name. */
public enum ModelFormat {
    /** The safetensors format: a JSON header, then raw tensors. */
    SAFETENSORS("safetensors"),
    /** The GGUF format, versions 2 and 3: the one with quantised weights. */
    GGUF("GGUF"),
    /** What {@code torch.save} writes since PyTorch 1.6: a zip archive with a pickled table of tensors. */
    ZIP_CHECKPOINT("PyTorch checkpoint (zip)"),
    /** What {@code torch.save} wrote before PyTorch 1.6: pickles, then raw storages. */
    LEGACY_CHECKPOINT("PyTorch checkpoint (legacy)");

    private final String displayName;

    ModelFormat(String displayName) {
        this.displayName = displayName;
    }

    /** The name people know, such as {@code safetensors}. */
    public String displayName() {
        return displayName;
    }
}
