package dev.diffusion4j.internal.video;

import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Up to 256 colours for all frames of a video: those that there are, where they are no more; else those of median cut (Heckbert 1982,
 * "Color image quantization for frame buffer display"), between which an ordered pattern mixes. The pattern stands still, where
 * one that passes on errors would flicker.
 */
final class Palette {

    private static final int MOST = 256;
    /** Of a channel, in the histogram and in what is looked up. */
    private static final int BITS = 5;

    private static final int LEVELS = 1 << BITS;
    /** The order of thresholds of 4x4 pixels (Bayer 1973). */
    private static final int[] PATTERN = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};
    /** How far the pattern moves a colour at most, of 255: about the distance between two of the palette. */
    private static final int REACH = 12;

    private final int[] colours;
    /** The place of each colour, where all are in the palette. */
    private final Optional<Map<Integer, Integer>> exact;
    /** The place of the nearest colour of each bin, from 1, 0 where nobody has asked. */
    private final short[] nearest = new short[LEVELS * LEVELS * LEVELS];

    private Palette(int[] colours, Optional<Map<Integer, Integer>> exact) {
        this.colours = colours;
        this.exact = exact;
    }

    static Palette of(List<RgbImage> frames) {
        Map<Integer, Integer> all = new HashMap<>();
        for (RgbImage frame : frames) {
            byte[] rgb = frame.rgb();
            for (int at = 0; at < rgb.length && all.size() <= MOST; at += 3) {
                all.putIfAbsent(colour(rgb, at), all.size());
            }
        }
        if (all.size() > MOST) {
            return new Palette(medianCut(frames), Optional.empty());
        }
        int[] colours = new int[all.size()];
        all.forEach((colour, place) -> colours[place] = colour);
        return new Palette(colours, Optional.of(all));
    }

    private static int colour(byte[] rgb, int at) {
        return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | rgb[at + 2] & 0xFF;
    }

    /** As a picture of these colours has them. */
    IndexColorModel toColorModel() {
        return new IndexColorModel(8, colours.length, colours, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    /** The places of a frame's colours, one byte a pixel. */
    byte[] indices(RgbImage frame) {
        byte[] rgb = frame.rgb();
        byte[] places = new byte[rgb.length / 3];
        for (int i = 0; i < places.length; i++) {
            places[i] = (byte)
                    (exact.isPresent()
                            ? Objects.requireNonNull(exact.get().get(colour(rgb, 3 * i)))
                            : mixed(rgb, 3 * i, PATTERN[i / frame.width() % 4 * 4 + i % frame.width() % 4]));
        }
        return places;
    }

    private int mixed(byte[] rgb, int at, int threshold) {
        int moved = Math.round((threshold - 7.5f) / 16 * REACH);
        int bin = bin(moved(rgb[at], moved), moved(rgb[at + 1], moved), moved(rgb[at + 2], moved));
        if (nearest[bin] == 0) {
            nearest[bin] = (short) (search(bin) + 1);
        }
        return nearest[bin] - 1;
    }

    private static int moved(byte channel, int by) {
        return Math.clamp((channel & 0xFF) + by, 0, 255);
    }

    private static int bin(int red, int green, int blue) {
        int cut = 8 - BITS;
        return (red >> cut) << 2 * BITS | (green >> cut) << BITS | blue >> cut;
    }

    private int search(int bin) {
        int best = 0;
        int least = Integer.MAX_VALUE;
        for (int place = 0; place < colours.length; place++) {
            int distance = 0;
            for (int channel = 0; channel < 3; channel++) {
                int difference = centre(bin, channel) - (colours[place] >> 16 - 8 * channel & 0xFF);
                distance += difference * difference;
            }
            if (distance < least) {
                least = distance;
                best = place;
            }
        }
        return best;
    }

    /** Of a bin, as a channel's value. */
    private static int centre(int bin, int channel) {
        int level = bin >> (2 - channel) * BITS & LEVELS - 1;
        return (level << 8 - BITS) + (1 << 7 - BITS);
    }

    /** Bins with a count each, sorted into boxes. */
    private static final class Box {

        private final Integer[] bins;
        private final long[] counts;
        private final long pixels;
        /** The channel in which it is widest, and how wide. */
        private int channel;

        private int width = -1;

        Box(Integer[] bins, long[] counts) {
            this.bins = bins;
            this.counts = counts;
            pixels = Arrays.stream(bins).mapToLong(bin -> counts[bin]).sum();
            for (int i = 0; i < 3; i++) {
                int at = i;
                int most = Arrays.stream(bins)
                        .mapToInt(bin -> centre(bin, at))
                        .max()
                        .orElseThrow();
                int least = Arrays.stream(bins)
                        .mapToInt(bin -> centre(bin, at))
                        .min()
                        .orElseThrow();
                if (most - least > width) {
                    width = most - least;
                    channel = i;
                }
            }
        }

        boolean canBeCut() {
            return bins.length > 1;
        }

        /** Boxes with many pixels and far-off colours are cut first. */
        double weight() {
            return Math.sqrt(pixels) * width;
        }

        List<Box> cut() {
            Integer[] sorted = bins.clone();
            Arrays.sort(sorted, Comparator.comparingInt(bin -> centre(bin, channel)));
            long before = 0;
            int at = 0;
            while (at < sorted.length - 1 && (at == 0 || 2 * before < pixels)) {
                before += counts[sorted[at++]];
            }
            return List.of(
                    new Box(Arrays.copyOfRange(sorted, 0, at), counts),
                    new Box(Arrays.copyOfRange(sorted, at, sorted.length), counts));
        }

        int mean() {
            int colour = 0;
            for (int i = 0; i < 3; i++) {
                int at = i;
                long sum = Arrays.stream(bins)
                        .mapToLong(bin -> counts[bin] * centre(bin, at))
                        .sum();
                colour = colour << 8 | (int) Math.round((double) sum / pixels);
            }
            return colour;
        }
    }

    private static int[] medianCut(List<RgbImage> frames) {
        long[] counts = new long[LEVELS * LEVELS * LEVELS];
        for (RgbImage frame : frames) {
            byte[] rgb = frame.rgb();
            for (int at = 0; at < rgb.length; at += 3) {
                counts[bin(rgb[at] & 0xFF, rgb[at + 1] & 0xFF, rgb[at + 2] & 0xFF)]++;
            }
        }
        List<Integer> used = new ArrayList<>();
        for (int bin = 0; bin < counts.length; bin++) {
            if (counts[bin] > 0) {
                used.add(bin);
            }
        }
        List<Box> boxes = new ArrayList<>(List.of(new Box(used.toArray(Integer[]::new), counts)));
        while (boxes.size() < MOST) {
            Optional<Box> next = boxes.stream().filter(Box::canBeCut).max(Comparator.comparingDouble(Box::weight));
            if (next.isEmpty()) {
                break;
            }
            boxes.remove(next.get());
            boxes.addAll(next.get().cut());
        }
        return boxes.stream().mapToInt(Box::mean).toArray();
    }
}
