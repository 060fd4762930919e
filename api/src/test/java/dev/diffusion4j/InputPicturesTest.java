package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.References;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an engine is given of a request's pictures. */
@Tag("fast")
class InputPicturesTest {

    @TempDir
    private Path folder;

    private GenerationInputs given(Function<DiffusionModel, ImageGeneration> request) {
        AtomicReference<GenerationInputs> given = new AtomicReference<>();
        FakeEngine engine = new FakeEngine((parameters, inputs, _, _) -> {
            given.set(inputs);
            return FakeEngine.picture(parameters);
        });
        // InstructPix2Pix, which looks at all kinds of pictures.
        Path file = new Safetensors()
                .floats("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", 49_408, 768)
                .floats("model.diffusion_model.input_blocks.0.0.weight", 320, 8, 3, 3)
                .floats("model.diffusion_model.time_embed.0.weight", 1280, 320)
                .floats("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 320, 768)
                .floats("model.diffusion_model.middle_block.0.in_layers.0.weight", 320)
                .floats("model.diffusion_model.out.2.weight", 4, 320, 3, 3)
                .write(folder.resolve("model.safetensors"));
        try (DiffusionModel sd = FakeModels.open(engine, ModelFile.read(file), 1)) {
            request.apply(sd).generate();
        }
        return given.get();
    }

    /** Grey with alpha, as picture files have it: two values a pixel. */
    private static BufferedImage greyWithAlpha(int grey, int alpha) {
        ComponentColorModel colours = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_GRAY),
                true,
                false,
                Transparency.TRANSLUCENT,
                DataBuffer.TYPE_BYTE);
        BufferedImage image = new BufferedImage(colours, colours.createCompatibleWritableRaster(64, 64), false, null);
        for (int i = 0; i < 64 * 64; i++) {
            image.getRaster().setPixel(i % 64, i / 64, new int[] {grey, alpha});
        }
        return image;
    }

    private static int sample(BufferedImage image) {
        return image.getRaster().getSample(20, 30, 0);
    }

    @ParameterizedTest
    @CsvSource({"128, 255, 128, 128", "128, 51, 230, 26", "128, 0, 255, 0"})
    void greyKeepsItsValueAndAlphaLiesOverWhiteOrForMasksBlack(int grey, int alpha, int picture, int mask) {
        BufferedImage image = greyWithAlpha(grey, alpha);
        GenerationInputs given = given(sd -> sd.inpaint(image, image, "a star").references(References.of(image)));
        assertThat(given.init().orElseThrow().getType()).isEqualTo(BufferedImage.TYPE_INT_RGB);
        assertThat(given.mask().orElseThrow().getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        assertThat(sample(given.init().orElseThrow())).isEqualTo(picture);
        assertThat(sample(given.mask().orElseThrow())).isEqualTo(mask);
        assertThat(sample(given.references().getFirst())).isEqualTo(picture);
    }

    /** Those of PhotoMaker's identity encoder, which sees the middle. */
    @ParameterizedTest
    @CsvSource({"1, 1", "61, 122", "223, 225", "500, 30", "224, 224"})
    void peopleAreOfTheIdentityEncodersSize(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_4BYTE_ABGR);
        ImageRequest request = ImageRequest.textToImage("a man img")
                .size(64, 64)
                .identity(Identity.of(image))
                .build();
        BufferedImage seen =
                GenerationInputs.of(request).identity().orElseThrow().pictures().getFirst();
        assertThat(seen.getWidth()).isEqualTo(224);
        assertThat(seen.getHeight()).isEqualTo(224);
        assertThat(seen.getType()).isEqualTo(BufferedImage.TYPE_INT_RGB);
        assertThat(seen.getRGB(0, 0)).isEqualTo(0xFFFFFFFF);
    }

    /** Red, green and blue beside each other, each 64 pixels wide and 64 high. */
    private static BufferedImage tricolour() {
        BufferedImage image = new BufferedImage(192, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 192 * 64; i++) {
            image.setRGB(i % 192, i / 192, 0xFF0000 >> 8 * (i % 192 / 64));
        }
        return image;
    }

    /** White where the picture is red. */
    private static BufferedImage maskOfTheRed() {
        BufferedImage mask = new BufferedImage(192, 64, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 192 * 64; i++) {
            mask.getRaster().setSample(i % 192, i / 192, 0, i % 192 < 64 ? 255 : 0);
        }
        return mask;
    }

    @ParameterizedTest
    @CsvSource({
        // The colour at the left and in the middle of the upper border.
        ", ff0000, ff00",
        "STRETCH, ff0000, ff00",
        "CROP, ff00, ff00",
        "FIT, ff0000, ff00",
    })
    void theResizeModeIsTheUsersForPictureAndMaskAlike(ResizeMode mode, String left, String top) {
        GenerationInputs redrawn = given(sd -> {
            InitImage image = InitImage.of(tricolour());
            return sd.imageToImage(mode == null ? image : image.withResizeMode(mode), "a star")
                    .size(128, 128);
        });
        GenerationInputs masked = given(sd -> {
            InitImage image = InitImage.of(tricolour()).withMask(maskOfTheRed());
            return sd.imageToImage(mode == null ? image : image.withResizeMode(mode), "a star")
                    .size(128, 128);
        });
        for (GenerationInputs given : List.of(redrawn, masked)) {
            BufferedImage picture = given.init().orElseThrow();
            assertThat(picture.getWidth()).isEqualTo(128);
            assertThat(picture.getHeight()).isEqualTo(128);
            assertThat(Integer.toHexString(picture.getRGB(10, 64) & 0xFFFFFF)).isEqualTo(left);
            assertThat(Integer.toHexString(picture.getRGB(64, 2) & 0xFFFFFF)).isEqualTo(top);
        }
        BufferedImage mask = masked.mask().orElseThrow();
        assertThat(mask.getWidth()).isEqualTo(128);
        assertThat(mask.getRaster().getSample(10, 64, 0)).isEqualTo(left.equals("ff0000") ? 255 : 0);
        assertThat(mask.getRaster().getSample(64, 2, 0)).isZero();
    }

    /** A bicubic step from 16 pixels to one looks at four of them, and sees black or white alone. */
    @Test
    void largePicturesAreAveraged() {
        BufferedImage lines = new BufferedImage(1024, 1024, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 1024 * 1024; i++) {
            // Where 16 rows become one, no edge is in the middle of them.
            lines.setRGB(i % 1024, i / 1024, (i / 1024 + 4) % 16 < 8 ? 0xFFFFFF : 0);
        }
        BufferedImage given = given(sd -> sd.imageToImage(lines, "a star").size(64, 64))
                .init()
                .orElseThrow();
        for (int y = 4; y < 60; y++) {
            assertThat(given.getRaster().getSample(32, y, 1)).as("row %d", y).isBetween(118, 138);
        }
    }
}
