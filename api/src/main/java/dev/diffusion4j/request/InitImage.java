package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The init image of image-to-image and inpainting (Meng et al. 2021, "SDEdit"): what is redrawn, how much of it may change, and
 * where. What is transparent becomes white in the picture and black in the mask. Immutable; the {@code with} methods return
 * changed copies.
 */
public final class InitImage {

    /** How much may change without {@link #withStrength}. */
    public static final double DEFAULT_STRENGTH = 0.75;

    static final JsonType<Picture> PICTURE_TYPE = JsonType.of(
            Picture::toDataUrl,
            json -> Picture.ofDataUrl(JsonType.of(String.class).read(json)));
    static final JsonType<InitImage> TYPE =
            JsonType.of(image -> image.options.toJson(InitImage.OPTIONS), InitImage::read);

    private static final Option<Picture> PICTURE = Option.of("picture", PICTURE_TYPE);
    private static final Option<Double> STRENGTH =
            Option.of("strength", Double.class, value -> Checks.range("strength", value, 0, 1));
    private static final Option<ResizeMode> RESIZE_MODE = Option.of("resizeMode", ResizeMode.class);
    private static final Option<Picture> MASK = Option.of("mask", PICTURE_TYPE);
    private static final List<Option<?>> OPTIONS = List.of(PICTURE, STRENGTH, RESIZE_MODE, MASK);

    private final OptionSet options;

    private InitImage(OptionSet options) {
        this.options = options;
    }

    private static InitImage read(@Nullable Object json) {
        InitImage image = new InitImage(OptionSet.fromJson(json, OPTIONS));
        Picture picture = image.options.require(PICTURE);
        image.mask().ifPresent(mask -> requireSameSize(mask, picture));
        return image;
    }

    /** A copy of an image of any type. */
    public static InitImage of(BufferedImage image) {
        return of(Picture.of(image));
    }

    /** A picture. */
    public static InitImage of(Picture picture) {
        return new InitImage(OptionSet.EMPTY.with(PICTURE, picture));
    }

    /** How much may change: 0 keeps the picture, 1 starts from noise alone. {@value #DEFAULT_STRENGTH} without it. */
    public InitImage withStrength(double strength) {
        return new InitImage(options.with(STRENGTH, strength));
    }

    /** How picture and mask are brought to the size of the result. {@link ResizeMode#STRETCH} without it. */
    public InitImage withResizeMode(ResizeMode mode) {
        return new InitImage(options.with(RESIZE_MODE, mode));
    }

    /** As {@link #withMask(Picture)}, of a copy of an image of any type. */
    public InitImage withMask(BufferedImage mask) {
        return withMask(Picture.of(mask));
    }

    /**
     * Where the picture is redrawn: white is, black is kept.
     *
     * @throws InvalidRequestException if the mask is of another size
     */
    public InitImage withMask(Picture mask) {
        requireSameSize(mask, picture());
        return new InitImage(options.with(MASK, mask));
    }

    private static void requireSameSize(Picture mask, Picture picture) {
        if (!mask.size().equals(picture.size())) {
            throw new InvalidRequestException("mask", mask.size(), "as large as the picture, " + picture.size());
        }
    }

    /** The picture. */
    public Picture picture() {
        return options.get(PICTURE).orElseThrow();
    }

    /** How much may change, 0 to 1. */
    public double strength() {
        return options.get(STRENGTH, DEFAULT_STRENGTH);
    }

    /** How picture and mask are resized. */
    public ResizeMode resizeMode() {
        return options.get(RESIZE_MODE, ResizeMode.STRETCH);
    }

    /** Where the picture is redrawn, if not everywhere. */
    public Optional<Picture> mask() {
        return options.get(MASK);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InitImage image && options.equals(image.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code 512x512 picture, strength 0.75}. */
    @Override
    public String toString() {
        return picture() + ", strength " + strength() + (mask().isPresent() ? ", masked" : "");
    }
}
