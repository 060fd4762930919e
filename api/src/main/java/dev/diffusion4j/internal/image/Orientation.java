package dev.diffusion4j.internal.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import javax.imageio.stream.ImageInputStream;

/** How a camera was held, as EXIF says it in JPEG, PNG, WebP and TIFF files: a number from 1 (upright) to 8. */
record Orientation(int exif) {

    private static final Orientation UPRIGHT = new Orientation(1);

    /**
     * What the file says; upright where it says nothing that can be understood.
     *
     * @param in left with another position and byte order
     */
    static Orientation of(ImageInputStream in) {
        try {
            int exif = new PictureStructure(in).orientation().orElse(1);
            return exif >= 1 && exif <= 8 ? new Orientation(exif) : UPRIGHT;
        } catch (IOException | RuntimeException e) {
            // The pixels were read; a picture lying on its side is better than none.
            return UPRIGHT;
        }
    }

    /** The picture as it was seen, its pixels as they were stored. */
    BufferedImage applyTo(BufferedImage image) {
        if (exif == 1) {
            return image;
        }
        int w = image.getWidth();
        int h = image.getHeight();
        boolean onItsSide = exif >= 5;
        ColorModel colours = image.getColorModel();
        Raster stored = image.getRaster();
        WritableRaster upright = colours.createCompatibleWritableRaster(onItsSide ? h : w, onItsSide ? w : h);
        Object pixel = null;
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                pixel = stored.getDataElements(x, y, pixel);
                switch (exif) {
                    case 2 -> upright.setDataElements(w - 1 - x, y, pixel);
                    case 3 -> upright.setDataElements(w - 1 - x, h - 1 - y, pixel);
                    case 4 -> upright.setDataElements(x, h - 1 - y, pixel);
                    case 5 -> upright.setDataElements(y, x, pixel);
                    case 6 -> upright.setDataElements(h - 1 - y, x, pixel);
                    case 7 -> upright.setDataElements(h - 1 - y, w - 1 - x, pixel);
                    default -> upright.setDataElements(y, w - 1 - x, pixel);
                }
            }
        }
        return new BufferedImage(colours, upright, colours.isAlphaPremultiplied(), null);
    }
}
