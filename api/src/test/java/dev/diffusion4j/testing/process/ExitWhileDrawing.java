package dev.diffusion4j.testing.process;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.Progress;
import dev.diffusion4j.demo.DemoModel;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** A program that ends while it draws, without closing its model. Prints the pids of its children, if it has any. */
public final class ExitWhileDrawing {

    /** How it ends. */
    public enum End {
        EXIT,
        END_OF_MAIN,
        CLOSE_IN_HOOK
    }

    private ExitWhileDrawing() {}

    public static void main(String[] arguments) throws InterruptedException {
        ModelOpener options = DiffusionModel.options();
        if (Boolean.parseBoolean(arguments[1])) {
            options.isolated();
        }
        DiffusionModel sd = options.open(DemoModel.path());
        CountDownLatch running = new CountDownLatch(1);
        sd.textToImage("a star")
                .steps(500)
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING && p.step() >= 1) {
                        running.countDown();
                    }
                })
                .start();
        running.await();
        System.out.println(("drawing "
                + IsolatedChildren.pids().stream().map(String::valueOf).collect(Collectors.joining(" "))));
        switch (End.valueOf(arguments[0])) {
            case EXIT -> System.exit(7);
            case END_OF_MAIN -> {}
            case CLOSE_IN_HOOK -> {
                Runtime.getRuntime().addShutdownHook(new Thread(sd::close));
                System.exit(7);
            }
        }
    }
}
