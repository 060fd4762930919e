package dev.diffusion4j.benchmarks;

import dev.diffusion4j.internal.image.PixelBuffers;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A drawn picture out of native memory into a BufferedImage, as previews go, beside the plain copy of its bytes into an
 * array: the lower bound.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class PictureCopyBenchmark {

    @Param({"512", "1024"})
    public int side;

    private MemorySegment pixels;
    private byte[] array;

    @Setup(Level.Trial)
    public void setUp() {
        array = new byte[3 * side * side];
        pixels = Arena.ofAuto().allocate(array.length);
        for (int i = 0; i < array.length; i++) {
            pixels.set(ValueLayout.JAVA_BYTE, i, (byte) (31 * i + i / side));
        }
        int at = side * (side / 3) + side / 2;
        int expected = 0xFF000000;
        for (int channel = 0; channel < 3; channel++) {
            expected |= Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, 3L * at + channel)) << (16 - 8 * channel);
        }
        if (toBufferedImage().getRGB(at % side, at / side) != expected) {
            throw new IllegalStateException("the copy differs");
        }
    }

    @Benchmark
    public BufferedImage toBufferedImage() {
        return PixelBuffers.toBufferedImage(pixels, side, side);
    }

    @Benchmark
    public byte[] bound() {
        MemorySegment.copy(pixels, ValueLayout.JAVA_BYTE, 0, array, 0, array.length);
        return array;
    }
}
