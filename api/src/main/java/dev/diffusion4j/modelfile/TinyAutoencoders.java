package dev.diffusion4j.modelfile;

import java.util.Collection;
import java.util.Optional;

/**
 * Tells tiny autoencoders from other files. There are those of diffusers' names, the files of their author's own names, whose
 * layers are numbered without a name before them, and TAEHV, for video, whose files have the latter names alone.
 */
final class TinyAutoencoders {

    /** Of TAESD; the inner layers of TAEHV's decoder are wider. */
    private static final long WIDTH = 64;

    private TinyAutoencoders() {}

    static boolean isOne(Collection<TensorInfo> tensors) {
        return find(tensors, "decoder.layers.0.weight").isPresent() || isBareHalf(tensors) || hasAuthorsNames(tensors);
    }

    /** A file of the encoder or the decoder alone, in its author's names. */
    private static boolean isBareHalf(Collection<TensorInfo> tensors) {
        return isBlock(exactly(tensors, "3.conv.0.weight")) || isBlock(exactly(tensors, "1.conv.0.weight"));
    }

    private static boolean hasAuthorsNames(Collection<TensorInfo> tensors) {
        return exactly(tensors, "decoder.1.weight").isPresent()
                && exactly(tensors, "decoder.3.conv.0.weight").isPresent();
    }

    private static boolean isBlock(Optional<TensorInfo> convolution) {
        return convolution.filter(tensor -> tensor.ne(3) == WIDTH).isPresent();
    }

    /** What latents it is for; none if nothing known has that many channels. */
    static Optional<LatentFormat> format(Collection<TensorInfo> tensors) {
        if (isVideo(tensors)) {
            return exactly(tensors, "decoder.1.weight").flatMap(tensor -> switch ((int) tensor.ne(2)) {
                case 16 -> Optional.of(LatentFormat.WAN);
                case 48 -> Optional.of(LatentFormat.WAN2_2);
                case 128 -> Optional.of(LatentFormat.LTX);
                default -> Optional.empty();
            });
        }
        return channels(tensors).flatMap(channels -> switch (channels.intValue()) {
            case 4 -> Optional.of(LatentFormat.STABLE_DIFFUSION);
            case 16 -> Optional.of(LatentFormat.SIXTEEN_CHANNELS);
            case 32 -> Optional.of(LatentFormat.FLUX2);
            default -> Optional.empty();
        });
    }

    private static Optional<Long> channels(Collection<TensorInfo> tensors) {
        return find(tensors, "decoder.layers.0.weight")
                .or(() -> exactly(tensors, "decoder.1.weight"))
                .or(() -> exactly(tensors, "1.weight"))
                .map(tensor -> tensor.ne(2));
    }

    /** TAEHV's blocks see the frame before, so that each takes twice as many channels as it gives. */
    static boolean isVideo(Collection<TensorInfo> tensors) {
        return exactly(tensors, "decoder.3.conv.0.weight")
                .filter(tensor -> tensor.ne(2) == 2 * tensor.ne(3))
                .isPresent();
    }

    private static Optional<TensorInfo> exactly(Collection<TensorInfo> tensors, String name) {
        return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst();
    }

    private static Optional<TensorInfo> find(Collection<TensorInfo> tensors, String name) {
        return tensors.stream()
                .filter(tensor -> tensor.name().equals(name) || tensor.name().endsWith("." + name))
                .findFirst();
    }
}
