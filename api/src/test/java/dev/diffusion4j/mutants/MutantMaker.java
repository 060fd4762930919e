package dev.diffusion4j.mutants;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;

/** Makes mutants: the one of an index is the same for the same seed. */
final class MutantMaker {

    private record Sound(Draft draft, FileImage image) {}

    private final long seed;
    private final Map<Role, Map<Format, Sound>> originals = new EnumMap<>(Role.class);

    MutantMaker(long seed) {
        this.seed = seed;
    }

    /** The file before anything is wrong with it. */
    FileImage sound(Role role, Format format) {
        return original(role, format).image;
    }

    Mutant make(int index) {
        Choice choice = new Choice(new Random(seed * 1_000_000_007L + index));
        Role role = choice.percent(76) ? Role.MODEL : choice.of(Role.values());
        Format format = role == Role.MODEL ? modelFormat(choice) : choice.of(Format.values());
        Kind kind = Kind.any(choice.random());
        Sound original = original(role, format);
        while (true) {
            Mutant mutant = mutated(role, format, kind, original.draft.copy(), choice);
            if (!mutant.image().equalsFile(original.image)) {
                return mutant;
            }
        }
    }

    private static Mutant mutated(Role role, Format format, Kind kind, Draft draft, Choice choice) {
        StringBuilder what = new StringBuilder();
        if (kind.isOfTensors()) {
            TensorMutations mutations = new TensorMutations(draft, format, choice);
            what.append(mutations.apply(kind));
            while (choice.percent(20)) {
                what.append("; ").append(mutations.apply(kind));
            }
        }
        Structure description = format.describe(draft);
        FileMutations mutations = new FileMutations(choice);
        if (kind == Kind.DESCRIPTION) {
            description = mutations.describedOtherwise(description, format == Format.SAFETENSORS, what);
        }
        FileImage image = format.assemble(description, draft);
        switch (kind) {
            case FIELD -> what.append(mutations.fieldSet(image));
            case LENGTH -> what.append(mutations.cut(image));
            case BYTES -> what.append(mutations.scribble(image));
            default -> {}
        }
        return new Mutant(role, format, kind, what.toString(), image);
    }

    /** Fewer checkpoints: of a whole model, the runtime takes seconds to read one. */
    private static Format modelFormat(Choice choice) {
        return choice.percent(91)
                ? choice.of(Format.SAFETENSORS, Format.GGUF)
                : choice.of(Format.ZIP, Format.LEGACY, Format.LEGACY);
    }

    private Sound original(Role role, Format format) {
        return originals.computeIfAbsent(role, r -> new EnumMap<>(Format.class)).computeIfAbsent(format, f -> {
            Draft draft = role.draft(f);
            return new Sound(draft, f.assemble(f.describe(draft), draft));
        });
    }
}
