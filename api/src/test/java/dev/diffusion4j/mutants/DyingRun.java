package dev.diffusion4j.mutants;

import java.util.concurrent.CountDownLatch;

/** In place of {@link MutantRun}: dies at the second mutant, hangs at the fourth and lets something escape at the fifth. */
final class DyingRun {

    static final String MUTANT = "MODEL GGUF NAME none";
    static final String LAST_WORDS = "an assertion failed";

    private DyingRun() {}

    public static void main(String[] arguments) throws InterruptedException {
        for (int index = Integer.parseInt(arguments[2]); index < Integer.parseInt(arguments[3]); index++) {
            System.out.println(MutantRun.BEGIN + index + "\t" + MUTANT);
            switch (index) {
                case 1 -> {
                    System.err.println(LAST_WORDS);
                    Runtime.getRuntime().halt(134);
                }
                case 3 -> new CountDownLatch(1).await();
                default ->
                    System.out.println(
                            MutantRun.END + index + "\t" + (index == 4 ? Outcome.ESCAPED : Outcome.DREW) + "\twords");
            }
        }
    }
}
