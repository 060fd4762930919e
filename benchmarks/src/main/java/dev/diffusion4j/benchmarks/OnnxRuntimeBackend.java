package dev.diffusion4j.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** ONNX Runtime over exports of transformers' and diffusers' modules, in float32, with all of its graph optimisations. */
final class OnnxRuntimeBackend implements Backend {

    private final Path folder;
    private final int threads;
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final Map<String, OrtSession> sessions = new HashMap<>();

    OnnxRuntimeBackend(Path folder, int threads) {
        this.folder = folder;
        this.threads = threads;
    }

    @Override
    public float[] encodeText(int[] ids) {
        long[] wide = IntStream.of(ids).asLongStream().toArray();
        try (OnnxTensor input =
                OnnxTensor.createTensor(environment, LongBuffer.wrap(wide), new long[] {1, wide.length})) {
            return run("text_encoder", Map.of("ids", input));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public float[] predictNoise(float[] latents, int batch, int side, float timestep, float[] contexts) {
        try (OnnxTensor input = tensor(latents, batch, 4, side, side);
                OnnxTensor time = tensor(new float[] {timestep}, new long[0]);
                OnnxTensor context = tensor(contexts, batch, 77, 768)) {
            return run("unet", Map.of("latents", input, "timestep", time, "context", context));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public float[] decode(float[] latents, int side) {
        try (OnnxTensor input = tensor(latents, 1, 4, side, side)) {
            return run("vae_decoder", Map.of("latents", input));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private OnnxTensor tensor(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }

    private float[] run(String name, Map<String, OnnxTensor> inputs) throws OrtException {
        OrtSession session = sessions.get(name);
        if (session == null) {
            session = load(name);
            sessions.put(name, session);
        }
        try (OrtSession.Result result = session.run(inputs)) {
            FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[output.remaining()];
            output.get(values);
            return values;
        }
    }

    private OrtSession load(String name) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            return environment.createSession(folder.resolve(name + ".onnx").toString(), options);
        }
    }

    @Override
    public void close() {
        try {
            for (OrtSession session : sessions.values()) {
                session.close();
            }
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
