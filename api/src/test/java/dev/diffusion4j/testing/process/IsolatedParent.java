package dev.diffusion4j.testing.process;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.Progress;
import dev.diffusion4j.demo.DemoModel;

/** A small program that draws in an isolated process until it is killed. Prints the pid of its child, then that it draws. */
public final class IsolatedParent {

    /** The second line that it prints. */
    public static final String DRAWING = "drawing";

    private IsolatedParent() {}

    public static void main(String[] arguments) {
        try (DiffusionModel sd = DiffusionModel.options().isolated().open(DemoModel.path())) {
            System.out.println(IsolatedChildren.pids().iterator().next());
            sd.textToImage("a star")
                    .steps(500)
                    .batchCount(8)
                    .onProgress(p -> {
                        if (p.phase() == Progress.Phase.SAMPLING && p.step() == 1 && p.image() == 0) {
                            System.out.println(DRAWING);
                        }
                    })
                    .generateAll();
        }
    }
}
