package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The identity that a model with PhotoMaker (Li et al. 2023, Stacked ID Embedding) draws: pictures of one person, who takes the
 * place of the word before the trigger word {@value #TRIGGER_WORD} in the prompt, such as "a photo of a man img in a garden".
 * Immutable; the {@code with} methods return changed copies.
 */
public final class Identity {

    /** What stands in the prompt behind the word for the person (man, woman, girl). */
    public static final String TRIGGER_WORD = "img";

    /** The style strength in percent without {@link #withStyleStrength}. */
    public static final double DEFAULT_STYLE_STRENGTH = 20;

    /** The most pictures: the person's word is repeated for each, and a prompt has 75 tokens. */
    public static final int MAX_PICTURES = 75;

    static final JsonType<Identity> TYPE =
            JsonType.of(identity -> identity.options.toJson(Identity.OPTIONS), Identity::read);

    private static final Option<List<Picture>> PICTURES =
            new Option<>("pictures", JsonType.listOf(InitImage.PICTURE_TYPE), Identity::checkPictures);
    private static final Option<Double> STYLE_STRENGTH =
            Option.of("styleStrength", Double.class, value -> Checks.range("identity.styleStrength", value, 0, 100));
    private static final Option<Path> EMBEDDINGS = Option.of("embeddings", Path.class);
    private static final List<Option<?>> OPTIONS = List.of(PICTURES, STYLE_STRENGTH, EMBEDDINGS);

    private final OptionSet options;

    private Identity(OptionSet options) {
        this.options = options;
    }

    private static Identity read(@Nullable Object json) {
        Identity identity = new Identity(OptionSet.fromJson(json, OPTIONS));
        identity.options.require(PICTURES);
        return identity;
    }

    private static void checkPictures(List<Picture> pictures) {
        if (pictures.isEmpty() || pictures.size() > MAX_PICTURES) {
            throw new InvalidRequestException(
                    "identity", pictures.size() + " pictures", "1 to " + MAX_PICTURES + " pictures");
        }
    }

    /** Copies of images of any type, as {@link #of(List)}. */
    public static Identity of(BufferedImage... images) {
        return of(Arrays.stream(images).map(Picture::of).toList());
    }

    /**
     * Pictures of the same person, 1 to {@value #MAX_PICTURES}, of any size: their middle is brought to the 224x224 pixels that
     * the identity encoder sees, so that a face should fill most of it.
     *
     * @throws InvalidRequestException if there are none, or too many
     */
    public static Identity of(List<Picture> pictures) {
        return new Identity(OptionSet.EMPTY.with(PICTURES, List.copyOf(pictures)));
    }

    /**
     * How many percent of the steps are drawn without the identity, by the text alone, 0 to 100: more follows the prompt's style,
     * less looks more like the person. {@value #DEFAULT_STYLE_STRENGTH} without it.
     *
     * @throws InvalidRequestException if it is out of range
     */
    public Identity withStyleStrength(double percent) {
        return new Identity(options.with(STYLE_STRENGTH, percent));
    }

    /**
     * The file of face embeddings that PhotoMaker version 2 needs beside the pictures, and version 1 does not take: one of 512
     * numbers for each picture, in their order, as stable-diffusion.cpp's {@code face_detect.py} writes it. It is read when the
     * request runs.
     */
    public Identity withEmbeddings(Path file) {
        return new Identity(options.with(EMBEDDINGS, file));
    }

    /** The pictures. */
    public List<Picture> pictures() {
        return options.get(PICTURES).orElseThrow();
    }

    /** How many percent of the steps are drawn without the identity. */
    public double styleStrength() {
        return options.get(STYLE_STRENGTH, DEFAULT_STYLE_STRENGTH);
    }

    /** The file of face embeddings, if there is one. */
    public Optional<Path> embeddings() {
        return options.get(EMBEDDINGS);
    }

    /**
     * The first step that sees the identity, counted from 1. It is one more than there are steps if none does.
     *
     * @param steps of the request; those that an init image's strength leaves out are counted at the end
     */
    public int firstStep(int steps) {
        // As the runtime computes it.
        return (int) ((float) styleStrength() / 100 * steps) + 1;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Identity identity && options.equals(identity.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code [512x512 picture], style strength 20.0}. */
    @Override
    public String toString() {
        return pictures() + ", style strength " + styleStrength();
    }
}
