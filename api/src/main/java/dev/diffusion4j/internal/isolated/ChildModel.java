package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.OutOfNativeMemoryException;
import dev.diffusion4j.PreviewMode;
import dev.diffusion4j.internal.CancellationFlag;
import dev.diffusion4j.internal.GenerationInputs;
import dev.diffusion4j.internal.GenerationObserver;
import dev.diffusion4j.internal.Model;
import dev.diffusion4j.internal.NativeLibrary;
import dev.diffusion4j.internal.NativeModel;
import dev.diffusion4j.internal.Parts;
import dev.diffusion4j.internal.RgbImage;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The child's side of the calls: does with the native model what the parent asks for. Used on the model's thread. */
final class ChildModel {

    private final Connection connection;
    private final SharedMemory memory;
    private final CancellationFlag cancellation;
    private Model model;
    private Parts parts;
    private Watch partsWatch;

    ChildModel(Connection connection, SharedMemory memory) {
        this.connection = connection;
        this.memory = memory;
        cancellation = new CancellationFlag(memory.flag());
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
            case Command.Generate generate -> generate(generate);
            case Command.SetLoras set -> {
                parts.setLoras(set.loras(), partsWatch);
                yield new Reply.Done();
            }
            case Command.EncodeText encode -> {
                parts.encodeText(
                        encode.encoder(),
                        encode.ids(),
                        encode.skippedLayers(),
                        encode.finalNorm(),
                        partsWatch,
                        tensor(encode.hidden()));
                yield new Reply.Done();
            }
            case Command.EncodeEmbeddings encode -> {
                parts.encodeEmbeddings(
                        encode.encoder(),
                        tensor(encode.embeddings()),
                        encode.skippedLayers(),
                        encode.finalNorm(),
                        partsWatch,
                        tensor(encode.hidden()));
                yield new Reply.Done();
            }
            case Command.PoolText pool -> {
                parts.poolText(pool.encoder(), pool.ids(), pool.position(), partsWatch, tensor(pool.pooled()));
                yield new Reply.Done();
            }
            case Command.PoolEmbeddings pool -> {
                parts.poolEmbeddings(
                        pool.encoder(), tensor(pool.embeddings()), pool.position(), partsWatch, tensor(pool.pooled()));
                yield new Reply.Done();
            }
            case Command.EmbedTokens embed -> {
                parts.embedTokens(embed.encoder(), embed.ids(), tensor(embed.embeddings()));
                yield new Reply.Done();
            }
            case Command.Predict predict -> predict(predict);
            case Command.EncodePictures encode -> {
                parts.encodePictures(tensor(encode.pictures()), encode.tiling(), partsWatch, tensor(encode.moments()));
                yield new Reply.Done();
            }
            case Command.DecodeLatents decode -> {
                parts.decodeLatents(tensor(decode.latents()), decode.tiling(), partsWatch, tensor(decode.pictures()));
                yield new Reply.Done();
            }
            case Command.Sigmas sigmas ->
                new Reply.Numbers(parts.sigmas(sigmas.schedule(), sigmas.steps(), sigmas.width(), sigmas.height()));
            case Command.Weight weight -> weight(weight.name());
        };
    }

    private Reply open(Command.Open open) {
        NativeLibrary.logTo(open.logLevel(), (level, text) -> send(new Reply.Log(level, text)));
        model = NativeModel.open(open.parameters());
        parts = model.parts();
        partsWatch = new Watch(new Reporter(Optional.empty(), 1), cancellation);
        return new Reply.Opened(model.info(), parts.info());
    }

    private Reply generate(Command.Generate generate) {
        GenerationInputs inputs = new GenerationInputs(
                generate.init().map(this::picture),
                generate.mask().map(this::picture),
                generate.references().stream().map(this::picture).toList(),
                generate.resizeReferences(),
                generate.distinctReferenceIndices());
        Reporter reporter = new Reporter(generate.previewMode(), generate.previewInterval());
        List<SharedPicture> places = new ArrayList<>();
        List<RgbImage> images = model.generate(generate.parameters(), inputs, reporter, cancellation);
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
        return new Reply.Pictures(places);
    }

    private Reply predict(Command.Predict predict) {
        parts.predict(
                tensor(predict.latents()),
                predict.timestep(),
                tensor(predict.context()),
                predict.negativeContext().map(this::tensor).orElse(null),
                predict.vector().map(this::tensor).orElse(null),
                predict.negativeVector().map(this::tensor).orElse(null),
                predict.concat().map(this::tensor).orElse(null),
                predict.guidanceScale(),
                partsWatch,
                tensor(predict.result()));
        return new Reply.Done();
    }

    private Reply weight(String name) {
        try (Tensor weight = parts.weight(name)) {
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
