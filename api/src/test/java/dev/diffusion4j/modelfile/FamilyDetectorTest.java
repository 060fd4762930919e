package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.diffusion4j.image.ImageSize;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the runtime's {@code get_sd_version}, and what parts of models are known by. */
@Tag("fast")
class FamilyDetectorTest {

    private static final String M = "model.diffusion_model.";

    @TempDir
    private Path folder;

    private ModelFile read(Safetensors model) {
        return ModelFile.read(model.write(folder.resolve("model.safetensors")));
    }

    private ModelFamily family(Safetensors model) {
        return read(model).family();
    }

    private static Safetensors named(String... names) {
        Safetensors model = new Safetensors();
        for (String name : names) {
            model.floats(name, 4, 4);
        }
        return model;
    }

    private static Safetensors withText(long width) {
        return new Safetensors().floats(Models.TOKEN_EMBEDDING, 49_408, width);
    }

    static Stream<Arguments> stableDiffusion() {
        return Stream.of(
                arguments(ModelFamily.SD1, 768, 4, true, ""),
                arguments(ModelFamily.SD1_INPAINT, 768, 9, true, ""),
                arguments(ModelFamily.SD1_PIX2PIX, 768, 8, true, ""),
                arguments(ModelFamily.SD1_TINY, 768, 4, false, "output_blocks.7.1.norm.weight"),
                arguments(ModelFamily.SDXS_512, 768, 4, false, ""),
                arguments(ModelFamily.SD2, 1024, 4, true, ""),
                arguments(ModelFamily.SD2_INPAINT, 1024, 9, true, ""),
                arguments(ModelFamily.SD2_TINY, 1024, 4, false, ""));
    }

    @ParameterizedTest
    @MethodSource
    void stableDiffusion(ModelFamily family, long width, long inputs, boolean middle, String more) {
        Safetensors model = Models.unet(withText(width), 32, inputs, width, middle);
        if (!more.isEmpty()) {
            model.floats(M + more, 4);
        }

        assertThat(family(model)).isEqualTo(family);
    }

    @Test
    void sdxs09() {
        Safetensors model = Models.unet(withText(1024), 64, 4, 1024, false)
                .floats(M + "output_blocks.7.1.transformer_blocks.0.attn1.to_k.weight", 64, 1024);

        assertThat(family(model)).isEqualTo(ModelFamily.SDXS_09);
    }

    @Test
    void sdxlAndItsKin() {
        String second = "conditioner.embedders.1.model.token_embedding.weight";
        assertThat(family(Models.sdxl())).isEqualTo(ModelFamily.SDXL);
        assertThat(family(Models.unet(named(second), 64, 9, 2048))).isEqualTo(ModelFamily.SDXL_INPAINT);
        assertThat(family(Models.unet(named(second), 64, 8, 2048))).isEqualTo(ModelFamily.SDXL_PIX2PIX);
        assertThat(family(Models.unet(named(second), 64, 4, 2048, false))).isEqualTo(ModelFamily.SDXL_VEGA);
        assertThat(family(Models.unet(
                        named(second, M + "output_blocks.3.1.transformer_blocks.1.norm1.weight"), 64, 4, 2048, false)))
                .isEqualTo(ModelFamily.SDXL_SSD1B);
    }

    @Test
    void diffusersNames() {
        Safetensors model = named(
                        "unet.down_blocks.0.resnets.0.conv1.weight", "unet.mid_block.attentions.0.norm.weight")
                .floats("unet.conv_in.weight", 320, 4, 3, 3)
                .floats("te.text_model.embeddings.token_embedding.weight", 49_408, 768);

        assertThat(family(model)).isEqualTo(ModelFamily.SD1);
    }

    /** As folders have them, without a text encoder. */
    @Test
    void smallUnetsInTheNamesOfDiffusers() {
        String[] sdxs = {"down_blocks.0.resnets.0.conv1.weight", "up_blocks.1.attentions.1.norm.weight"};
        String crossAttention = "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight";

        assertThat(family(named(sdxs).floats(crossAttention, 64, 768))).isEqualTo(ModelFamily.SDXS_512);
        assertThat(family(named(sdxs)
                        .floats("up_blocks.2.attentions.1.norm.weight", 4)
                        .floats(crossAttention, 64, 768)))
                .isEqualTo(ModelFamily.SD1_TINY);
        assertThat(family(named(sdxs)
                        .floats("mid_block.resnets.1.norm1.weight", 4)
                        .floats(crossAttention, 64, 768)))
                .isEqualTo(ModelFamily.SD1);
    }

    @Test
    void patchesOfThoseThatWorkOnPixels() {
        String radiance = M + "nerf_final_layer_conv.weight";
        assertThat(read(named(radiance)).pixelPatch()).isEqualTo(16);
        assertThat(read(named(radiance, M + "__32x32__")).pixelPatch()).isEqualTo(32);
        assertThat(read(named(M + "double_blocks.0.img_attn.qkv.weight")).pixelPatch())
                .isEqualTo(1);
    }

    /** Which has the second of SDXL's text encoders alone, and a VAE. */
    @Test
    void refiner() {
        String[] parts = {M + "input_blocks.1.0.in_layers.2.weight", "first_stage_model.decoder.conv_in.weight"};
        assertThat(family(named(parts).floats("conditioner.embedders.0.model.token_embedding.weight", 49_408, 1280)))
                .isEqualTo(ModelFamily.SDXL_REFINER);
        assertThat(family(named("down_blocks.0.resnets.0.conv1.weight")
                        .floats("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", 768, 1280)))
                .isEqualTo(ModelFamily.SDXL_REFINER);
    }

    @ParameterizedTest
    @CsvSource({
        "PID, model.diffusion_model.net.lq_proj.latent_proj.0.weight",
        "IDEOGRAM_4, model.diffusion_model.embed_image_indicator.weight",
        "CHROMA_RADIANCE, model.diffusion_model.nerf_final_layer_conv.weight",
        "SD3, model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
        "QWEN_IMAGE, model.diffusion_model.transformer_blocks.0.img_mod.1.weight",
        "ANIMA, model.diffusion_model.net.llm_adapter.blocks.0.cross_attn.q_proj.weight",
        "OVIS_IMAGE, model.diffusion_model.double_blocks.0.img_mlp.gate_proj.weight",
        "Z_IMAGE, model.diffusion_model.cap_embedder.0.weight",
        "ERNIE_IMAGE, model.diffusion_model.layers.0.adaLN_sa_ln.weight",
        "LTXAV, model.diffusion_model.adaln_single.emb.timestep_embedder.linear_1.bias",
        "SVD, model.diffusion_model.input_blocks.8.0.time_mixer.mix_factor",
        "FLUX2_KLEIN, model.diffusion_model.double_stream_modulation_img.lin.weight",
        "FLUX, model.diffusion_model.double_blocks.0.img_attn.qkv.weight",
        "FLUX, diffusion_model.double_blocks.0.img_attn.qkv.weight",
        "FLUX, transformer.single_transformer_blocks.0.attn.to_q.weight",
        "WAN2, model.diffusion_model.blocks.0.cross_attn.norm_k.weight"
    })
    void oneTensorTells(ModelFamily family, String name) {
        assertThat(family(named(name))).isEqualTo(family);
    }

    @Test
    void twoTensorsTell() {
        assertThat(family(named(
                        "model.x_embedder.proj1.weight", "model.language_model.layers.0.self_attn.q_proj.weight")))
                .isEqualTo(ModelFamily.HIDREAM_O1);
        assertThat(family(named(
                        M + "transformer_blocks.0.attn.norm_added_q.weight",
                        M + "transformer_blocks.0.img_mlp.w1.weight")))
                .isEqualTo(ModelFamily.LENS);
        assertThat(family(named(M + "double_stream_modulation_img.lin.weight", M + "single_blocks.47.linear1.weight")))
                .isEqualTo(ModelFamily.FLUX2);
    }

    @ParameterizedTest
    @CsvSource({"FLUX_FILL, 384", "FLUX_CONTROL, 128", "FLEX_2, 196", "FLUX, 64"})
    void fluxByItsInput(ModelFamily family, long width) {
        assertThat(family(named(M + "double_blocks.0.img_attn.qkv.weight").floats(M + "img_in.weight", 8, width)))
                .isEqualTo(family);
    }

    @Test
    void longcatByItsContext() {
        assertThat(family(named(M + "double_blocks.0.img_attn.qkv.weight").floats(M + "txt_in.weight", 8, 3_584)))
                .isEqualTo(ModelFamily.LONGCAT);
    }

    @Test
    void wanByItsPatchesInFiveDimensions() {
        String block = M + "blocks.0.cross_attn.norm_k.weight";
        assertThat(family(named(block).tensor(M + "patch_embedding.weight", "F16", 5_120, 36, 1, 2, 2)))
                .isEqualTo(ModelFamily.WAN2_2_I2V);
        assertThat(family(named(block).tensor(M + "patch_embedding.weight", "F16", 3_072, 48, 1, 2, 2)))
                .isEqualTo(ModelFamily.WAN2_2_TI2V);
        assertThat(family(named(block, M + "img_emb.proj.0.weight")
                        .tensor(M + "patch_embedding.weight", "F16", 5_120, 36, 1, 2, 2)))
                .isEqualTo(ModelFamily.WAN2);
    }

    @ParameterizedTest
    @CsvSource({
        "VAE, decoder.conv_in.weight",
        "VAE, vae.decoder.conv_in.weight",
        "VAE, first_stage_model.decoder.conv_in.weight",
        "TINY_AUTOENCODER, decoder.layers.0.weight",
        "T5, encoder.block.0.layer.0.SelfAttention.q.weight",
        "T5, enc.blk.0.attn_q.weight",
        "LLM, model.layers.0.self_attn.q_proj.weight",
        "LLM, blk.0.attn_q.weight",
        "CLIP_VISION, vision_model.encoder.layers.0.self_attn.q_proj.weight",
        "CONTROL_NET, control_model.input_hint_block.0.weight",
        "CONTROL_NET, controlnet_cond_embedding.conv_in.weight",
        "UPSCALER, body.0.rdb1.conv1.weight",
        "UPSCALER, model.1.sub.0.RDB1.conv1.0.weight",
        "LORA, lora_unet_mid_block.lora_down.weight",
        "LORA, transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight",
        "LORA, unet.down_blocks.0.attentions.0.processor.to_k_lora.down.weight",
        "LORA, lycoris_blocks_0.hada_w1_a",
        "LORA, lycoris_blocks_0.lokr_w1",
        "UNKNOWN, something.else"
    })
    void parts(ModelFamily family, String name) {
        assertThat(family(named(name))).isEqualTo(family);
    }

    @ParameterizedTest
    @CsvSource({"CLIP_L, 768", "CLIP_H, 1024", "CLIP_G, 1280", "UNKNOWN, 512"})
    void textEncodersByWidth(ModelFamily family, long width) {
        assertThat(family(new Safetensors().floats("text_model.embeddings.token_embedding.weight", 49_408, width)))
                .isEqualTo(family);
        assertThat(family(withText(width))).isEqualTo(family);
    }

    @ParameterizedTest
    @CsvSource({"TEXTUAL_INVERSION, emb_params, 768", "TEXTUAL_INVERSION, *, 1024", "UNKNOWN, emb_params, 512"})
    void textualInversionsByWidth(ModelFamily family, String name, long width) {
        assertThat(family(new Safetensors().floats(name, 2, width))).isEqualTo(family);
    }

    @Test
    void bareDiffusionModels() {
        ModelFile flux = read(named("double_blocks.0.img_attn.qkv.weight"));
        ModelFile unet = read(named("down_blocks.0.resnets.0.conv1.weight")
                .floats("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", 320, 2_048)
                .floats("mid_block.resnets.1.conv1.weight", 4)
                .floats("conv_in.weight", 320, 4, 3, 3));
        ModelFile whole = read(Models.sd1(320));

        assertThat(flux.family()).isEqualTo(ModelFamily.FLUX);
        assertThat(flux.isBareDiffusionModel()).isTrue();
        assertThat(unet.family().isStableDiffusionXl()).isTrue();
        assertThat(unet.isBareDiffusionModel()).isTrue();
        assertThat(whole.isBareDiffusionModel()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "128x128, 128x128",
        "832x1216, 832x1216",
        "512, 512x512",
        "0x0, 512x512",
        "-1x1, 512x512",
        "999999x1, 512x512"
    })
    void nativeSizeFromMetadataOrFamily(String resolution, String size) {
        Safetensors model = Models.sd1(320).metadata("modelspec.resolution", resolution);

        assertThat(read(model).nativeSize()).map(ImageSize::toString).contains(size);
    }

    @Test
    void nativeSizeIsEmptyWhereThereIsNoPicture() {
        assertThat(read(Models.tinyAutoencoder()).nativeSize()).isEmpty();
        assertThat(ModelFamily.SDXL.nativeSize()).isEqualTo(Optional.of(new ImageSize(1024, 1024)));
        assertThat(ModelFamily.WAN2.nativeSize()).isEmpty();
    }

    @Test
    void familiesKnowWhatTheyAre() {
        assertThat(ModelFamily.values())
                .filteredOn(ModelFamily::isUnet)
                .allMatch(family -> family.makesPictures()
                        && Stream.of(
                                                family.isStableDiffusion1(),
                                                family.isStableDiffusion2(),
                                                family.isStableDiffusionXl())
                                        .filter(Boolean::booleanValue)
                                        .count()
                                == 1);
        assertThat(ModelFamily.SD1_INPAINT.isInpainting()).isTrue();
        assertThat(ModelFamily.SD1.isInpainting()).isFalse();
        assertThat(ModelFamily.WAN2.makesVideo()).isTrue();
        assertThat(ModelFamily.LORA.makesPictures()).isFalse();
    }

    @Test
    void toStringSaysWhatThereIs() {
        ModelFile file = read(Models.tinyAutoencoder());

        assertThat(file).hasToString(file.path() + " (tiny autoencoder, safetensors, 2 tensors)");
    }
}
