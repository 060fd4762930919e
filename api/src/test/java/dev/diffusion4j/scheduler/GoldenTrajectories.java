package dev.diffusion4j.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Trajectories that {@code tools/parity/schedulers.py} wrote with diffusers, and its formulas. */
final class GoldenTrajectories {

    static final Shape SHAPE = Shape.of(1, 2, 2, 2);

    /**
     * One configuration and number of steps.
     *
     * @param timesteps what the reference's {@code timesteps} holds
     * @param sigmas noise levels to step over, empty for the scheduler's own
     * @param rows the latents before the first and after every model call
     */
    record Trajectory(
            String scheduler,
            JsonNode options,
            int steps,
            double initNoiseSigma,
            double[] timesteps,
            float[] sigmas,
            float[][] rows) {

        double strength() {
            return options.path("strength").asDouble(1);
        }

        @Override
        public String toString() {
            return scheduler + " " + steps + " " + options;
        }
    }

    private GoldenTrajectories() {}

    static List<Trajectory> read(String scheduler) {
        List<Trajectory> trajectories = new ArrayList<>();
        try (Tensor rows = NpyFile.read(resource(scheduler + ".npy"))) {
            for (JsonNode entry :
                    new ObjectMapper().readTree(resource(scheduler + ".json").toFile())) {
                double[] timesteps = new double[entry.get("timesteps").size()];
                float[][] values = new float[timesteps.length + 1][];
                for (int i = 0; i < timesteps.length; i++) {
                    timesteps[i] = entry.get("timesteps").get(i).asDouble();
                }
                long first = entry.get("row").asLong();
                for (int i = 0; i < values.length; i++) {
                    values[i] = rows.slice(first + i, first + i + 1).toArray();
                }
                trajectories.add(new Trajectory(
                        scheduler,
                        entry.get("options"),
                        entry.get("steps").asInt(),
                        entry.get("initNoiseSigma").asDouble(),
                        timesteps,
                        sigmas(entry.path("sigmas")),
                        values));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return trajectories;
    }

    private static float[] sigmas(JsonNode levels) {
        float[] sigmas = new float[levels.size()];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = (float) levels.get(i).asDouble();
        }
        return sigmas;
    }

    private static Path resource(String name) {
        try {
            return Path.of(GoldenTrajectories.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The stand-in for a model. */
    static void model(Tensor latents, Timestep timestep, Tensor output) {
        double t = timestep.value();
        double share = t / 1000;
        for (int i = 0; i < latents.size(); i++) {
            double x = latents.getFlat(i);
            output.setFlat(i, (float) (share * x + (1 - share) * 0.3 * Math.sin(2 * x + 0.01 * t + 0.7 * i)));
        }
    }

    static void start(Tensor latents) {
        for (int i = 0; i < latents.size(); i++) {
            latents.setFlat(i, (float) (1.5 * Math.sin(1.1 * i + 0.3)));
        }
    }

    static void clean(Tensor latents) {
        for (int i = 0; i < latents.size(); i++) {
            latents.setFlat(i, (float) (0.8 * Math.cos(0.9 * i)));
        }
    }

    /** Draw 0 is what image-to-image starts with, draw 1 the first step's. */
    static void noise(int draw, Tensor noise) {
        for (int i = 0; i < noise.size(); i++) {
            noise.setFlat(i, (float) (1.2 * Math.sin(1.7 * draw + 2.3 * i + 0.5)));
        }
    }

    /** The formula's noise from draw 1 on. */
    static NormalGenerator noise() {
        int[] draws = {0};
        return destination -> noise(++draws[0], destination);
    }
}
