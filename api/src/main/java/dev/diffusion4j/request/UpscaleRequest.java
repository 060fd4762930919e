package dev.diffusion4j.request;

import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.PictureParameters;
import dev.diffusion4j.internal.check.Checks;
import java.util.Objects;
import java.util.Optional;

/**
 * A picture to enlarge by an upscaler. Immutable.
 *
 * <p>In one piece a picture takes about a kilobyte of memory for each pixel of the result. So larger ones are enlarged in tiles,
 * which overlap by a quarter and are blended into each other.
 *
 * @param picture the picture; upscalers have no transparency, and what is transparent becomes white
 * @param repeat how many times it is enlarged, one time after another, 1 to {@value #MAX_REPEAT}
 * @param tileSize pixels that the upscaler sees at once in each direction, {@value #MIN_TILE_SIZE} to {@value #MAX_TILE_SIZE}
 * @param parameters how the picture was made, which the files of the result say, too
 */
public record UpscaleRequest(Picture picture, int repeat, int tileSize, Optional<PictureParameters> parameters) {

    /** Of {@link #tileSize()} if nothing is said. */
    public static final int DEFAULT_TILE_SIZE = 128;

    /** The smallest tiles, in pixels. */
    public static final int MIN_TILE_SIZE = 16;

    /** The largest tiles, in pixels. */
    public static final int MAX_TILE_SIZE = 4096;

    /** The most repetitions. */
    public static final int MAX_REPEAT = 8;

    /** The most pixels of a result: 16384x16384. */
    public static final long MAX_PIXELS = 16384L * 16384;

    public UpscaleRequest {
        Objects.requireNonNull(picture, "picture");
        Objects.requireNonNull(parameters, "parameters");
        Checks.range("repeat", repeat, 1, MAX_REPEAT);
        Checks.range("tileSize", tileSize, MIN_TILE_SIZE, MAX_TILE_SIZE);
    }

    /** Once, in tiles of {@value #DEFAULT_TILE_SIZE} pixels. */
    public static UpscaleRequest of(Picture picture) {
        return new UpscaleRequest(picture, 1, DEFAULT_TILE_SIZE, Optional.empty());
    }

    /** The same with another picture. */
    public UpscaleRequest withPicture(Picture newPicture) {
        return new UpscaleRequest(newPicture, repeat, tileSize, parameters);
    }

    /** The same, several times. */
    public UpscaleRequest withRepeat(int times) {
        return new UpscaleRequest(picture, times, tileSize, parameters);
    }

    /** The same with other tiles. */
    public UpscaleRequest withTileSize(int pixels) {
        return new UpscaleRequest(picture, repeat, pixels, parameters);
    }

    /** The same of a picture of which it is known how it was made. */
    public UpscaleRequest withParameters(PictureParameters newParameters) {
        return new UpscaleRequest(picture, repeat, tileSize, Optional.of(newParameters));
    }
}
