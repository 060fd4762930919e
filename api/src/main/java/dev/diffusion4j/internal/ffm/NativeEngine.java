package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_model_info_t;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationInputs.ControlInput;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.ModelInfo.VideoInputKinds;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.NativeStatus;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The native runtime in this process, with a model that is open there. */
public final class NativeEngine implements Engine {

    private static final long MAX_DIMENSIONS = 4;

    /** Null once the model is closed. */
    private @Nullable MemorySegment handle;

    private final DeviceSelection devices;
    private final LearnedWords words;
    private final List<String> controlNets;
    private final ComponentStructs components = new ComponentStructs();

    private NativeEngine(MemorySegment handle, DeviceSelection devices, LearnedWords words, List<String> controlNets) {
        this.handle = handle;
        this.devices = devices;
        this.words = words;
        this.controlNets = controlNets;
    }

    /**
     * What the runtime knows the model by. Asked for anew for each call, so that none reaches a model that was freed.
     *
     * @throws ClosedException after {@link #close()}
     */
    private MemorySegment handle() {
        if (handle == null) {
            throw new ClosedException("the model is closed");
        }
        return handle;
    }

    /** Opens the model; weights are read on first use. */
    public static NativeEngine open(OpenSpec spec) {
        NativeLibrary.load();
        PromptTokenizers.connect();
        DeviceSelection devices =
                DeviceSelection.of(spec.options().device(), spec.options().componentDevices());
        LearnedWords words = LearnedWords.of(spec.learnedWords().keySet());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = ModelStruct.allocate(spec, devices, words, arena);
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            NativeStatus.check(D4j.d4j_model_open(params, MemorySegment.NULL, out), "opening the model");
            Map<String, Path> controlNets = spec.options().controlNets();
            NativeEngine engine = new NativeEngine(
                    out.get(ValueLayout.ADDRESS, 0), devices, words, List.copyOf(controlNets.keySet()));
            try {
                controlNets.values().forEach(file -> engine.addControlNet(file, arena));
                return engine;
            } catch (RuntimeException e) {
                engine.close();
                throw e;
            }
        }
    }

    private void addControlNet(Path file, Arena arena) {
        MemorySegment path = arena.allocateFrom(file.toString());
        NativeStatus.check(D4j.d4j_add_control_net(handle(), path, MemorySegment.NULL), "opening a ControlNet");
    }

    @Override
    public ModelInfo info() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = d4j_model_info_t.allocate(arena);
            NativeStatus.check(D4j.d4j_model_info(handle(), info), "reading the model's properties");
            return new ModelInfo(
                    NativeVersions.source(),
                    d4j_model_info_t.family(info).getString(0),
                    d4j_model_info_t.size_multiple(info),
                    d4j_model_info_t.vae_scale_factor(info),
                    d4j_model_info_t.latent_channels(info),
                    RuntimeCodes.sampler(d4j_model_info_t.default_sampler(info)),
                    RuntimeCodes.schedule(d4j_model_info_t.default_schedule(info)),
                    d4j_model_info_t.generates_images(info) != 0,
                    d4j_model_info_t.has_vae_encoder(info) != 0,
                    videoInputs(info),
                    devices.names(),
                    componentsInfo(arena, d4j_model_info_t.latent_channels(info)));
        }
    }

    private static Optional<VideoInputKinds> videoInputs(MemorySegment info) {
        if (d4j_model_info_t.frame_step(info) == 0) {
            return Optional.empty();
        }
        int inputs = d4j_model_info_t.video_inputs(info);
        return Optional.of(new VideoInputKinds(
                (inputs & D4j.D4J_VIDEO_FIRST_FRAME()) != 0,
                (inputs & D4j.D4J_VIDEO_LAST_FRAME()) != 0,
                (inputs & D4j.D4J_VIDEO_LAST_NEEDS_FIRST()) == 0,
                (inputs & D4j.D4J_VIDEO_CONTROL_FRAMES()) != 0));
    }

    private ComponentsInfo componentsInfo(Arena arena, int latentChannels) {
        MemorySegment parts = d4j_parts_t.allocate(arena);
        NativeStatus.check(D4j.d4j_parts(handle(), parts), "reading the model's components");
        return ComponentsStruct.read(parts, latentChannels);
    }

    @Override
    public List<RgbImage> generate(
            ImageRequest request, GenerationInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        try (Arena arena = Arena.ofConfined();
                Watch watch = new Watch(observer, cancellation)) {
            MemorySegment struct = GenerationStruct.allocate(request, inputs, words, arena);
            MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            List<Lora> loras = request.loras();
            List<ControlInput> controls = inputs.controls();
            if (!controls.isEmpty()) {
                MemorySegment array = ControlStructs.allocate(controls, controlNets, arena);
                NativeStatus.check(D4j.d4j_set_controls(handle(), array, controls.size()), "taking control pictures");
            }
            int status = D4j.d4j_generate_image(
                    handle(),
                    struct,
                    LoraStructs.allocate(loras, arena),
                    loras.size(),
                    ObserverStruct.of(watch),
                    images,
                    count);
            List<RgbImage> result = status == D4j.D4J_OK()
                    ? PictureStructs.take(images.get(ValueLayout.ADDRESS, 0), count.get(ValueLayout.JAVA_INT, 0))
                    : List.of();
            check(status, watch);
            return result;
        }
    }

    @Override
    public VideoOutput generate(
            VideoRequest request, VideoInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        try (Arena arena = Arena.ofConfined();
                Watch watch = new Watch(observer, cancellation)) {
            MemorySegment struct = VideoStruct.allocate(request, inputs, words, arena);
            MemorySegment frames = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment audio = arena.allocate(ValueLayout.ADDRESS);
            List<Lora> loras = request.loras();
            int status = D4j.d4j_generate_video(
                    handle(),
                    struct,
                    LoraStructs.allocate(loras, arena),
                    loras.size(),
                    ObserverStruct.of(watch),
                    frames,
                    count,
                    audio);
            VideoOutput result = status == D4j.D4J_OK()
                    ? take(frames.get(ValueLayout.ADDRESS, 0), count.get(ValueLayout.JAVA_INT, 0), audio)
                    : new VideoOutput(List.of(), Optional.empty());
            check(status, watch);
            return result;
        }
    }

    /** Both are taken, and freed, also where one fails. */
    private static VideoOutput take(MemorySegment frames, int count, MemorySegment audio) {
        List<RgbImage> seen;
        Optional<VideoOutput.Audio> heard;
        try {
            seen = PictureStructs.take(frames, count);
        } finally {
            heard = AudioStruct.take(audio.get(ValueLayout.ADDRESS, 0));
        }
        return new VideoOutput(seen, heard);
    }

    /** Throws what the observer threw, or else what the status says. */
    private static void check(int status, Watch watch) {
        try {
            NativeStatus.check(status, "drawing");
        } catch (RuntimeException e) {
            watch.rethrowBefore(e);
            throw e;
        }
        watch.rethrow();
    }

    @Override
    public void run(ComponentCall call, Watch watch) {
        NativeStatus.check(components.run(handle(), call, ObserverStruct.of(watch)), call.action());
    }

    @Override
    public void setLoras(List<Lora> loras, Watch watch) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = LoraStructs.allocate(loras, arena);
            NativeStatus.check(
                    D4j.d4j_set_loras(handle(), array, loras.size(), ObserverStruct.of(watch)), "applying LoRAs");
        }
    }

    @Override
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        try (Arena arena = Arena.ofConfined()) {
            // Some schedules make a few more than asked.
            int room = 2 * steps + 16;
            MemorySegment sigmas = arena.allocate((long) room * Float.BYTES, Float.BYTES);
            MemorySegment count = arena.allocate(Integer.BYTES, Integer.BYTES);
            count.set(ValueLayout.JAVA_INT, 0, room);
            int status = D4j.d4j_sigmas(
                    handle(), RuntimeCodes.of(schedule), steps, size.width(), size.height(), sigmas, count);
            NativeStatus.check(status, "computing noise levels");
            int length = count.get(ValueLayout.JAVA_INT, 0);
            float[] levels = new float[length];
            MemorySegment.copy(sigmas, ValueLayout.JAVA_FLOAT, 0, levels, 0, length);
            return levels;
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
                    D4j.d4j_weight(handle(), cName, dimensions, rank, MemorySegment.NULL, count), "reading a weight");
            long[] shape = dimensions
                    .asSlice(0, (long) rank.get(ValueLayout.JAVA_INT, 0) * Long.BYTES)
                    .toArray(ValueLayout.JAVA_LONG);
            Tensor weight = Tensor.zeros(Shape.of(shape));
            try {
                NativeStatus.check(
                        D4j.d4j_weight(handle(), cName, dimensions, rank, weight.segment(), count), "reading a weight");
                return weight;
            } catch (RuntimeException e) {
                weight.close();
                throw e;
            }
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
}
