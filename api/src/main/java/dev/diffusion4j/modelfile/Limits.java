package dev.diffusion4j.modelfile;

/**
 * What a file may claim before it is taken for damaged or hostile. Each limit is several times what the largest model
 * in use needs, and low enough that neither these readers nor the runtime run out of memory or time at it.
 */
final class Limits {

    /** The largest picture models have some thousand tensors. The runtime compares GGUF names pairwise. */
    static final int MAX_TENSORS = 65_536;

    /** For each tensor of a zip checkpoint the runtime walks the archive's directory. */
    static final int MAX_ZIP_ENTRIES = 16_384;

    static final int MAX_NAME_LENGTH = 1_024;

    /** The runtime builds as many blocks as the highest number in a tensor's name says. */
    static final int MAX_BLOCK_NUMBER = 4_096;

    /** The runtime's own limit. */
    static final int MAX_DIMENSIONS = 5;

    /** The runtime counts a tensor's elements in an {@code int} when it converts between types. */
    static final long MAX_ELEMENTS = Integer.MAX_VALUE;

    /** Elements of a PyTorch storage, of which many tensors may be views. */
    static final long MAX_STORAGE = 1L << 40;

    static final int MAX_METADATA_ENTRIES = 4_096;

    static final int MAX_METADATA_ARRAY = 16 << 20;

    static final int MAX_JSON_HEADER = 32 << 20;

    static final int MAX_PICKLE = 32 << 20;

    /** Pickle opcodes and values: the runtime copies values where Python shares them. */
    static final long MAX_PICKLE_WORK = 4_000_000;

    static final int MAX_PICKLE_DEPTH = 32;

    /** Weights hardly compress; real zeros do, but not every byte of a file is a zero. */
    static final int MAX_COMPRESSION_RATIO = 100;

    private Limits() {}
}
