package dev.diffusion4j.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** DJL's PyTorch engine over TorchScript traces of transformers' and diffusers' modules, in float32. */
final class DjlPyTorchBackend implements Backend {

    private static final String ENGINE = "PyTorch";

    private final Path folder;
    private final NDManager manager;
    private final Map<String, Part> parts = new HashMap<>();

    DjlPyTorchBackend(Path folder, int threads) {
        this.folder = folder;
        // Read when the engine is loaded.
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        manager = NDManager.newBaseManager(null, ENGINE);
    }

    @Override
    public float[] encodeText(int[] ids) {
        long[] wide = IntStream.of(ids).asLongStream().toArray();
        try (NDManager inputs = manager.newSubManager()) {
            return run("text_encoder", inputs.create(wide, new Shape(1, wide.length)));
        }
    }

    @Override
    public float[] predictNoise(float[] latents, int batch, int side, float timestep, float[] contexts) {
        try (NDManager inputs = manager.newSubManager()) {
            return run(
                    "unet",
                    inputs.create(latents, new Shape(batch, 4, side, side)),
                    inputs.create(timestep),
                    inputs.create(contexts, new Shape(batch, 77, 768)));
        }
    }

    @Override
    public float[] decode(float[] latents, int side) {
        try (NDManager inputs = manager.newSubManager()) {
            return run("vae_decoder", inputs.create(latents, new Shape(1, 4, side, side)));
        }
    }

    private float[] run(String name, NDArray... inputs) {
        Part part = parts.computeIfAbsent(name, this::load);
        try (NDList outputs = part.predictor.predict(new NDList(inputs))) {
            return outputs.singletonOrThrow().toFloatArray();
        } catch (TranslateException e) {
            throw new IllegalStateException(e);
        }
    }

    private Part load(String name) {
        Model model = Model.newInstance(name, ENGINE);
        try {
            model.load(folder, name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException(e);
        }
        return new Part(model, model.newPredictor(new NoopTranslator()));
    }

    @Override
    public void close() {
        parts.values().forEach(Part::close);
        manager.close();
    }

    private record Part(Model model, Predictor<NDList, NDList> predictor) {

        void close() {
            predictor.close();
            model.close();
        }
    }
}
