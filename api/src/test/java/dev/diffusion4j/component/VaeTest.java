package dev.diffusion4j.component;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.models.TinyAutoencoder;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo model's VAE by itself, and tiny autoencoders in its place. */
@Tag("native")
@Timeout(120)
class VaeTest {

    private static DiffusionModel sd;
    private static Vae vae;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
        vae = sd.vae();
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static void assertRefused(String field, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    /** A circle of a size, left of the middle. */
    private static BufferedImage circle(int width, int height, Color colour) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(250, 250, 250));
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(colour);
        graphics.fillOval(width / 8, height / 4, height / 2, height / 2);
        graphics.dispose();
        return image;
    }

    private static Tensor pictures(BufferedImage... images) {
        return ImageTensors.of(List.of(images));
    }

    private static NormalGenerator noise(long seed) {
        return NormalGenerator.of(RandomSource.CUDA, seed);
    }

    @Test
    void isThatOfStableDiffusion1() {
        assertThat(vae.scaleFactor()).isEqualTo(8);
        assertThat(vae.latentChannels()).isEqualTo(4);
        assertThat(vae.scalingFactor()).isCloseTo(0.18215, within(1e-6));
        assertThat(vae.shiftFactor()).isZero();
        assertThat(vae.hasEncoder()).isTrue();
    }

    @Test
    void aPictureComesBackFromItsLatents() {
        BufferedImage image = circle(128, 128, new Color(220, 30, 35));
        try (Tensor picture = pictures(image);
                LatentDistribution distribution = vae.encode(picture);
                Tensor latents = distribution.mean();
                Tensor decoded = vae.decode(latents)) {
            assertThat(latents.shape()).isEqualTo(Shape.of(1, 4, 16, 16));
            assertThat(decoded.shape()).isEqualTo(picture.shape());
            assertThat(psnr(image, ImageTensors.toImage(decoded))).isGreaterThan(25);

            vae.toModelScale(latents);
            // The U-Net was trained with latents of about this spread.
            assertThat(latents.standardDeviation()).isBetween(0.3, 3.0);
            assertThat(psnr(ImageTensors.toImage(decoded), vae.decodeToImage(latents)))
                    .isGreaterThan(50);
        }
    }

    @Test
    void aPictureNeedNotBeSquare() {
        BufferedImage image = circle(192, 64, new Color(30, 60, 220));
        try (Tensor picture = pictures(image);
                LatentDistribution distribution = vae.encode(picture);
                Tensor latents = distribution.mean()) {
            assertThat(latents.shape()).isEqualTo(Shape.of(1, 4, 8, 24));
            vae.toModelScale(latents);
            assertThat(psnr(image, vae.decodeToImage(latents))).isGreaterThan(20);
        }
    }

    @Test
    void picturesOfABatchAreCodedOneByOne() {
        BufferedImage red = circle(64, 64, new Color(220, 30, 35));
        BufferedImage blue = circle(64, 64, new Color(30, 60, 220));
        try (Tensor both = pictures(red, blue);
                Tensor second = pictures(blue);
                LatentDistribution ofBoth = vae.encode(both);
                LatentDistribution ofSecond = vae.encode(second);
                Tensor meanOfBoth = ofBoth.mean();
                Tensor meanOfSecond = ofSecond.mean();
                Tensor varianceOfBoth = ofBoth.logVariance();
                Tensor varianceOfSecond = ofSecond.logVariance();
                Tensor decodedBoth = vae.decode(meanOfBoth);
                Tensor decodedSecond = vae.decode(meanOfSecond)) {
            assertThat(meanOfBoth.shape()).isEqualTo(Shape.of(2, 4, 8, 8));
            assertThat(varianceOfBoth.shape()).isEqualTo(Shape.of(2, 4, 8, 8));
            try (Tensor mean = meanOfBoth.slice(1, 2);
                    Tensor variance = varianceOfBoth.slice(1, 2);
                    Tensor decoded = decodedBoth.slice(1, 2);
                    Tensor firstDecoded = decodedBoth.slice(0, 1)) {
                assertThat(distance(mean, meanOfSecond)).isZero();
                assertThat(distance(variance, varianceOfSecond)).isZero();
                assertThat(distance(decoded, decodedSecond)).isZero();
                assertThat(distance(firstDecoded, decodedSecond)).isGreaterThan(0.5);
            }
        }
    }

    @Test
    void samplesAreTheMeanAndSeededNoise() {
        try (Tensor picture = pictures(circle(64, 64, new Color(220, 30, 35)));
                LatentDistribution distribution = vae.encode(picture);
                Tensor mean = distribution.mean();
                Tensor deviation = distribution.standardDeviation();
                Tensor logVariance = distribution.logVariance();
                Tensor drawn = Tensor.zeros(mean.shape());
                Tensor sample = distribution.sample(noise(3));
                Tensor again = distribution.sample(noise(3));
                Tensor other = distribution.sample(noise(4))) {
            noise(3).fill(drawn);
            for (long i = 0; i < mean.size(); i++) {
                assertThat(deviation.getFlat(i)).isPositive();
                assertThat(deviation.getFlat(i)).isCloseTo((float) Math.exp(logVariance.getFlat(i) / 2), within(1e-6f));
                assertThat(sample.getFlat(i))
                        .isCloseTo(mean.getFlat(i) + deviation.getFlat(i) * drawn.getFlat(i), within(1e-5f));
            }
            assertThat(distance(sample, again)).isZero();
            assertThat(distance(sample, other)).isPositive();
        }
    }

    @Test
    void scalingIsUndone() {
        try (Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 8, 8), 1);
                Tensor scaled = latents.copy()) {
            vae.toModelScale(scaled);
            assertThat(scaled.getFlat(7)).isCloseTo(latents.getFlat(7) * 0.18215f, within(1e-6f));
            vae.fromModelScale(scaled);
            assertThat(distance(scaled, latents)).isLessThan(1e-6);
        }
    }

    @Test
    void tilesMakeNearlyTheSame() {
        BufferedImage image = circle(192, 64, new Color(30, 160, 60));
        VaeTiling tiling = new VaeTiling(16, 8, 0.5);
        try (Tensor picture = pictures(image);
                LatentDistribution whole = vae.encode(picture);
                LatentDistribution inTiles = vae.encode(picture, tiling);
                Tensor latents = whole.mean();
                Tensor tiledLatents = inTiles.mean();
                Tensor decoded = vae.decode(latents);
                Tensor tiled = vae.decode(latents, tiling);
                Tensor fromTiledLatents = vae.decode(tiledLatents)) {
            BufferedImage expected = ImageTensors.toImage(decoded);
            assertThat(tiled.shape()).isEqualTo(decoded.shape());
            assertThat(distance(tiled, decoded)).isPositive();
            assertThat(psnr(expected, ImageTensors.toImage(tiled))).isGreaterThan(25);
            assertThat(distance(tiledLatents, latents)).isPositive();
            assertThat(psnr(expected, ImageTensors.toImage(fromTiledLatents))).isGreaterThan(25);
        }
    }

    @Test
    void decodingLeavesLatentsAsTheyAre() {
        try (Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 8, 8), 1);
                Tensor before = latents.copy();
                Tensor decoded = vae.decode(latents)) {
            BufferedImage image = vae.decodeToImage(latents);

            assertThat(distance(latents, before)).isZero();
            assertThat(decoded.shape()).isEqualTo(Shape.of(1, 3, 64, 64));
            assertThat(image.getWidth()).isEqualTo(64);
        }
    }

    @Test
    void otherShapesAreRefused() {
        for (Shape shape : List.of(Shape.of(4, 8, 8), Shape.of(1, 3, 8, 8), Shape.of(1, 4, 64))) {
            try (Tensor latents = Tensor.zeros(shape)) {
                assertRefused("latents", () -> vae.decode(latents));
            }
        }
        for (Shape shape :
                List.of(Shape.of(3, 64, 64), Shape.of(1, 4, 64, 64), Shape.of(1, 3, 60, 64), Shape.of(1, 3, 64, 60))) {
            try (Tensor pictures = Tensor.zeros(shape)) {
                assertRefused("pictures", () -> vae.encode(pictures));
            }
        }
    }

    @Test
    void closedTensorsAndModelsAreRefused() {
        Tensor closed = Tensor.zeros(Shape.of(1, 4, 8, 8));
        closed.close();
        assertThatThrownBy(() -> vae.decode(closed)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> vae.decodeToImage(closed)).isInstanceOf(ClosedException.class);

        DiffusionModel model = DiffusionModel.open(DemoModel.path());
        Vae orphan = model.vae();
        model.close();
        try (Tensor latents = Tensor.zeros(Shape.of(1, 4, 8, 8));
                Tensor pictures = Tensor.zeros(Shape.of(1, 3, 64, 64))) {
            assertThatThrownBy(() -> orphan.decode(latents)).isInstanceOf(ClosedException.class);
            assertThatThrownBy(() -> orphan.encode(pictures)).isInstanceOf(ClosedException.class);
        }
    }

    @Test
    void aTinyAutoencoderGivesTheMeanAlone(@TempDir Path folder) {
        Path file = TinyAutoencoder.write(folder.resolve("tiny.safetensors"));
        try (DiffusionModel tiny =
                        DiffusionModel.options().tinyAutoencoder(file).open(DemoModel.path());
                Tensor picture = pictures(circle(64, 64, Color.RED));
                LatentDistribution distribution = tiny.vae().encode(picture);
                Tensor mean = distribution.mean();
                Tensor deviation = distribution.standardDeviation();
                Tensor logVariance = distribution.logVariance();
                Tensor sample = distribution.sample(noise(1))) {
            assertThat(tiny.vae().scalingFactor()).isEqualTo(1);
            assertThat(mean.shape()).isEqualTo(Shape.of(1, 4, 8, 8));
            assertThat(deviation.max()).isZero();
            assertThat(logVariance.max()).isEqualTo(Float.NEGATIVE_INFINITY);
            assertThat(distance(sample, mean)).isZero();
        }
    }
}
