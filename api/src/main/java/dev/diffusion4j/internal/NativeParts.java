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

/** The parts of a model that is open in this process. */
public final class NativeParts implements Parts {

    private static final long MAX_DIMENSIONS = 4;

    private final NativeModel model;
    private final PartsInfo info;
    // Filled anew for each prediction, so that a step of a loop allocates nothing.
    private final MemorySegment prediction = d4j_unet_run_t.allocate(Arena.ofAuto());

    /** The parts of this model, which refuse to be used after it was closed. */
    public NativeParts(NativeModel owner) {
        model = owner;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = d4j_parts_t.allocate(arena);
            NativeStatus.check(D4j.d4j_parts(model.handle(), struct), "reading the model's parts");
            info = PartsInfo.of(struct);
        }
    }

    @Override
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

    @Override
    public void setLoras(List<Lora> loras, Watch watch) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = GenerationStruct.loraArray(loras, arena);
            NativeStatus.check(D4j.d4j_set_loras(model.handle(), array, loras.size(), watch.struct()), "applying LoRAs");
        }
    }

    @Override
    public void encodeText(int encoder, int[] ids, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {
        try (Arena arena = Arena.ofConfined()) {
            encodeText(encoder, ids(ids, arena), MemorySegment.NULL, skippedLayers, finalNorm, watch, hidden);
        }
    }

    @Override
    public void encodeEmbeddings(
            int encoder, Tensor embeddings, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {
        encodeText(encoder, MemorySegment.NULL, embeddings.segment(), skippedLayers, finalNorm, watch, hidden);
    }

    private void encodeText(
            int encoder,
            MemorySegment ids,
            MemorySegment embeddings,
            int skippedLayers,
            boolean finalNorm,
            Watch watch,
            Tensor hidden) {
        int status = D4j.d4j_text_encode(
                model.handle(),
                encoder,
                ids,
                embeddings,
                skippedLayers,
                finalNorm ? 1 : 0,
                watch.struct(),
                hidden.segment());
        NativeStatus.check(status, "encoding text");
    }

    @Override
    public void poolText(int encoder, int[] ids, int position, Watch watch, Tensor pooled) {
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_text_pool(
                    model.handle(),
                    encoder,
                    ids(ids, arena),
                    MemorySegment.NULL,
                    position,
                    watch.struct(),
                    pooled.segment());
            NativeStatus.check(status, "encoding text");
        }
    }

    @Override
    public void poolEmbeddings(int encoder, Tensor embeddings, int position, Watch watch, Tensor pooled) {
        int status = D4j.d4j_text_pool(
                model.handle(),
                encoder,
                MemorySegment.NULL,
                embeddings.segment(),
                position,
                watch.struct(),
                pooled.segment());
        NativeStatus.check(status, "encoding text");
    }

    @Override
    public void embedTokens(int encoder, int[] ids, Tensor embeddings) {
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_text_embed(model.handle(), encoder, ids(ids, arena), ids.length, embeddings.segment());
            NativeStatus.check(status, "looking up token embeddings");
        }
    }

    private static MemorySegment ids(int[] ids, Arena arena) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, ids);
    }

    @Override
    public void predict(
            Tensor latents,
            float timestep,
            Tensor context,
            Tensor negativeContext,
            Tensor vector,
            Tensor negativeVector,
            Tensor concat,
            float guidanceScale,
            Watch watch,
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
                model.handle(),
                prediction,
                latents.segment(),
                context.segment(),
                segment(negativeContext),
                segment(vector),
                segment(negativeVector),
                segment(concat),
                watch.struct(),
                result.segment());
        NativeStatus.check(status, "predicting noise");
    }

    private static MemorySegment segment(Tensor tensor) {
        return tensor == null ? MemorySegment.NULL : tensor.segment();
    }

    @Override
    public void encodePictures(Tensor pictures, Optional<VaeTiling> tiling, Watch watch, Tensor moments) {
        Shape shape = pictures.shape();
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_vae_encode(
                    model.handle(),
                    pictures.segment(),
                    (int) shape.dimension(0),
                    (int) shape.dimension(2),
                    (int) shape.dimension(3),
                    tiling(tiling, arena),
                    watch.struct(),
                    moments.segment());
            NativeStatus.check(status, "encoding a picture");
        }
    }

    @Override
    public void decodeLatents(Tensor latents, Optional<VaeTiling> tiling, Watch watch, Tensor pictures) {
        Shape shape = latents.shape();
        try (Arena arena = Arena.ofConfined()) {
            int status = D4j.d4j_vae_decode(
                    model.handle(),
                    latents.segment(),
                    (int) shape.dimension(0),
                    (int) shape.dimension(2),
                    (int) shape.dimension(3),
                    tiling(tiling, arena),
                    watch.struct(),
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

    @Override
    public float[] sigmas(int schedule, int steps, int width, int height) {
        try (Arena arena = Arena.ofConfined()) {
            // Some schedules make a few more than asked.
            int room = 2 * steps + 16;
            MemorySegment sigmas = arena.allocate(ValueLayout.JAVA_FLOAT, room);
            MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_INT, room);
            NativeStatus.check(
                    D4j.d4j_sigmas(model.handle(), schedule, steps, width, height, sigmas, count),
                    "computing noise levels");
            int length = count.get(ValueLayout.JAVA_INT, 0);
            return sigmas.asSlice(0, (long) length * Float.BYTES).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @Override
    public Tensor weight(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cName = arena.allocateFrom(name);
            MemorySegment dimensions = arena.allocate(ValueLayout.JAVA_LONG, MAX_DIMENSIONS);
            MemorySegment rank = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(
                    D4j.d4j_weight(model.handle(), cName, dimensions, rank, MemorySegment.NULL, count),
                    "reading a weight");
            long[] shape = dimensions
                    .asSlice(0, (long) rank.get(ValueLayout.JAVA_INT, 0) * Long.BYTES)
                    .toArray(ValueLayout.JAVA_LONG);
            Tensor weight = Tensor.zeros(Shape.of(shape));
            try {
                NativeStatus.check(
                        D4j.d4j_weight(model.handle(), cName, dimensions, rank, weight.segment(), count),
                        "reading a weight");
                return weight;
            } catch (RuntimeException e) {
                weight.close();
                throw e;
            }
        }
    }
}
