package dev.diffusion4j.internal.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** The rows of a picture of any type as sRGB with alpha, 8 bits each, alpha in the highest and not multiplied in. */
@FunctionalInterface
public interface ArgbRows {

    /** Fills the array, which is as long as the picture is wide, with row y. */
    void read(int y, int[] argb);

    /**
     * The rows of a picture, with grey values as they are. Java takes its grey colour space for linear, which no picture
     * file means, and turns 128 into 188 where grey becomes colour.
     */
    static ArgbRows of(BufferedImage image) {
        ColorModel colours = image.getColorModel();
        if (colours instanceof IndexColorModel palette) {
            return palette(image.getRaster(), palette);
        }
        ColorSpace space = colours.getColorSpace();
        if (colours instanceof ComponentColorModel && space.getType() == ColorSpace.TYPE_GRAY) {
            return grey(image.getRaster(), colours);
        }
        BufferedImage srgb = space.isCS_sRGB() ? image : converted(image);
        return (y, argb) -> srgb.getRGB(0, y, argb.length, 1, argb, 0, argb.length);
    }

    private static ArgbRows palette(Raster raster, IndexColorModel palette) {
        int[] colours = new int[palette.getMapSize()];
        palette.getRGBs(colours);
        return (y, argb) -> {
            raster.getPixels(0, y, argb.length, 1, argb);
            for (int x = 0; x < argb.length; x++) {
                // Beyond the palette is black, as libpng has it.
                argb[x] = argb[x] < colours.length ? colours[argb[x]] : 0xFF000000;
            }
        };
    }

    private static ArgbRows grey(Raster raster, ColorModel colours) {
        int type = colours.getTransferType();
        boolean wholeNumbers = type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT;
        return wholeNumbers && !colours.isAlphaPremultiplied()
                ? wholeGrey(raster, colours)
                : normalizedGrey(raster, colours);
    }

    private static ArgbRows wholeGrey(Raster raster, ColorModel colours) {
        int bands = raster.getNumBands();
        int greyMost = (1 << colours.getComponentSize(0)) - 1;
        int alphaMost = bands > 1 ? (1 << colours.getComponentSize(1)) - 1 : 1;
        int[] samples = new int[bands * raster.getWidth()];
        return (y, argb) -> {
            raster.getPixels(0, y, argb.length, 1, samples);
            for (int x = 0; x < argb.length; x++) {
                int grey = toByte(samples[bands * x], greyMost);
                argb[x] = packed(grey, bands > 1 ? toByte(samples[bands * x + 1], alphaMost) : 255);
            }
        };
    }

    private static ArgbRows normalizedGrey(Raster raster, ColorModel colours) {
        float[] components = new float[colours.getNumComponents()];
        return (y, argb) -> {
            Object pixel = null;
            for (int x = 0; x < argb.length; x++) {
                pixel = raster.getDataElements(x, y, pixel);
                colours.getNormalizedComponents(pixel, components, 0);
                argb[x] = packed(toByte(components[0]), colours.hasAlpha() ? toByte(components[1]) : 255);
            }
        };
    }

    /** All at once: pixel by pixel a colour profile takes minutes for a photo. */
    private static BufferedImage converted(BufferedImage image) {
        BufferedImage srgb = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_ARGB);
        return new ColorConvertOp(null).filter(image, srgb);
    }

    private static int toByte(int value, int most) {
        return (int) ((value * 255L + most / 2) / most);
    }

    private static int toByte(float part) {
        return Math.round(Math.clamp(part * 255, 0, 255));
    }

    private static int packed(int grey, int alpha) {
        return alpha << 24 | grey << 16 | grey << 8 | grey;
    }
}
