package dev.diffusion4j.internal;

import dev.diffusion4j.ClosedException;
import dev.diffusion4j.GenerationParameters;
import dev.diffusion4j.Lora;
import dev.diffusion4j.NativeFailureException;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_model_info_t;
import dev.diffusion4j.bindings.sd_image_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A model that is open in this process. */
public final class NativeModel implements Model {

    /** Null once the model is closed. */
    private MemorySegment handle;

    private final DeviceSelection devices;
    private final LearnedWords words;

    private NativeModel(MemorySegment handle, DeviceSelection devices, LearnedWords words) {
        this.handle = handle;
        this.devices = devices;
        this.words = words;
    }

    /**
     * What the runtime knows the model by. Asked for anew for each call, so that none reaches a model that was freed.
     *
     * @throws ClosedException after {@link #close()}
     */
    MemorySegment handle() {
        if (handle == null) {
            throw new ClosedException("the model is closed");
        }
        return handle;
    }

    /** Opens the model; weights are read on first use. */
    public static NativeModel open(ModelParameters parameters) {
        NativeLibrary.load();
        DeviceSelection devices = DeviceSelection.of(parameters.device(), parameters.partDevices());
        LearnedWords words = LearnedWords.of(parameters.embeddings().keySet());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = parameters.allocate(arena, devices, words);
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            NativeStatus.check(D4j.d4j_model_open(params, MemorySegment.NULL, out), "opening the model");
            return new NativeModel(out.get(ValueLayout.ADDRESS, 0), devices, words);
        }
    }

    @Override
    public ModelInfo info() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = d4j_model_info_t.allocate(arena);
            NativeStatus.check(D4j.d4j_model_info(handle(), info), "reading the model's properties");
            return new ModelInfo(
                    d4j_model_info_t.family(info).getString(0),
                    d4j_model_info_t.size_multiple(info),
                    d4j_model_info_t.vae_scale_factor(info),
                    d4j_model_info_t.latent_channels(info),
                    d4j_model_info_t.default_sampler(info),
                    d4j_model_info_t.default_schedule(info),
                    d4j_model_info_t.generates_images(info) != 0,
                    d4j_model_info_t.is_inpaint(info) != 0,
                    d4j_model_info_t.has_vae_encoder(info) != 0,
                    devices.names());
        }
    }

    @Override
    public Parts parts() {
        return new NativeParts(this);
    }

    @Override
    public List<RgbImage> generate(
            GenerationParameters parameters,
            GenerationInputs inputs,
            GenerationObserver observer,
            CancellationFlag cancellation) {
        try (Arena arena = Arena.ofConfined();
                Watch watch = new Watch(observer, cancellation)) {
            MemorySegment struct = GenerationStruct.allocate(parameters, inputs, words, arena);
            MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            List<Lora> loras = parameters.loras();
            int status = D4j.d4j_generate_image(
                    handle(),
                    struct,
                    GenerationStruct.loraArray(loras, arena),
                    loras.size(),
                    watch.struct(),
                    images,
                    count);
            List<RgbImage> result = status == D4j.D4J_OK()
                    ? takeImages(images.get(ValueLayout.ADDRESS, 0), count.get(ValueLayout.JAVA_INT, 0))
                    : List.of();
            try {
                NativeStatus.check(status, "drawing");
            } catch (RuntimeException e) {
                watch.rethrowBefore(e);
                throw e;
            }
            watch.rethrow();
            return result;
        }
    }

    @Override
    public void close() {
        if (handle == null) {
            return;
        }
        MemorySegment open = handle;
        handle = null;
        NativeStatus.check(D4j.d4j_model_close(open), "closing the model");
    }

    /**
     * Copies the pictures to the heap and frees the native ones, also where it fails.
     *
     * @param array of that many pictures, as the shim hands them over
     */
    static List<RgbImage> takeImages(MemorySegment array, int count) {
        MemorySegment images = array.reinterpret(count * sd_image_t.sizeof());
        try {
            List<RgbImage> result = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                result.add(copy(sd_image_t.asSlice(images, i)));
            }
            return result;
        } finally {
            for (int i = 0; i < count; i++) {
                D4j.d4j_pixels_free(sd_image_t.data(sd_image_t.asSlice(images, i)));
            }
            D4j.d4j_image_array_free(array);
        }
    }

    private static RgbImage copy(MemorySegment image) {
        int width = sd_image_t.width(image);
        int height = sd_image_t.height(image);
        int channels = sd_image_t.channel(image);
        MemorySegment pixels = sd_image_t.data(image);
        if (pixels.equals(MemorySegment.NULL) || channels != 3) {
            throw new NativeFailureException("the runtime gave a picture of " + width + "x" + height + " pixels and "
                    + channels + " channels" + (pixels.equals(MemorySegment.NULL) ? " without data" : ""));
        }
        return new RgbImage(
                width, height, pixels.reinterpret(3L * width * height).toArray(ValueLayout.JAVA_BYTE));
    }
}
