package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An engine in a process of its own, which is started again when it has died. Carries any call without knowing it. */
public final class IsolatedEngine implements Engine {

    private final OpenSpec spec;
    private final RestartedChild child;
    /** Null until the first child has opened the model. */
    private @Nullable ModelInfo info;
    /** What a new child has to be told, so that a loop that goes on with it draws what it would have drawn. */
    private List<Lora> loras = List.of();

    private IsolatedEngine(OpenSpec spec, IsolatedOptions options) {
        this.spec = spec;
        child = new RestartedChild(options, this::openIn);
    }

    /** Starts a process and opens the model there. */
    public static IsolatedEngine open(OpenSpec spec, IsolatedOptions options) {
        IsolatedEngine engine = new IsolatedEngine(spec, options);
        engine.child.require();
        return engine;
    }

    @Override
    public ModelInfo info() {
        return Objects.requireNonNull(info, "open() starts a child");
    }

    @Override
    public List<RgbImage> generate(
            ImageRequest request, GenerationInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        try (Watch watch = new Watch(observer, cancellation)) {
            return child.call(
                    "drawing",
                    watch,
                    exchange -> command(request, inputs, watch, exchange),
                    (reply, exchange) -> exchange.read(((Reply.Pictures) reply).pictures()));
        }
    }

    @Override
    public VideoOutput generate(
            VideoRequest request, VideoInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        try (Watch watch = new Watch(observer, cancellation)) {
            return child.call(
                    "drawing", watch, exchange -> command(request, inputs, watch, exchange), (reply, exchange) -> {
                        Reply.Video video = (Reply.Video) reply;
                        return new VideoOutput(exchange.read(video.frames()), video.audio());
                    });
        }
    }

    private static Command command(VideoRequest request, VideoInputs inputs, Watch watch, Exchange exchange) {
        return new Command.GenerateVideo(
                request.withoutPictures().toJson(),
                inputs.firstFrame().map(exchange::input),
                inputs.lastFrame().map(exchange::input),
                inputs.controlFrames().stream().map(exchange::input).toList(),
                watch.previewMode(),
                watch.previewInterval());
    }

    private static Command command(ImageRequest request, GenerationInputs inputs, Watch watch, Exchange exchange) {
        return new Command.Generate(
                request.withoutPictures().toJson(),
                inputs.init().map(exchange::input),
                inputs.mask().map(exchange::input),
                inputs.strength(),
                inputs.references().stream().map(exchange::input).toList(),
                inputs.resizeReferences(),
                inputs.distinctReferenceIndices(),
                inputs.controls().stream()
                        .map(control -> new Command.ControlPlace(
                                control.controlNet(),
                                exchange.input(control.picture()),
                                control.strength(),
                                control.start(),
                                control.end()))
                        .toList(),
                inputs.identity()
                        .map(identity -> new Command.SharedIdentity(
                                identity.pictures().stream()
                                        .map(exchange::input)
                                        .toList(),
                                identity.styleStrength(),
                                identity.embeddings())),
                watch.previewMode(),
                watch.previewInterval());
    }

    @Override
    public void run(ComponentCall work, Watch watch) {
        child.call(work.action(), watch, exchange -> command(work, exchange), (reply, exchange) -> {
            exchange.readOutputs();
            return reply;
        });
    }

    private static Command command(ComponentCall work, Exchange exchange) {
        return new Command.Run(
                work.name(),
                work.action(),
                work.numbers(),
                work.ids(),
                work.inputs().stream()
                        .map(input -> new Command.NamedPlace(input.name(), exchange.input(input.tensor())))
                        .toList(),
                work.outputs().stream()
                        .map(output -> new Command.NamedPlace(output.name(), exchange.output(output.tensor())))
                        .toList());
    }

    @Override
    public void setLoras(List<Lora> wanted, Watch watch) {
        // Those that cannot be applied must not keep a new child from starting.
        loras = List.of();
        if (!wanted.isEmpty() || child.isAlive()) {
            child.call("applying LoRAs", watch, exchange -> new Command.SetLoras(wanted), (reply, exchange) -> reply);
        }
        loras = wanted;
    }

    @Override
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        return child.call(
                "computing noise levels",
                Watch.NONE,
                exchange -> new Command.NoiseLevels(schedule, steps, size.width(), size.height()),
                (reply, exchange) -> ((Reply.Numbers) reply).values());
    }

    @Override
    public Tensor weight(String name) {
        return child.call(
                "reading a weight",
                Watch.NONE,
                exchange -> new Command.Weight(name),
                (reply, exchange) -> exchange.read(((Reply.Weight) reply).tensor()));
    }

    private void openIn(ChildProcess started) {
        Command open = new Command.Open(
                spec.model(),
                spec.options().toJson(),
                spec.learnedWords(),
                spec.processors(),
                RestartedChild.leastLogLevel());
        info = ((Reply.Opened) started.ask(open, "opening the model", Watch.NONE)).info();
        if (!loras.isEmpty()) {
            started.ask(new Command.SetLoras(loras), "applying LoRAs", Watch.NONE);
        }
    }

    @Override
    public void close() {
        child.close();
    }
}
