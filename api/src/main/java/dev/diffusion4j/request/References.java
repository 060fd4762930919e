package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reference pictures that instruction and context models (InstructPix2Pix, FLUX.1 Kontext, Qwen-Image-Edit) look at.
 * Immutable; the {@code with} methods return changed copies.
 */
public final class References {

    static final JsonType<References> TYPE =
            JsonType.of(references -> references.options.toJson(References.OPTIONS), References::read);

    private static final Option<List<Picture>> PICTURES =
            new Option<>("pictures", JsonType.listOf(InitImage.PICTURE_TYPE), References::requireSome);
    private static final Option<Boolean> RESIZE = Option.of("resize", Boolean.class);
    private static final Option<Boolean> DISTINCT_INDICES = Option.of("distinctIndices", Boolean.class);
    private static final List<Option<?>> OPTIONS = List.of(PICTURES, RESIZE, DISTINCT_INDICES);

    private final OptionSet options;

    private References(OptionSet options) {
        this.options = options;
    }

    private static References read(@Nullable Object json) {
        References references = new References(OptionSet.fromJson(json, OPTIONS));
        references.options.require(PICTURES);
        return references;
    }

    private static void requireSome(List<Picture> pictures) {
        if (pictures.isEmpty()) {
            throw new InvalidRequestException("references", "no pictures", "at least one, or absent");
        }
    }

    /** Copies of images of any type, in the order that the prompt speaks of them. */
    public static References of(BufferedImage... images) {
        return of(Arrays.stream(images).map(Picture::of).toList());
    }

    /** Pictures in the order that the prompt speaks of them. */
    public static References of(List<Picture> pictures) {
        return new References(OptionSet.EMPTY.with(PICTURES, List.copyOf(pictures)));
    }

    /** Whether they are resized to the output's area; true without it. */
    public References withResize(boolean resize) {
        return new References(options.with(RESIZE, resize));
    }

    /**
     * Whether each has a position index of its own, for models that were trained that way; false without it. FLUX.2's and
     * Qwen-Image's always have one.
     */
    public References withDistinctIndices(boolean distinct) {
        return new References(options.with(DISTINCT_INDICES, distinct));
    }

    /** The pictures. */
    public List<Picture> pictures() {
        return options.get(PICTURES).orElseThrow();
    }

    /** Whether they are resized to the output's area. */
    public boolean resize() {
        return options.get(RESIZE, true);
    }

    /** Whether each has a position index of its own. */
    public boolean distinctIndices() {
        return options.get(DISTINCT_INDICES, false);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof References references && options.equals(references.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code [512x512 picture]}. */
    @Override
    public String toString() {
        return pictures().toString();
    }
}
