package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.picture.OutputFiles;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where pictures go, and how the command tells of them. */
public final class OutputOptions {

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description =
                    "The picture's file: .png, .jpg or .jpeg. Of several pictures each gets its number, before the"
                            + " ending or where the name has %%d (%%03d). Without it: the prompt's words and the seed, as .png.")
    private Path output;

    @Option(names = "--json", description = "Tell of the result as one JSON object on standard output.")
    private boolean json;

    @Option(
            names = {"--no-metadata", "--disable-image-metadata"},
            description = "Leave out of the picture's file how it was made.")
    private boolean withoutMetadata;

    /** Whether the result is told of in JSON. */
    public boolean json() {
        return json;
    }

    /**
     * Where the pictures will go; checked, so that no minutes of work are lost.
     *
     * @param prompt what names the files without {@code --output}
     * @param count how many pictures there will be
     */
    public OutputFiles files(String prompt, int count) {
        return OutputFiles.plan(Optional.ofNullable(output), prompt, count, !withoutMetadata);
    }
}
