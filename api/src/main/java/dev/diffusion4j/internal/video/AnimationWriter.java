package dev.diffusion4j.internal.video;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.format.AtomicFile;
import dev.diffusion4j.internal.image.PictureWriter;
import dev.diffusion4j.internal.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes the frames of a video as one animation, or as a picture each. */
public final class AnimationWriter {

    private AnimationWriter() {}

    /** Whether a file's name asks for an animation that can be written. */
    public static boolean isSupported(Path path) {
        String name = name(path);
        return name.endsWith(".gif") || isPng(name);
    }

    private static boolean isPng(String name) {
        return name.endsWith(".apng") || name.endsWith(".png");
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    }

    /**
     * Saves an animation that runs for ever, in the format that the name's ending says.
     *
     * @param json what the file tells of how it was made
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static void save(List<RgbImage> frames, int framesPerSecond, String json, Path path) {
        if (!isSupported(path)) {
            throw new ImageFileException(path + " names no known format of animations: use .gif, .apng or .png");
        }
        try {
            AtomicFile.write(
                    path,
                    isPng(name(path))
                            ? out -> ApngFile.write(frames, framesPerSecond, json, out)
                            : out -> AtomicFile.writeFully(out, GifFile.encode(frames, framesPerSecond, json)));
        } catch (IOException e) {
            throw PictureWriter.failure(path, e);
        }
    }

    /**
     * Saves each frame as a PNG file in a folder, which is made if it is not there.
     *
     * @return the files
     * @throws ImageFileException if one cannot be written
     */
    public static List<Path> saveFrames(List<RgbImage> frames, String json, Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw PictureWriter.failure(folder, e);
        }
        List<Path> files = new ArrayList<>(frames.size());
        for (int i = 0; i < frames.size(); i++) {
            Path file = folder.resolve("frame-%04d.png".formatted(i));
            if (i == 0) {
                PictureWriter.save(frames.get(i).toBufferedImage(), file, json);
            } else {
                PictureWriter.save(frames.get(i).toBufferedImage(), file);
            }
            files.add(file);
        }
        return List.copyOf(files);
    }
}
