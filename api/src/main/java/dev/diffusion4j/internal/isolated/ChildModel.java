package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationInputs.ControlInput;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.IdentityInput;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.engine.UpscaleEngine;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.NativeEngine;
import dev.diffusion4j.internal.ffm.NativeUpscaler;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The child's side of the calls: does with the native model what the parent asks for. Used on the model's thread. */
final class ChildModel {

    private final Connection connection;
    private final SharedMemory memory;
    private final CancellationFlag cancellation;
    private final Watch componentWatch;
    /** Null until the parent has it opened. */
    private @Nullable Engine engine;
    /** Null unless the parent has one opened in place of a model. */
    private @Nullable UpscaleEngine upscaler;

    ChildModel(Connection connection, SharedMemory memory) {
        this.connection = connection;
        this.memory = memory;
        cancellation = new CancellationFlag(memory.flag());
        componentWatch = new Watch(new Reporter(Optional.empty(), 1), cancellation);
    }

    void answer(Command command) {
        Reply reply;
        try {
            // All at once: mapping more of it later would end the segments of tensors that are in use.
            data(memory.size());
            reply = work(command);
        } catch (Throwable e) {
            reply = new Reply.Failed(Failure.of(e));
        }
        try {
            send(reply);
        } catch (UncheckedIOException e) {
            // The parent is gone; the main thread sees that too and ends the process.
        }
    }

    private void send(Reply reply) {
        try {
            connection.send(Connection.message(Reply.class, reply));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Reply work(Command command) {
        return switch (command) {
            case Command.Open open -> open(open);
            case Command.OpenUpscaler open -> open(open);
            case Command.Generate generate -> generate(generate);
            case Command.Upscale upscale -> upscale(upscale);
            case Command.GenerateVideo generate -> generate(generate);
            case Command.Run run -> run(run);
            case Command.SetLoras set -> {
                engine().setLoras(set.loras(), componentWatch);
                yield new Reply.Done();
            }
            case Command.NoiseLevels levels ->
                new Reply.Numbers(engine().noiseLevels(
                                levels.schedule(), levels.steps(), new ImageSize(levels.width(), levels.height())));
            case Command.Weight weight -> weight(weight.name());
        };
    }

    private Engine engine() {
        return Objects.requireNonNull(engine, "the parent has a model opened first");
    }

    private void sendLog(Level least) {
        NativeLibrary.logTo(least, (level, text) -> send(new Reply.Log(level, text)));
    }

    private Reply open(Command.OpenUpscaler open) {
        sendLog(open.logLevel());
        UpscaleEngine opened = NativeUpscaler.open(open.spec());
        upscaler = opened;
        return new Reply.OpenedUpscaler(opened.info());
    }

    private Reply upscale(Command.Upscale upscale) {
        RgbImage image = Objects.requireNonNull(upscaler, "the parent has an upscaler opened first")
                .upscale(
                        picture(upscale.picture()),
                        upscale.tileSize(),
                        new Reporter(Optional.empty(), 1),
                        cancellation);
        return new Reply.Pictures(share(List.of(image)));
    }

    private Reply open(Command.Open open) {
        sendLog(open.logLevel());
        engine = NativeEngine.open(new OpenSpec(
                open.model(), ModelOptions.fromJson(open.options()), open.learnedWords(), open.processors()));
        return new Reply.Opened(engine().info());
    }

    private Reply generate(Command.Generate generate) {
        GenerationInputs inputs = new GenerationInputs(
                generate.init().map(this::picture),
                generate.mask().map(this::picture),
                generate.strength(),
                generate.references().stream().map(this::picture).toList(),
                generate.resizeReferences(),
                generate.distinctReferenceIndices(),
                generate.controls().stream()
                        .map(control -> new ControlInput(
                                control.controlNet(),
                                picture(control.picture()),
                                control.strength(),
                                control.start(),
                                control.end()))
                        .toList(),
                generate.identity()
                        .map(identity -> new IdentityInput(
                                identity.pictures().stream().map(this::picture).toList(),
                                identity.styleStrength(),
                                identity.embeddings())));
        Reporter reporter = new Reporter(generate.previewMode(), generate.previewInterval());
        ImageRequest request = ImageRequest.fromJson(generate.request());
        return new Reply.Pictures(share(engine().generate(request, inputs, reporter, cancellation)));
    }

    private Reply generate(Command.GenerateVideo generate) {
        VideoInputs inputs = new VideoInputs(
                generate.firstFrame().map(this::picture),
                generate.lastFrame().map(this::picture),
                generate.controlFrames().stream().map(this::picture).toList());
        Reporter reporter = new Reporter(generate.previewMode(), generate.previewInterval());
        VideoOutput video =
                engine().generate(VideoRequest.fromJson(generate.request()), inputs, reporter, cancellation);
        return new Reply.Video(share(video.frames()), video.audio());
    }

    private List<SharedPicture> share(List<RgbImage> images) {
        List<SharedPicture> places = new ArrayList<>();
        long end = 0;
        for (RgbImage image : images) {
            SharedPicture place = SharedPicture.at(end, image);
            places.add(place);
            end = place.end();
        }
        MemorySegment data = data(end);
        for (int i = 0; i < images.size(); i++) {
            places.get(i).in(data).copyFrom(images.get(i).pixels());
        }
        return places;
    }

    private Reply run(Command.Run run) {
        ComponentCall call = new ComponentCall(run.name(), run.action());
        run.numbers().forEach(number -> call.number(number.name(), number.value()));
        run.ids().forEach(ids -> call.ids(ids.name(), ids.values()));
        run.inputs().forEach(input -> call.input(input.name(), tensor(input.place())));
        run.outputs().forEach(output -> call.output(output.name(), tensor(output.place())));
        engine().run(call, componentWatch);
        return new Reply.Done();
    }

    private Reply weight(String name) {
        try (Tensor weight = engine().weight(name)) {
            SharedTensor place = SharedTensor.at(0, weight.shape());
            place.in(data(place.end())).copyFrom(weight.segment());
            return new Reply.Weight(place);
        }
    }

    private Tensor tensor(SharedTensor place) {
        return place.wrap(data(place.end()));
    }

    private BufferedImage picture(SharedPicture place) {
        return place.toBufferedImage(data(place.end()));
    }

    private MemorySegment data(long bytes) {
        try {
            return memory.data(bytes);
        } catch (IOException e) {
            throw new OutOfNativeMemoryException("no room for " + bytes + " bytes of shared memory", e);
        }
    }

    /** Tells the parent what the native code reports. */
    private final class Reporter implements GenerationObserver {

        private final Optional<PreviewMode> previewMode;
        private final int previewInterval;

        Reporter(Optional<PreviewMode> previewMode, int previewInterval) {
            this.previewMode = previewMode;
            this.previewInterval = previewInterval;
        }

        @Override
        public void progress(ProgressKind kind, int step, int of) {
            send(new Reply.Progress(kind, step, of));
        }

        @Override
        public Optional<PreviewMode> previewMode() {
            return previewMode;
        }

        @Override
        public int previewInterval() {
            return previewInterval;
        }

        @Override
        public void preview(int step, BufferedImage image) {
            SharedPicture form = new SharedPicture(0, image.getWidth(), image.getHeight(), 3);
            byte[] rgb = new byte[Math.toIntExact(form.end())];
            form.write(image, MemorySegment.ofArray(rgb));
            send(new Reply.Preview(step, image.getWidth(), image.getHeight(), rgb));
        }

        @Override
        public void warn(String text) {
            send(new Reply.Warning(text));
        }
    }
}
