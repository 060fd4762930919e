package dev.diffusion4j.mutants;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.error.DiffusionException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.logging.LogManager;

/**
 * A program that makes mutants, opens each and draws with it if it can, and says so line by line. It runs in a JVM of its
 * own, for nobody knows what becomes of it.
 */
final class MutantRun implements AutoCloseable {

    /** What lines begin with, before the index and, after a tab, the mutant or what became of it. */
    static final String BEGIN = "mutant begins\t";

    static final String END = "mutant ends\t";

    private static final String WORD = "puppy";

    /** Most pictures are drawn with the first layer of the text encoder alone, which takes half the time. */
    private static final int LAYERS_LEFT_OUT = 12;

    private static final int MUTANTS_PER_WHOLE_ENCODER = 8;

    private final Scratch mutated;
    private final Scratch sound;
    private DiffusionModel soundModel;

    private MutantRun(Path folder, MutantMaker maker) throws IOException {
        mutated = new Scratch(folder.resolve("mutant"));
        sound = new Scratch(folder.resolve("sound"));
        sound.become(maker.sound(Role.MODEL, Format.GGUF));
    }

    /** Arguments: a folder for the files, the seed, the first index, and the first that is not wanted any more. */
    public static void main(String[] arguments) throws IOException {
        // Only the last words before a crash are of interest, and those are on the standard error.
        LogManager.getLogManager().reset();
        MutantMaker maker = new MutantMaker(Long.parseLong(arguments[1]));
        try (MutantRun run = new MutantRun(Path.of(arguments[0]), maker)) {
            for (int index = Integer.parseInt(arguments[2]); index < Integer.parseInt(arguments[3]); index++) {
                Mutant mutant = maker.make(index);
                System.out.println(BEGIN + index + "\t" + mutant);
                run.mutated.become(mutant.image());
                System.out.println(END + index + "\t" + run.outcome(mutant.role(), index));
            }
        }
    }

    private String outcome(Role role, int index) {
        boolean opened = false;
        try (DiffusionModel sd =
                role == Role.LORA ? null : options(role, 1 + index % 2).open(main(role))) {
            opened = true;
            draw(role == Role.LORA ? soundModel() : sd, role, index);
            return Outcome.DREW.name();
        } catch (DiffusionException e) {
            if (role == Role.LORA) {
                closeSoundModel();
            }
            Outcome outcome = opened && (role != Role.LORA || isNative(e))
                    ? Outcome.NOT_DRAWN
                    : isNative(e) ? Outcome.NOT_OPENED : Outcome.REFUSED;
            return outcome + "\t" + e.getClass().getSimpleName() + ": " + e.getMessage();
        } catch (Throwable e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            return Outcome.ESCAPED + "\t" + trace.toString().replaceAll("\\s+", " ");
        }
    }

    /** @param threads what fails on a thread of the runtime's own cannot be caught, and one thread has none beside it */
    private ModelOpener options(Role role, int threads) {
        ModelOpener options = DiffusionModel.options().threads(threads);
        return switch (role) {
            case MODEL, LORA -> options;
            case EMBEDDING -> options.embedding(WORD, mutated.path());
            case VAE -> options.vae(mutated.path());
            case TINY_AUTOENCODER -> options.tinyAutoencoder(mutated.path());
        };
    }

    private Path main(Role role) {
        return role == Role.MODEL ? mutated.path() : sound.path();
    }

    private void draw(DiffusionModel sd, Role role, int index) {
        ImageGeneration request = sd.textToImage("a red " + WORD)
                .size(64, 64)
                .steps(1)
                .guidanceScale(1)
                .seed(1);
        if (role == Role.LORA) {
            request.lora(mutated.path(), 1);
        }
        request.generate();
    }

    /** For LoRAs, which change one model after the other's leaving. */
    private DiffusionModel soundModel() {
        if (soundModel == null) {
            soundModel = options(Role.LORA, 2).open(sound.path());
        }
        return soundModel;
    }

    private void closeSoundModel() {
        if (soundModel != null) {
            soundModel.close();
            soundModel = null;
        }
    }

    private static boolean isNative(DiffusionException e) {
        return Arrays.stream(e.getStackTrace())
                .anyMatch(frame -> frame.getClassName().startsWith("dev.diffusion4j.internal.Native"));
    }

    @Override
    public void close() throws IOException {
        closeSoundModel();
        mutated.close();
        sound.close();
    }
}
