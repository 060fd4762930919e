package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;

/**
 * Decoding (and encoding) in overlapping tiles, which bounds the VAE's memory at large sizes.
 *
 * @param tileWidth width of a tile in latents (one latent is 8 pixels), 0 for the runtime's choice of 32
 * @param tileHeight height of a tile in latents, 0 for the runtime's choice of 32
 * @param overlap the part of a tile that overlaps its neighbour, 0 to 0.5
 */
public record VaeTiling(int tileWidth, int tileHeight, double overlap) {

    /** The runtime's tile size and half a tile of overlap. */
    public static final VaeTiling DEFAULT = new VaeTiling(0, 0, 0.5);

    public VaeTiling {
        requireTile("vaeTiling.tileWidth", tileWidth);
        requireTile("vaeTiling.tileHeight", tileHeight);
        if (!(overlap >= 0 && overlap <= 0.5)) {
            throw new InvalidRequestException("vaeTiling.overlap", overlap, "from 0 to 0.5");
        }
    }

    /** The same tiling with another width of a tile, in latents; 0 for the runtime's choice. */
    public VaeTiling withTileWidth(int newTileWidth) {
        return new VaeTiling(newTileWidth, tileHeight, overlap);
    }

    /** The same tiling with another height of a tile, in latents; 0 for the runtime's choice. */
    public VaeTiling withTileHeight(int newTileHeight) {
        return new VaeTiling(tileWidth, newTileHeight, overlap);
    }

    /** The same tiling with another overlap, 0 to 0.5 of a tile. */
    public VaeTiling withOverlap(double newOverlap) {
        return new VaeTiling(tileWidth, tileHeight, newOverlap);
    }

    private static void requireTile(String field, int latents) {
        if (latents != 0 && (latents < 4 || latents > 4096)) {
            throw new InvalidRequestException(field, latents, "0 or from 4 to 4096 latents");
        }
    }
}
