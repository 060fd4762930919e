package dev.diffusion4j.testing.process;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.scheduler.PndmScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Steps a loop in a JVM of its own, started with {@code -XX:NativeMemoryTracking=summary}, and prints what the JVM says of
 * memory that was allocated off the heap: before the measured steps, while the memory stands at its highest, and after.
 */
public final class LoopMemory {

    private static final int WARM_UP_STEPS = 10;

    private LoopMemory() {}

    public static void main(String[] arguments) throws Exception {
        boolean careless = arguments.length > 0;
        try (DiffusionModel sd = DiffusionModel.open(DemoModel.path());
                Conditioning prompt = sd.encodePrompt("a red circle");
                Conditioning nothing = sd.encodePrompt("");
                Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 8, 8), 1);
                Tensor input = Tensor.zeros(latents.shape());
                Tensor prediction = Tensor.zeros(latents.shape())) {
            Scheduler scheduler = PndmScheduler.stableDiffusion().withSteps(40);
            // So large that the peak of before is out of sight: any allocation from now on makes a new one.
            Tensor ballast = null;
            for (Timestep timestep : scheduler.timesteps()) {
                if (timestep.index() == WARM_UP_STEPS) {
                    ballast = Tensor.zeros(Shape.of(64 << 20));
                    System.out.println(allocated());
                }
                scheduler.scaleModelInput(latents, timestep, input);
                sd.unet().predictGuidedNoise(input, timestep.value(), prompt, nothing, 2, prediction);
                scheduler.step(prediction, timestep, latents);
                if (careless) {
                    latents.copy().close();
                }
            }
            System.out.println(allocated());
            ballast.close();
        }
    }

    /** The lines about memory that Java code allocated off the heap. */
    private static String allocated() throws Exception {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(ProcessHandle.current().pid()),
                        "VM.native_memory",
                        "summary",
                        "scale=b")
                .redirectErrorStream(true)
                .start();
        String report = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int begin = report.indexOf(" Other (");
        if (begin < 0) {
            throw new IllegalStateException(report);
        }
        return report.substring(begin, report.indexOf("\n\n", begin))
                .replaceAll("\\s+", " ")
                .strip();
    }
}
