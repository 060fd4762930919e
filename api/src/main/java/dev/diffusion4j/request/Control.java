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
 * A control picture for a ControlNet (Zhang et al. 2023, "Adding Conditional Control to Text-to-Image Diffusion Models"): where
 * things are in what is drawn. What it has to look like depends on the ControlNet: edges as {@link
 * dev.diffusion4j.image.CannyEdges} finds them, a depth map, a pose. What is transparent becomes white. Immutable; the {@code with}
 * methods return changed copies.
 */
public final class Control {

    /** The most that {@link #withStrength} takes. */
    public static final double MAX_STRENGTH = 10;

    static final JsonType<Control> TYPE =
            JsonType.of(control -> control.options.toJson(Control.OPTIONS), Control::read);

    private static final Option<Picture> PICTURE = Option.of("picture", InitImage.PICTURE_TYPE);
    private static final Option<String> CONTROL_NET = Option.of("controlNet", String.class);
    private static final Option<Double> STRENGTH =
            Option.of("strength", Double.class, value -> Checks.range("control.strength", value, 0, MAX_STRENGTH));
    private static final Option<Double> START =
            Option.of("start", Double.class, value -> Checks.range("control.start", value, 0, 1));
    private static final Option<Double> END =
            Option.of("end", Double.class, value -> Checks.range("control.end", value, 0, 1));
    private static final Option<ResizeMode> RESIZE_MODE = Option.of("resizeMode", ResizeMode.class);
    private static final List<Option<?>> OPTIONS = List.of(PICTURE, CONTROL_NET, STRENGTH, START, END, RESIZE_MODE);

    private final OptionSet options;

    private Control(OptionSet options) {
        this.options = options;
    }

    private static Control read(@Nullable Object json) {
        Control control = new Control(OptionSet.fromJson(json, OPTIONS));
        control.options.require(PICTURE);
        requireRange(control.start(), control.end());
        return control;
    }

    /** A copy of an image of any type. */
    public static Control of(BufferedImage image) {
        return of(Picture.of(image));
    }

    /** A picture. */
    public static Control of(Picture picture) {
        return new Control(OptionSet.EMPTY.with(PICTURE, picture));
    }

    /** The ControlNet that reads it, by the name that the model was opened with; needed where a model has several. */
    public Control withControlNet(String name) {
        return new Control(options.with(CONTROL_NET, name));
    }

    /** How much it counts, 0 to {@value #MAX_STRENGTH}: 1, as without it, as the ControlNet was trained; 0 has no effect. */
    public Control withStrength(double strength) {
        return new Control(options.with(STRENGTH, strength));
    }

    /**
     * The part of the steps in which it counts, 0 to 1; all of them without it. A step counts that lies in the range as a whole:
     * of 20 steps, 0.25 to 0.75 are the sixth to the fifteenth.
     *
     * @throws InvalidRequestException if one is out of range, or the end is not after the start
     */
    public Control withRange(double start, double end) {
        Control changed = new Control(options.with(START, start).with(END, end));
        requireRange(start, end);
        return changed;
    }

    private static void requireRange(double start, double end) {
        if (end <= start) {
            throw new InvalidRequestException("control.end", end, "more than the start, " + start);
        }
    }

    /** How it is brought to the size of the result. {@link ResizeMode#STRETCH} without it. */
    public Control withResizeMode(ResizeMode mode) {
        return new Control(options.with(RESIZE_MODE, mode));
    }

    /** The picture. */
    public Picture picture() {
        return options.get(PICTURE).orElseThrow();
    }

    /** The ControlNet that reads it, if that was said. */
    public Optional<String> controlNet() {
        return options.get(CONTROL_NET);
    }

    /** How much it counts. */
    public double strength() {
        return options.get(STRENGTH, 1.0);
    }

    /** The part of the steps before it counts. */
    public double start() {
        return options.get(START, 0.0);
    }

    /** The part of the steps until which it counts. */
    public double end() {
        return options.get(END, 1.0);
    }

    /** How the picture is resized. */
    public ResizeMode resizeMode() {
        return options.get(RESIZE_MODE, ResizeMode.STRETCH);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Control control && options.equals(control.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code 512x512 picture for canny, strength 1.0}. */
    @Override
    public String toString() {
        return picture() + controlNet().map(name -> " for " + name).orElse("") + ", strength " + strength();
    }
}
