package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ModelCheckTest {

    private static final String M = "model.diffusion_model.";

    private static final Set<ModelComponent> NONE = EnumSet.noneOf(ModelComponent.class);

    private static final Consumer<ModelFile> WHOLE = file -> ModelFileValidator.requireModel(file, NONE);

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void setUp() {
        path = folder.resolve("model.safetensors");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
            Safetensors model, Consumer<ModelFile> check) {
        ModelFile file = ModelFile.read(model.write(path));
        return assertThatThrownBy(() -> check.accept(file))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private void assertAccepted(Safetensors model, Consumer<ModelFile> check) {
        ModelFile file = ModelFile.read(model.write(path));
        assertThatCode(() -> check.accept(file)).doesNotThrowAnyException();
    }

    private static Consumer<ModelFile> with(ModelComponent... separate) {
        return file -> ModelFileValidator.requireModel(file, Set.of(separate));
    }

    @ParameterizedTest
    @ValueSource(longs = {32, 64, 320})
    void takesStableDiffusion1OfAnyWidth(long channels) {
        assertAccepted(Models.sd1(channels), WHOLE);
    }

    @Test
    void takesSdxl() {
        assertAccepted(Models.sdxl(), WHOLE);
    }

    @Test
    void takesDiffusersNames() {
        Safetensors model = new Safetensors()
                .floats("te.text_model.embeddings.token_embedding.weight", 49_408, 768)
                .floats("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", 320, 768)
                .floats("unet.mid_block.attentions.0.norm.weight", 4)
                .floats("unet.conv_in.weight", 320, 4, 3, 3)
                .floats("unet.conv_out.weight", 4, 320, 3, 3)
                .floats("unet.time_embedding.linear_1.weight", 1_280, 320);
        assertAccepted(Models.vae(model, "vae."), WHOLE);
    }

    @Test
    void namesTheMissingPart() {
        Safetensors withoutVae =
                Models.unet(new Safetensors().floats(Models.TOKEN_EMBEDDING, 49_408, 768), 320, 4, 768);
        assertRefused(withoutVae, WHOLE)
                .hasMessageContaining("has no VAE decoder: 'first_stage_model.decoder.conv_in.weight' is missing")
                .hasMessageContaining("vae(Path)");
        assertAccepted(withoutVae, with(ModelComponent.VAE));
        assertAccepted(withoutVae, with(ModelComponent.TINY_AUTOENCODER));

        assertRefused(Models.unet(new Safetensors(), 320, 4, 768), with(ModelComponent.VAE, ModelComponent.CLIP_L))
                .hasMessageContaining("has no text encoder");

        assertRefused(
                        new Safetensors()
                                .floats(Models.TOKEN_EMBEDDING, 49_408, 768)
                                .floats(M + "input_blocks.1.0.in_layers.0.weight", 320),
                        with(ModelComponent.VAE))
                .hasMessageContaining("has no U-Net: '" + M + "input_blocks.0.0.weight' is missing");
    }

    @Test
    void namesAHalfMissingVae() {
        Safetensors decoderOnly = Models.unet(
                        new Safetensors().floats(Models.TOKEN_EMBEDDING, 49_408, 768), 320, 4, 768)
                .floats("first_stage_model.decoder.conv_in.weight", 512, 4, 3, 3)
                .floats("first_stage_model.decoder.conv_out.weight", 3, 128, 3, 3);

        assertRefused(decoderOnly, WHOLE).hasMessageContaining("has no VAE encoder");
    }

    @Test
    void sdxlTakesClipLFromAFileOfItsOwn() {
        Safetensors model = Models.vae(
                Models.unet(
                        new Safetensors()
                                .floats("conditioner.embedders.1.model.token_embedding.weight", 49_408, 1_280)
                                .floats(M + "label_emb.0.0.weight", 1_280, 2_816),
                        320,
                        4,
                        2_048),
                "first_stage_model.");

        assertRefused(model, WHOLE).hasMessageContaining("has no text encoder");
        assertAccepted(model, with(ModelComponent.CLIP_L));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 16, 33, 0})
    void refusesWidthsThatTheNetworkCannotHave(long channels) {
        assertRefused(Models.sd1(channels), WHOLE)
                .hasMessageContaining("a U-Net of " + channels + " channels, not of a multiple of 32");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input_blocks.0.0.weight|[32, 5, 3, 3]|[32, 4, 3, 3]",
                "out.2.weight|[8, 32, 3, 3]|[4, 32, 3, 3]",
                "time_embed.0.weight|[128, 64]|32 as its second dimension",
                "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight|[32, 1024]|768 as its second dimension"
            })
    void refusesShapesFromWhichTheNetworkWouldBeMadeWrong(String name, String shape, String needed) {
        long[] dimensions = Arrays.stream(shape.substring(1, shape.length() - 1).split(", "))
                .mapToLong(Long::parseLong)
                .toArray();
        Safetensors spoilt = new Safetensors().floats(Models.TOKEN_EMBEDDING, 49_408, 768);
        Models.unetExcept(spoilt, M + name, 32, 4, 768).floats(M + name, dimensions);

        assertRefused(Models.vae(spoilt, "first_stage_model."), WHOLE)
                .hasMessageContaining("'" + M + name + "' in the shape " + shape + ", the runtime needs " + needed);
    }

    @Test
    void refusesOtherVocabularies() {
        Safetensors model = Models.vae(
                Models.unet(new Safetensors().floats(Models.TOKEN_EMBEDDING, 100, 768), 32, 4, 768),
                "first_stage_model.");

        assertRefused(model, WHOLE).hasMessageContaining("in the shape [100, 768], the runtime needs [49408, 768]");
    }

    @Test
    void refusesDecodersOfOddWidths() {
        Safetensors model = Models.unet(new Safetensors().floats(Models.TOKEN_EMBEDDING, 49_408, 768), 32, 4, 768)
                .floats("first_stage_model.decoder.conv_in.weight", 100, 4, 3, 3)
                .floats("first_stage_model.decoder.conv_out.weight", 3, 25, 3, 3)
                .floats("first_stage_model.encoder.conv_in.weight", 128, 3, 3, 3);

        assertRefused(model, WHOLE).hasMessageContaining("a VAE decoder of 100 channels");
    }

    @ParameterizedTest
    @ValueSource(strings = {"I32", "I64"})
    void refusesWeightsThatAreIntegers(String dtype) {
        assertRefused(Models.sd1(32).tensor(M + "out.2.bias", dtype, 4), WHOLE)
                .hasMessageContaining("'" + M + "out.2.bias' stored as " + dtype.toLowerCase(Locale.ROOT));
        assertRefused(Models.sd1(32).tensor("alphas_cumprod", dtype, 1_000), WHOLE)
                .hasMessageContaining("'alphas_cumprod'");
    }

    @Test
    void takesIntegersThatTheRuntimeSkips() {
        assertAccepted(
                Models.sd1(32)
                        .tensor("cond_stage_model.transformer.text_model.embeddings.position_ids", "I64", 1, 77)
                        .tensor("model_ema.num_updates", "I32")
                        .tensor("marker", "U8", 3),
                WHOLE);
    }

    @Test
    void refusesDoublesInGguf() {
        ModelFile file = ModelFile.read(
                new Gguf().tensor("decoder.conv_in.weight", 28, 8, 1).write(folder.resolve("vae.gguf")));

        assertThatThrownBy(() -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("stored as f64");
    }

    @Test
    void saysWhatAFileIsThatIsNoModel() {
        assertRefused(Models.lora(768, 320), WHOLE)
                .hasMessageContaining("is not a model that makes pictures or videos: it is a LoRA");
        assertRefused(new Safetensors().floats("a", 1), WHOLE).hasMessageContaining("nothing that is known");
        assertRefused(new Safetensors().metadata("a", "b"), WHOLE).hasMessageContaining("it has no tensors");
        assertRefused(new Safetensors().floats(M + "input_blocks.8.0.time_mixer.mix_factor", 1), WHOLE)
                .hasMessageContaining("it is the video model SVD, for which the runtime has no loop");
        assertRefused(new Safetensors().floats(M + "blocks.0.cross_attn.norm_k.weight", 1), WHOLE)
                .hasMessageContaining("has no VAE");
        assertRefused(
                        new Safetensors()
                                .floats(M + "input_blocks.1.0.in_layers.2.weight", 4)
                                .floats("conditioner.embedders.0.model.token_embedding.weight", 49_408, 1280),
                        WHOLE)
                .hasMessageContaining("it is the refiner of SDXL")
                .hasMessageContaining("imageToImage with a strength of 0.2 to 0.3");
    }

    @ParameterizedTest
    @CsvSource({
        "double_stream_modulation_img.lin.weight, language model, Flux.2 klein, languageModel(Path)",
        "double_blocks.0.img_mlp.gate_proj.weight, language model, Ovis Image, languageModel(Path)",
        "layers.0.adaLN_sa_ln.weight, language model, Ernie Image, languageModel(Path)",
        "net.llm_adapter.blocks.0.cross_attn.q_proj.weight, language model, Anima, languageModel(Path)",
        "embed_image_indicator.weight, language model, Ideogram 4, languageModel(Path)",
        "nerf_final_layer_conv.conv.weight, T5 text encoder, Chroma Radiance, t5(Path)"
    })
    void namesTheTextEncoderThatIsMissing(String tensor, String part, String family, String method) {
        Consumer<ModelFile> check = file ->
                ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.VAE, ModelComponent.CLIP_L));
        assertRefused(new Safetensors().floats(tensor, 4, 4), check)
                .hasMessageContaining(
                        "has no " + part + ", which reads the prompts for " + family + "; give it with " + method);
    }

    @Test
    void transformersNeedVaeAndTextEncoderFromSomewhere() {
        Safetensors bare = new Safetensors()
                .floats(M + "double_blocks.0.img_attn.qkv.weight", 4, 4)
                .floats(M + "vector_in.in_layer.weight", 4, 4);
        assertRefused(bare, WHOLE).hasMessageContaining("has no VAE");
        assertRefused(bare, with(ModelComponent.VAE)).hasMessageContaining("has no text encoder");
        assertAccepted(bare, with(ModelComponent.VAE, ModelComponent.T5));
        assertAccepted(
                new Safetensors()
                        .floats(M + "double_blocks.0.img_attn.qkv.weight", 4, 4)
                        .floats("vae.decoder.conv_in.weight", 512, 16, 3, 3)
                        .floats("text_encoders.t5xxl.transformer.shared.weight", 4, 4),
                WHOLE);
        assertAccepted(new Safetensors().floats(M + "nerf_final_layer_conv.weight", 4, 4), with(ModelComponent.T5));
    }

    @Test
    void diffusionModelsAloneAreGivenAsSuch() {
        Safetensors flux = new Safetensors().floats("double_blocks.0.img_attn.qkv.weight", 4, 4);
        assertRefused(flux, with(ModelComponent.VAE, ModelComponent.T5))
                .hasMessageContaining("holds a diffusion transformer alone")
                .hasMessageContaining("diffusionModel(Path)");
        assertAccepted(
                flux,
                file -> ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.VAE, ModelComponent.T5)));
        assertRefused(flux, file -> ModelFileValidator.requireDiffusionModel(file, NONE))
                .hasMessageContaining("has no VAE");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "single_transformer_blocks.0.attn.to_q.weight",
                "cap_embedder.0.weight layers.0.attention.to_q.weight",
                "pos_embed.proj.weight transformer_blocks.0.norm1_context.linear.weight transformer_blocks.0.attn.to_q.weight",
            })
    void takesTransformersInTheNamesOfDiffusers(String names) {
        assertAccepted(
                named(names), file -> ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.values())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "single_transformer_blocks.0.attn.to_q.weight distilled_guidance_layer.in_proj.weight",
                "single_transformer_blocks.0.attn.to_qkv_mlp_proj.weight double_stream_modulation_img.linear.weight",
            })
    void transformersOfWhichDiffusersNamesAreNotKnownAreRefused(String names) {
        Set<ModelComponent> all = Set.of(ModelComponent.values());
        assertRefused(named(names), file -> ModelFileValidator.requireDiffusionModel(file, all))
                .hasMessageContaining("has the names of diffusers")
                .hasMessageContaining("in the original names");
    }

    private static Safetensors named(String names) {
        Safetensors model = new Safetensors();
        for (String name : names.split(" ")) {
            model.floats(name, 4, 4);
        }
        return model;
    }

    @ParameterizedTest
    @CsvSource({
        "blocks.0.weight.absmax, bitsandbytes",
        "blocks.0.weight.quant_state.bitsandbytes__nf4, bitsandbytes",
        "blocks.0.qzeros, GPTQ or AWQ",
        "blocks.0.wscales, nunchaku",
        "blocks.0.weight_scale_2, NVFP4",
        "blocks.0.weight_scale_inv, scales for blocks",
    })
    void quantisationsThatNothingHereReadsAreNamed(String tensor, String name) {
        Safetensors flux = new Safetensors()
                .floats("double_blocks.0.img_attn.qkv.weight", 4, 4)
                .tensor("blocks.0.weight", "U8", 8)
                .floats(tensor, 1);
        assertRefused(flux, file -> ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.values())))
                .hasMessageContaining(name)
                .hasMessageContaining("GGUF");
    }

    @Test
    void fp8HasOneScaleForATensor() {
        Safetensors flux = new Safetensors()
                .tensor("double_blocks.0.img_attn.qkv.weight", "F8_E4M3", 4, 4)
                .floats("double_blocks.0.img_attn.qkv.scale_weight")
                .tensor("scaled_fp8", "F8_E4M3", 0);
        Set<ModelComponent> all = Set.of(ModelComponent.values());
        assertAccepted(flux, file -> ModelFileValidator.requireDiffusionModel(file, all));
        Safetensors rows = new Safetensors()
                .tensor("double_blocks.0.img_attn.qkv.weight", "F8_E4M3", 4, 4)
                .floats("double_blocks.0.img_attn.qkv.weight_scale", 4, 1);
        assertRefused(rows, file -> ModelFileValidator.requireDiffusionModel(file, all))
                .hasMessageContaining("4 scales");
    }

    private static Safetensors diffusersUnet(long context) {
        return diffusersUnet(new Safetensors(), context);
    }

    private static Safetensors diffusersUnet(Safetensors start, long context) {
        return start.floats("conv_in.weight", 320, 4, 3, 3)
                .floats("conv_out.weight", 4, 320, 3, 3)
                .floats("time_embedding.linear_1.weight", 1280, 320)
                .floats("mid_block.attentions.0.norm.weight", 1280)
                .floats("mid_block.resnets.1.norm1.weight", 1280)
                .floats("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", 320, context);
    }

    @Test
    void unetsAloneComeWithTheirTextEncoders() {
        Set<ModelComponent> one = Set.of(ModelComponent.CLIP_L, ModelComponent.VAE);
        Set<ModelComponent> both = Set.of(ModelComponent.CLIP_L, ModelComponent.CLIP_G, ModelComponent.VAE);
        assertAccepted(diffusersUnet(768), file -> ModelFileValidator.requireDiffusionModel(file, one));
        assertAccepted(diffusersUnet(1024), file -> ModelFileValidator.requireDiffusionModel(file, one));
        Safetensors xl = diffusersUnet(2048).floats("add_embedding.linear_1.weight", 1280, 2816);
        assertAccepted(xl, file -> ModelFileValidator.requireDiffusionModel(file, both));
        assertRefused(xl, file -> ModelFileValidator.requireDiffusionModel(file, one))
                .hasMessageContaining("give both with clipL(Path) and clipG(Path)");
        assertRefused(
                        diffusersUnet(768),
                        file -> ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.VAE)))
                .hasMessageContaining("give it with clipL(Path)");
        assertRefused(
                        diffusersUnet(768),
                        file -> ModelFileValidator.requireDiffusionModel(file, Set.of(ModelComponent.CLIP_L)))
                .hasMessageContaining("has no VAE");
        assertRefused(
                        diffusersUnet(new Safetensors().floats("up_blocks.0.attn2.to_k.weight", 320, 770), 768),
                        file -> ModelFileValidator.requireDiffusionModel(file, one))
                .hasMessageContaining("as its second dimension");
        assertRefused(diffusersUnet(768), with(ModelComponent.CLIP_L, ModelComponent.VAE))
                .hasMessageContaining("holds a U-Net alone")
                .hasMessageContaining("diffusionModel(Path)");
    }

    @Test
    void sd2HasAnotherTextEncoderInThePlaceOfClipL() {
        String name = "text_model.embeddings.token_embedding.weight";
        Safetensors large = new Safetensors().floats(name, 16, 1024);
        assertAccepted(
                large, file -> ModelFileValidator.requireComponent(file, ModelComponent.CLIP_L, ModelFamily.SD2));
        assertRefused(large, file -> ModelFileValidator.requireComponent(file, ModelComponent.CLIP_L, ModelFamily.SD1))
                .hasMessageContaining("is not a CLIP-L");
    }

    @Test
    void vaeFiles() {
        assertAccepted(
                Models.vae(new Safetensors(), ""),
                file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1));
        assertAccepted(
                Models.vae(new Safetensors(), "vae."),
                file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1));
        assertRefused(
                        Models.vae(new Safetensors(), "first_stage_model."),
                        file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1))
                .hasMessageContaining("inside a model");
        assertRefused(
                        Models.sd1(32),
                        file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1))
                .hasMessageContaining("is not a VAE: it is an SD 1.x model");
        assertRefused(
                        new Safetensors().floats("decoder.conv_in.weight", 512, 4, 3, 3),
                        file -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1))
                .hasMessageContaining("has no VAE decoder: 'decoder.conv_out.weight' is missing");
    }

    private static Consumer<ModelFile> asTinyAutoencoderOf(ModelFamily family) {
        return file -> ModelFileValidator.requireComponent(file, ModelComponent.TINY_AUTOENCODER, family);
    }

    @Test
    void tinyAutoencoderFiles() {
        assertAccepted(Models.tinyAutoencoder(), asTinyAutoencoderOf(ModelFamily.SD1));
        assertAccepted(Models.tinyAutoencoder(), asTinyAutoencoderOf(ModelFamily.SDXL));
        assertAccepted(Models.tinyAutoencoder(16), asTinyAutoencoderOf(ModelFamily.FLUX));
        assertAccepted(Models.tinyAutoencoder(32), asTinyAutoencoderOf(ModelFamily.FLUX2_KLEIN));
        assertAccepted(Models.tinyVideoAutoencoder(16), asTinyAutoencoderOf(ModelFamily.QWEN_IMAGE));
        assertRefused(
                        new Safetensors().floats("decoder.layers.0.weight", 64, 4, 3, 3),
                        asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("without its encoder");
        assertAccepted(
                new Safetensors().floats("decoder.layers.0.weight", 64, 4, 3, 3),
                file -> ModelFileValidator.requirePreviewAutoencoder(file, ModelFamily.SD1));
        assertRefused(Models.vae(new Safetensors(), ""), asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("is not a tiny autoencoder: it is a VAE");
    }

    @Test
    void tinyAutoencodersOfOtherLatents() {
        assertRefused(Models.tinyAutoencoder(4), asTinyAutoencoderOf(ModelFamily.FLUX))
                .hasMessageContaining("for the latents of SD 1.x, SD 2.x or SDXL, and Flux has those of SD 3.x")
                .hasMessageContaining("take taesd3 or taef1, the file diffusion_pytorch_model.safetensors");
        assertRefused(Models.tinyAutoencoder(16), asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("take taesd or taesdxl");
        assertRefused(Models.tinyAutoencoder(16), asTinyAutoencoderOf(ModelFamily.FLUX2))
                .hasMessageContaining("take taef2");
        assertRefused(Models.tinyAutoencoder(16), asTinyAutoencoderOf(ModelFamily.QWEN_IMAGE))
                .hasMessageContaining("take taew2_1");
        assertRefused(Models.tinyVideoAutoencoder(16), asTinyAutoencoderOf(ModelFamily.FLUX))
                .hasMessageContaining("for the latents of Wan 2.1 and Qwen-Image");
        assertRefused(Models.tinyVideoAutoencoder(48), asTinyAutoencoderOf(ModelFamily.QWEN_IMAGE))
                .hasMessageContaining("for the latents of Wan 2.2 TI2V");
        assertRefused(Models.tinyAutoencoder(8), asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("latents that are not known");
        assertRefused(Models.tinyAutoencoder(), asTinyAutoencoderOf(ModelFamily.CHROMA_RADIANCE))
                .hasMessageContaining("works on pixels");
    }

    @Test
    void tinyAutoencodersInTheirAuthorsNames() {
        Safetensors both = new Safetensors()
                .floats("decoder.1.weight", 64, 4, 3, 3)
                .floats("decoder.3.conv.0.weight", 64, 64, 3, 3)
                .floats("encoder.0.weight", 64, 3, 3, 3);
        assertRefused(both, asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("its author's own files")
                .hasMessageContaining("diffusion_pytorch_model.safetensors");
        Safetensors decoder = new Safetensors().floats("1.weight", 64, 4, 3, 3).floats("3.conv.0.weight", 64, 64, 3, 3);
        assertRefused(decoder, asTinyAutoencoderOf(ModelFamily.SD1)).hasMessageContaining("its author's own files");
        Safetensors encoder = new Safetensors().floats("0.weight", 64, 3, 3, 3).floats("1.conv.0.weight", 64, 64, 3, 3);
        assertRefused(encoder, asTinyAutoencoderOf(ModelFamily.SD1))
                .hasMessageContaining("is half a tiny autoencoder")
                .hasMessageContaining("diffusion_pytorch_model.safetensors");
    }

    @ParameterizedTest
    @CsvSource({
        "CLIP_L, text_model.embeddings.token_embedding.weight, 768",
        "CLIP_G, text_model.embeddings.token_embedding.weight, 1280",
        "T5, encoder.block.0.layer.0.SelfAttention.q.weight, 8",
        "LLM, model.layers.0.self_attn.q_proj.weight, 8"
    })
    void textEncoderFiles(ModelComponent encoder, String name, long width) {
        assertAccepted(
                new Safetensors().floats(name, 16, width),
                file -> ModelFileValidator.requireComponent(file, encoder, ModelFamily.SD1));
        assertRefused(
                        Models.lora(768, 320),
                        file -> ModelFileValidator.requireComponent(file, encoder, ModelFamily.SD1))
                .hasMessageContaining("is not a " + encoder.displayName() + ": it is a LoRA");
    }

    @Test
    void refusesClipNamesThatTheRuntimeDoesNotConvert() {
        assertAccepted(
                new Safetensors().floats("embeddings.token_embedding.weight", 49_408, 768),
                file -> ModelFileValidator.requireComponent(file, ModelComponent.CLIP_L, ModelFamily.SD1));
        assertRefused(
                        new Safetensors().floats("embeddings.token_embedding.weight", 49_408, 1280),
                        file -> ModelFileValidator.requireComponent(file, ModelComponent.CLIP_G, ModelFamily.SDXL))
                .hasMessageContaining("no tensor whose name begins with 'text_model.embeddings.'");
    }
}
