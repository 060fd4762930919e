package dev.diffusion4j.cli.picture;

import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Where a video goes: a file, or a folder of frames; what is heard beside it. */
public final class VideoFiles {

    private static final List<String> ENDINGS = List.of(".mp4", ".gif", ".apng");

    private final Optional<Path> wanted;
    private final String slug;

    private VideoFiles(Optional<Path> wanted, String slug) {
        this.wanted = wanted;
        this.slug = slug;
    }

    /**
     * Plans the name and checks that it can be written.
     *
     * @param wanted what the user named: a name without an ending, or with / behind it, is a folder for the frames
     * @param prompt what names the file otherwise
     * @throws ImageFileException if it could not be written
     * @throws InvalidRequestException if the name asks for no known format
     */
    public static VideoFiles plan(Optional<String> wanted, String prompt) {
        VideoFiles files = new VideoFiles(wanted.map(Path::of), OutputFiles.slug(prompt));
        if (wanted.isEmpty()) {
            requireWritable(Path.of(files.slug + ".mp4"));
            return files;
        }
        Path path = files.wanted.orElseThrow();
        if (wanted.get().endsWith("/") || isFolder(path)) {
            requireFolder(path);
            return new VideoFiles(files.wanted, "");
        }
        if (!hasKnownEnding(path)) {
            throw new InvalidRequestException(
                    "the output's name",
                    "'" + path + "'",
                    "one that ends in .mp4, .gif or .apng, or a folder for the frames");
        }
        requireWritable(path);
        return files;
    }

    private static boolean isFolder(Path path) {
        return Files.isDirectory(path) || !name(path).contains(".");
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    }

    private static boolean hasKnownEnding(Path path) {
        return ENDINGS.stream().anyMatch(name(path)::endsWith);
    }

    private static void requireWritable(Path file) {
        OutputPlace.obstacle(file).ifPresent(obstacle -> {
            throw new ImageFileException(file + " cannot be written: " + obstacle);
        });
    }

    /** One that is there takes files, one that is not can be made. */
    private static void requireFolder(Path folder) {
        if (Files.isDirectory(folder)) {
            requireWritable(folder.resolve("frame-0000.png"));
        } else if (Files.exists(folder)) {
            throw new ImageFileException(folder + " cannot be written: it is a file");
        } else {
            requireWritable(folder);
        }
    }

    /**
     * Saves the video, and what is heard as a WAV file of the same name.
     *
     * @return the files; of frames all
     */
    public List<Path> save(GeneratedVideo video) {
        Path path = wanted.orElseGet(() -> OutputFiles.unused(slug, video.seed(), ".mp4"));
        if (slug.isEmpty()) {
            List<Path> files = new ArrayList<>(video.saveFrames(path));
            video.audio().ifPresent(audio -> files.add(audio.save(path.resolve("audio.wav"))));
            return files;
        }
        List<Path> files = new ArrayList<>();
        if (name(path).endsWith(".mp4")) {
            Mp4File.save(video, path);
        } else {
            video.save(path);
        }
        files.add(path);
        String bare = path.getFileName().toString().replaceFirst("\\.[^.]+$", "");
        video.audio().ifPresent(audio -> files.add(audio.save(path.resolveSibling(bare + ".wav"))));
        return files;
    }
}
