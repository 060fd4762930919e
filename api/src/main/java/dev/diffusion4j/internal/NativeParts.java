package dev.diffusion4j.internal;

import dev.diffusion4j.Lora;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.bindings.d4j_unet_run_t;
import dev.diffusion4j.bindings.sd_tiling_params_t;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The parts of an open model, run one by one. Tensors are handed over as they are: the callers have checked their shapes.
 * Not thread-safe: all methods run on the model's {@link ModelThread}.
 *
 * <p>{@code observer} is {@link #UNOBSERVED} or a struct of {@link NativeCallbacks}.
 */
public final class NativeParts {

    /** For calls that nobody watches or cancels. */
    public static final MemorySegment UNOBSERVED = MemorySegment.NULL;

    private static final long MAX_DIMENSIONS = 4;

    private final MemorySegment model;
    private final PartsInfo info;
    // Filled anew for each prediction, so that a step of a loop allocates nothing.
    private final MemorySegment prediction = d4j_unet_run_t.allocate(Arena.ofAuto());

    /** The parts of this model, which must stay open while they are used. */
    public NativeParts(NativeModel owner) {
        model = owner.handle();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = d4j_parts_t.allocate(arena);
            NativeStatus.check(D4j.d4j_parts(model, struct), "reading the model's parts");
            info = PartsInfo.of(struct);
        }
    }

    /** What the runtime says of them. */
    public PartsInfo info() {
        return info;
    }

    /** CLIP's merges.txt, which the library carries. */
    public static String clipMerges() {
        NativeLibrary.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment length = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(D4j.d4j_clip_merges(text, length), "reading the tokenizer's merges");
            MemorySegment bytes = text.get(ValueLayout.ADDRESS, 0).reinterpret(length.get(ValueLayout.JAVA_LONG, 0));
            return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    /** Applies LoRAs to the parts until the next call or generation; an empty list takes them off. */
    public void setLoras(List<Lora> loras) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = GenerationStruct.loraArray(loras, arena);
            NativeStatus.check(D4j.d4j_set_loras(model, array, loras.size()), "applying LoRAs");
        }
    }

    /** Hidden states of token ids. */
    public void encodeText(
            int encoder, int[] ids, int skippedLayers, boolean finalNorm, MemorySegment observer, Tensor hidden) {
        try (Arena arena = Arena.ofConfined()) {
            encodeText(encoder, ids(ids, arena), MemorySegment.NULL, skippedLayers, finalNorm, observer, hidden);
        }
    }

    /** Hidden states of what enters the first layer. */
    public void encodeEmbeddings(
            int encoder,
            Tensor embeddings,
            int skippedLayers,
            boolean finalNorm,
            MemorySegment observer,
            Tensor hidden) {
        encodeText(encoder, MemorySegment.NULL, embeddings.segment(), skippedLayers, finalNorm, observer, hidden);
    }

    private void encodeText(
            int encoder,
            MemorySegment ids,
            MemorySegment embeddings,
            int skippedLayers,
            boolean finalNorm,
            MemorySegment observer,
            Tensor hidden) {
        int status = D4j.d4j_text_encode(
                model, encoder, ids, embeddings, skippedLayers, finalNorm ? 1 : 0, observer, hidden.segment());
        NativeStatus.check(status, "encoding text");
    }

    /** The pooled output at a position. */
    public void poolText(int encoder, int[] ids, int position, MemorySegment observer, Tensor pooled) {
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_text_pool(
                    model, encoder, ids(ids, arena), MemorySegment.NULL, position, observer, pooled.segment());
            NativeStatus.check(status, "encoding text");
        }
    }

    /** The pooled output at a position, of what enters the first layer. */
    public void poolEmbeddings(int encoder, Tensor embeddings, int position, MemorySegment observer, Tensor pooled) {
        int status = D4j.d4j_text_pool(
                model, encoder, MemorySegment.NULL, embeddings.segment(), position, observer, pooled.segment());
        NativeStatus.check(status, "encoding text");
    }

    /** Rows of the token embedding table. */
    public void embedTokens(int encoder, int[] ids, Tensor embeddings) {
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_text_embed(model, encoder, ids(ids, arena), ids.length, embeddings.segment());
            NativeStatus.check(status, "looking up token embeddings");
        }
    }

    private static MemorySegment ids(int[] ids, Arena arena) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, ids);
    }

    /**
     * One prediction of the U-Net. Allocates nothing off the heap.
     *
     * @param latents (batch, channels, height, width)
     * @param context (1 or batch, tokens, context size)
     * @param negativeContext for guidance, or null
     * @param vector of the models that have one, or null
     * @param negativeVector with the negative context, or null
     * @param concat of inpainting models, or null
     * @param result (batch, out channels, height, width)
     */
    public void predict(
            Tensor latents,
            float timestep,
            Tensor context,
            Tensor negativeContext,
            Tensor vector,
            Tensor negativeVector,
            Tensor concat,
            float guidanceScale,
            MemorySegment observer,
            Tensor result) {
        Shape shape = latents.shape();
        d4j_unet_run_t.batch(prediction, (int) shape.dimension(0));
        d4j_unet_run_t.height(prediction, (int) shape.dimension(2));
        d4j_unet_run_t.width(prediction, (int) shape.dimension(3));
        d4j_unet_run_t.timestep(prediction, timestep);
        d4j_unet_run_t.context_batch(prediction, (int) context.shape().dimension(0));
        d4j_unet_run_t.context_length(prediction, (int) context.shape().dimension(1));
        d4j_unet_run_t.negative_context_length(
                prediction,
                negativeContext == null ? 0 : (int) negativeContext.shape().dimension(1));
        d4j_unet_run_t.guidance_scale(prediction, guidanceScale);
        int status = D4j.d4j_unet_predict(
                model,
                prediction,
                latents.segment(),
                context.segment(),
                segment(negativeContext),
                segment(vector),
                segment(negativeVector),
                segment(concat),
                observer,
                result.segment());
        NativeStatus.check(status, "predicting noise");
    }

    private static MemorySegment segment(Tensor tensor) {
        return tensor == null ? MemorySegment.NULL : tensor.segment();
    }

    /** The VAE's encoding of pictures (batch, 3, height, width). */
    public void encodePictures(Tensor pictures, Optional<VaeTiling> tiling, MemorySegment observer, Tensor moments) {
        Shape shape = pictures.shape();
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_vae_encode(
                    model,
                    pictures.segment(),
                    (int) shape.dimension(0),
                    (int) shape.dimension(2),
                    (int) shape.dimension(3),
                    tiling(tiling, arena),
                    observer,
                    moments.segment());
            NativeStatus.check(status, "encoding a picture");
        }
    }

    /** Pictures of unscaled latents (batch, channels, height, width). */
    public void decodeLatents(Tensor latents, Optional<VaeTiling> tiling, MemorySegment observer, Tensor pictures) {
        Shape shape = latents.shape();
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_vae_decode(
                    model,
                    latents.segment(),
                    (int) shape.dimension(0),
                    (int) shape.dimension(2),
                    (int) shape.dimension(3),
                    tiling(tiling, arena),
                    observer,
                    pictures.segment());
            NativeStatus.check(status, "decoding a picture");
        }
    }

    private static MemorySegment tiling(Optional<VaeTiling> tiling, Arena arena) {
        if (tiling.isEmpty()) {
            return MemorySegment.NULL;
        }
        MemorySegment struct = sd_tiling_params_t.allocate(arena);
        GenerationStruct.writeTiling(tiling.get(), struct);
        return struct;
    }

    /** The noise levels of a schedule for pictures of a size, the last one 0. */
    public float[] sigmas(int schedule, int steps, int width, int height) {
        try (Arena arena = Arena.ofConfined()) {
            // Some schedules make a few more than asked.
            int room = 2 * steps + 16;
            MemorySegment sigmas = arena.allocate(ValueLayout.JAVA_FLOAT, room);
            MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_INT, room);
            NativeStatus.check(
                    D4j.d4j_sigmas(model, schedule, steps, width, height, sigmas, count), "computing noise levels");
            int length = count.get(ValueLayout.JAVA_INT, 0);
            return sigmas.asSlice(0, (long) length * Float.BYTES).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /** A weight of the model's files, by the runtime's name of it. */
    public Tensor weight(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cName = arena.allocateFrom(name);
            MemorySegment dimensions = arena.allocate(ValueLayout.JAVA_LONG, MAX_DIMENSIONS);
            MemorySegment rank = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(
                    D4j.d4j_weight(model, cName, dimensions, rank, MemorySegment.NULL, count), "reading a weight");
            long[] shape = dimensions
                    .asSlice(0, (long) rank.get(ValueLayout.JAVA_INT, 0) * Long.BYTES)
                    .toArray(ValueLayout.JAVA_LONG);
            Tensor weight = Tensor.zeros(Shape.of(shape));
            try {
                NativeStatus.check(
                        D4j.d4j_weight(model, cName, dimensions, rank, weight.segment(), count), "reading a weight");
                return weight;
            } catch (RuntimeException e) {
                weight.close();
                throw e;
            }
        }
    }
}
