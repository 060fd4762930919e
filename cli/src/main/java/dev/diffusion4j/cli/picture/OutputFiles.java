package dev.diffusion4j.cli.picture;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageFiles;
import java.awt.image.BufferedImage;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the pictures of a command go. */
public final class OutputFiles {

    private static final Pattern NUMBER = Pattern.compile("%(0[1-9])?d");
    /** In the C locale file names have no letters beyond ASCII. */
    private static final CharsetEncoder FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")).newEncoder();

    private static final int MAX_SLUG = 48;

    private final Optional<Path> wanted;
    private final String slug;
    private final int count;
    private final boolean metadata;

    private OutputFiles(Optional<Path> wanted, String slug, int count, boolean metadata) {
        this.wanted = wanted;
        this.slug = slug;
        this.count = count;
        this.metadata = metadata;
    }

    /**
     * Plans names for pictures and checks that they can be written.
     *
     * @param wanted what the user named, may have a {@code %d} in its last part
     * @param prompt what names the files otherwise
     * @param count how many pictures there will be
     * @param metadata whether the files tell how generated images were made
     * @throws ImageFileException if the files could not be written
     * @throws InvalidRequestException if the name asks for no known format
     */
    public static OutputFiles plan(Optional<Path> wanted, String prompt, int count, boolean metadata) {
        OutputFiles files = new OutputFiles(wanted, slug(prompt), count, metadata);
        if (wanted.isPresent()) {
            requireSupported(wanted.get());
            for (int i = 0; i < Math.clamp(count, 1, 1000); i++) {
                requireNoFolder(files.numbered(wanted.get(), i));
            }
            requireWritable(wanted.get());
        } else {
            requireWritable(Path.of(files.slug + ".png"));
        }
        return files;
    }

    /**
     * Checks that a picture could be written.
     *
     * @throws ImageFileException if its folder does not exist or takes no files, or a folder has the file's name
     * @throws InvalidRequestException if the name asks for no known format
     */
    public static void requireWritable(Path file) {
        requireSupported(file);
        OutputPlace.obstacle(file).ifPresent(obstacle -> {
            throw new ImageFileException(file + " cannot be written: " + obstacle);
        });
    }

    /** Saves the pictures under their names. */
    public List<Path> save(List<GeneratedImage> images) {
        List<Path> saved = new ArrayList<>();
        for (GeneratedImage image : images) {
            Path file = file(image.index(), image.seed());
            saved.add(metadata ? image.save(file) : ImageFiles.write(image.toBufferedImage(), file));
        }
        return saved;
    }

    /** Writes pictures that were not drawn from a prompt, and so have no parameters, under the names asked for. */
    public List<Path> write(List<BufferedImage> images) {
        List<Path> written = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            Path file = numbered(wanted.orElseThrow(), i);
            ImageFiles.write(images.get(i), file);
            written.add(file);
        }
        return written;
    }

    /** The name of a picture. */
    Path file(int index, long seed) {
        return wanted.isPresent() ? numbered(wanted.get(), index) : unused(slug, seed, ".png");
    }

    private Path numbered(Path file, int index) {
        String name = file.getFileName().toString();
        Matcher number = NUMBER.matcher(name);
        if (number.find()) {
            return file.resolveSibling(
                    number.replaceFirst(Matcher.quoteReplacement(String.format(Locale.ROOT, number.group(), index))));
        }
        if (count == 1) {
            return file;
        }
        int dot = name.lastIndexOf('.');
        return file.resolveSibling(name.substring(0, dot) + "-" + index + name.substring(dot));
    }

    /** A name of our own choice never replaces a file. */
    static Path unused(String slug, long seed, String ending) {
        Path file = Path.of(slug + "-" + seed + ending);
        for (int i = 2; Files.exists(file); i++) {
            file = Path.of(slug + "-" + seed + "-" + i + ending);
        }
        return file;
    }

    /** A prompt's words, as a file's name has them. */
    static String slug(String prompt) {
        StringBuilder slug = new StringBuilder();
        prompt.toLowerCase(Locale.ROOT).codePoints().forEach(c -> {
            if (Character.isLetterOrDigit(c) && FILE_NAMES.canEncode(Character.toString(c))) {
                slug.appendCodePoint(c);
            } else if (!slug.isEmpty() && slug.charAt(slug.length() - 1) != '-') {
                slug.append('-');
            }
        });
        String text = slug.length() <= MAX_SLUG ? slug.toString() : cut(slug.substring(0, MAX_SLUG));
        text = text.endsWith("-") ? text.substring(0, text.length() - 1) : text;
        return text.isEmpty() ? "picture" : text;
    }

    /** Cuts after the last whole word. */
    private static String cut(String slug) {
        int lastWord = slug.lastIndexOf('-');
        return lastWord > MAX_SLUG / 2 ? slug.substring(0, lastWord) : slug;
    }

    private static void requireSupported(Path file) {
        if (!ImageFiles.isSupported(file)) {
            throw new InvalidRequestException(
                    "the output's name", "'" + file + "'", "one that ends in .png, .jpg or .jpeg");
        }
    }

    private static void requireNoFolder(Path file) {
        if (Files.isDirectory(file)) {
            throw new ImageFileException(file + " cannot be written: it is a folder");
        }
    }
}
