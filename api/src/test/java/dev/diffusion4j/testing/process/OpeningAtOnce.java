package dev.diffusion4j.testing.process;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A program that opens models and draws with a LoRA on several threads at once, before anything else is done natively. */
public final class OpeningAtOnce {

    private static final int MODELS = 4;

    private OpeningAtOnce() {}

    public static void main(String[] arguments) throws Exception {
        Path lora = Path.of(arguments[0]);
        CyclicBarrier opened = new CyclicBarrier(MODELS);
        try (ExecutorService executor = Executors.newFixedThreadPool(MODELS)) {
            List<Future<?>> models = new ArrayList<>();
            for (int i = 0; i < MODELS; i++) {
                models.add(executor.submit(() -> {
                    try (DiffusionModel sd = DiffusionModel.options().threads(1).open(DemoModel.path())) {
                        opened.await();
                        return sd.textToImage("a star")
                                .size(64, 64)
                                .steps(1)
                                .lora(lora, 1)
                                .generate();
                    }
                }));
            }
            for (Future<?> model : models) {
                model.get();
            }
        }
        System.out.println("drew with " + MODELS + " models");
    }
}
