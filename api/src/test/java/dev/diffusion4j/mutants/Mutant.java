package dev.diffusion4j.mutants;

/** A file that something is wrong with, or nothing but odd. */
record Mutant(Role role, Format format, Kind kind, String description, FileImage image) {

    private static final int LONGEST_LINE = 400;

    @Override
    public String toString() {
        String line = role + " " + format + " " + kind + " " + description.replaceAll("\\p{Cntrl}", "?");
        return line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "..." : line;
    }
}
