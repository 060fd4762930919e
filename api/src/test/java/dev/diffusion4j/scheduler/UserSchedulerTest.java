package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.DrawnPicture;
import dev.diffusion4j.testing.DrawnPicture.Hue;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A scheduler that is none of this library's draws with a model, and the picture tells its name. */
@Tag("native")
class UserSchedulerTest {

    private static DiffusionModel sd;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    /** Euler's method over evenly spaced times, written from the paper (Karras et al. 2022). */
    private static class Homemade implements Scheduler {

        private static final int TRAINING_STEPS = 1000;

        private final int steps;
        private final double strength;
        private final List<Timestep> timesteps = new ArrayList<>();
        private final double[] sigmas;

        Homemade() {
            this(0, 1);
        }

        private Homemade(int steps, double strength) {
            this.steps = steps;
            this.strength = strength;
            double[] trained = trainedSigmas();
            sigmas = new double[steps + 1];
            for (int i = 0; i < steps; i++) {
                int time = (int) Math.round((TRAINING_STEPS - 1) * (1 - (double) i / steps));
                sigmas[i] = trained[time];
                if (i >= steps - (int) (steps * strength)) {
                    timesteps.add(new Timestep(i, time));
                }
            }
        }

        private static double[] trainedSigmas() {
            double[] trained = new double[TRAINING_STEPS];
            double signal = 1;
            for (int i = 0; i < TRAINING_STEPS; i++) {
                double root = Math.sqrt(0.00085) + (Math.sqrt(0.012) - Math.sqrt(0.00085)) * i / (TRAINING_STEPS - 1);
                signal *= 1 - root * root;
                trained[i] = Math.sqrt((1 - signal) / signal);
            }
            return trained;
        }

        @Override
        public Scheduler withSteps(int newSteps, double newStrength) {
            return new Homemade(newSteps, newStrength);
        }

        @Override
        public Scheduler withNoise(NormalGenerator noise) {
            return new Homemade(steps, strength);
        }

        @Override
        public boolean isStochastic() {
            return false;
        }

        @Override
        public int steps() {
            return steps;
        }

        @Override
        public List<Timestep> timesteps() {
            return timesteps;
        }

        @Override
        public double initNoiseSigma() {
            return Math.sqrt(sigmas[0] * sigmas[0] + 1);
        }

        @Override
        public void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination) {
            double sigma = sigmas[timestep.index()];
            destination.copyFrom(latents);
            destination.scale(1 / Math.sqrt(sigma * sigma + 1));
        }

        @Override
        public void step(Tensor modelOutput, Timestep timestep, Tensor latents) {
            latents.addScaled(sigmas[timestep.index() + 1] - sigmas[timestep.index()], modelOutput);
        }

        @Override
        public void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
            latents.addScaled(sigmas[timestep.index()], noise);
        }
    }

    private static GeneratedImage draw(Scheduler scheduler) {
        return sd.textToImage("a blue square on a yellow background")
                .sampling(Sampling.with(scheduler))
                .steps(20)
                .seed(1)
                .generate();
    }

    @Test
    void drawsWhatThePromptAsksForAndIsNamed() {
        GeneratedImage image = draw(new Homemade());
        DrawnPicture picture = DrawnPicture.of(image);

        assertThat(picture.background()).isEqualTo(Hue.YELLOW);
        assertThat(picture.shapeColour()).isEqualTo(Hue.BLUE);
        assertThat(nameOfScheduler(image)).isEqualTo("Homemade");
        assertThat(image.report().request().steps()).hasValue(20);
        assertThat(image.parametersText()).contains("Sampler: Homemade, Pipeline: Java");
        assertThat(image.parametersJson())
                .contains("\"scheduler\":\"Homemade\"")
                .doesNotContain("\"sampler\"");
    }

    private static String nameOfScheduler(GeneratedImage image) {
        return ((SchedulerSampling) image.report().request().sampling())
                .scheduler()
                .name();
    }

    @Test
    void redrawsAPicture() {
        BufferedImage circle = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = circle.createGraphics();
        graphics.setColor(new Color(248, 248, 248));
        graphics.fillRect(0, 0, 128, 128);
        graphics.setColor(new Color(220, 30, 35));
        graphics.fillOval(30, 40, 50, 50);
        graphics.dispose();
        GeneratedImage image = sd.imageToImage(
                        InitImage.of(circle).withStrength(0.4), "a red circle on a white background")
                .sampling(Sampling.with(new Homemade()))
                .seed(3)
                .generate();

        assertThat(DrawnPicture.of(image).overlap(new DrawnPicture(circle))).isGreaterThan(0.7);
        assertThat(nameOfScheduler(image)).isEqualTo("Homemade");
    }

    @Test
    void isCalledWhatItSays() {
        Scheduler scheduler = new Homemade().withSteps(2);
        Scheduler named = new Homemade(2, 1) {
            @Override
            public String name() {
                return "mine, with 2: steps";
            }

            @Override
            public Scheduler withNoise(NormalGenerator noise) {
                return this;
            }
        };
        GeneratedImage image =
                sd.textToImage("a star").sampling(Sampling.with(named)).generate();

        assertThat(scheduler.name()).isEqualTo("Homemade");
        assertThat(image.parametersText()).contains("Sampler: \"mine, with 2: steps\"");
    }

    @Test
    void withoutANameIsRefused() {
        Scheduler nameless = new Homemade(2, 1) {
            @Override
            public String name() {
                return null;
            }
        };
        assertThatThrownBy(() -> sd.textToImage("a star")
                        .sampling(Sampling.with(nameless))
                        .start())
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("scheduler.name");
    }
}
