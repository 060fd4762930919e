package dev.diffusion4j;

import dev.diffusion4j.demo.DemoModel;

/** A small program that draws in an isolated process until it is killed. Prints the pid of its child. */
final class IsolatedParent {

    private IsolatedParent() {}

    public static void main(String[] arguments) {
        try (DiffusionModel sd = DiffusionModel.options().isolated().open(DemoModel.path())) {
            System.out.println(Children.pids().iterator().next());
            sd.textToImage("a star").steps(500).batchCount(8).generateAll();
        }
    }
}
