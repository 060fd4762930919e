package dev.diffusion4j.mutants;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;

/** A file that something is wrong with, or nothing but odd. */
record Mutant(Role role, Format format, Kind kind, String description, FileImage image) {

    /** Makes mutants: the one of an index is the same for the same seed. */
    static final class Maker {

        private final long seed;
        private final Map<Role, Map<Format, Draft>> drafts = new EnumMap<>(Role.class);

        Maker(long seed) {
            this.seed = seed;
        }

        /** The file before anything is wrong with it. */
        FileImage sound(Role role, Format format) {
            Draft draft = draft(role, format);
            return format.assemble(format.describe(draft), draft);
        }

        Mutant make(int index) {
            Choice choice = new Choice(new Random(seed * 1_000_000_007L + index));
            Role role = choice.percent(76) ? Role.MODEL : choice.of(Role.values());
            Format format = role == Role.MODEL ? modelFormat(choice) : choice.of(Format.values());
            Kind kind = Kind.any(choice.random());
            Draft draft = draft(role, format).copy();
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

        private Draft draft(Role role, Format format) {
            return drafts.computeIfAbsent(role, r -> new EnumMap<>(Format.class))
                    .computeIfAbsent(format, role::draft);
        }
    }

    @Override
    public String toString() {
        String line = role + " " + format + " " + kind + " " + description.replaceAll("[\\p{Cntrl}]", "?");
        return line.length() > 400 ? line.substring(0, 400) + "..." : line;
    }
}
