package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectTest {

    private static final String HEADER = """
            {"__metadata__":{"title":"A\\u001b[31m test","long":"%s"},
             "first":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
             "second":{"dtype":"F16","shape":[4],"data_offsets":[24,32]}}
            """.formatted("x".repeat(300));

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeModel() throws IOException {
        byte[] header = HEADER.getBytes(StandardCharsets.UTF_8);
        ByteBuffer content = ByteBuffer.allocate(8 + header.length + 32).order(ByteOrder.LITTLE_ENDIAN);
        content.putLong(header.length).put(header);
        file = Files.write(folder.resolve("small.safetensors"), content.array());
    }

    @Test
    void showsWhatTheFileHolds() {
        Run run = Run.diffuse("inspect", file);
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains(file.toString())
                .containsPattern("format +safetensors")
                .containsPattern("parameters +10 \\(10\\) in 2 tensors")
                .containsPattern("f32 +24 B in 1 tensors")
                .contains("... (300 characters)")
                .doesNotContain("first");
    }

    @Test
    void tellsHowAPictureWasMade() throws IOException {
        ImageTypeSpecifier type = ImageTypeSpecifier.createFromBufferedImageType(BufferedImage.TYPE_INT_RGB);
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        IIOMetadata metadata = writer.getDefaultImageMetadata(type, null);
        IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
        entry.setAttribute("keyword", "parameters");
        entry.setAttribute("value", "a red\u0007 circle\nSteps: 4");
        IIOMetadataNode texts = new IIOMetadataNode("tEXt");
        texts.appendChild(entry);
        IIOMetadataNode root = new IIOMetadataNode("javax_imageio_png_1.0");
        root.appendChild(texts);
        metadata.mergeTree("javax_imageio_png_1.0", root);
        Path picture = folder.resolve("circle.png");
        try (ImageOutputStream out = ImageIO.createImageOutputStream(picture.toFile())) {
            writer.setOutput(out);
            writer.write(new IIOImage(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), null, metadata));
        }

        Run run = Run.diffuse("inspect", picture);
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("parameters").contains("  Steps: 4").doesNotContain("\u0007");

        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", picture, "--json").out());
        assertThat(json.path("texts").path("parameters").asText()).isEqualTo("a red\u0007 circle\nSteps: 4");
    }

    @Test
    void saysThatAPictureTellsNothingOrIsDamaged() throws IOException {
        Path plain = folder.resolve("plain.png");
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", plain.toFile());
        assertThat(Run.diffuse("inspect", plain).out()).contains("a picture without texts");

        Path damaged = Files.writeString(folder.resolve("damaged.jpg"), "not a picture");
        Run run = Run.diffuse("inspect", damaged);
        assertThat(run.code()).isNotZero();
        assertThat(run.err()).contains(damaged + " cannot be read: it is no picture of a known format");
    }

    void photoMakerIsShownWithItsCommand() throws IOException {
        Path path = Files.write(
                folder.resolve("faces.safetensors"),
                safetensors(
                        "id_encoder.fuse_module.mlp1.fc1.weight", "id_encoder.qformer_perceiver.token_proj.0.weight"));
        assertThat(Run.diffuse("inspect", path).out())
                .containsPattern("family +PhotoMaker v2")
                .contains("-m SDXL --photo-maker " + path + " --pm-id-image FILE --pm-id-embed-path FILE");
    }

    private static byte[] safetensors(String... names) {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < names.length; i++) {
            header.append(i == 0 ? "" : ",")
                    .append("\"%s\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[%d,%d]}"
                            .formatted(names[i], 4 * i, 4 * i + 4));
        }
        byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + 4 * names.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    @Test
    void saysWhichPartsAreMissingAndHowToDraw() throws IOException {
        Path flux = Files.write(
                folder.resolve("it's.safetensors"),
                safetensors("double_blocks.0.img_attn.qkv.weight", "vector_in.in_layer.weight"));
        assertThat(Run.diffuse("inspect", flux).out())
                .containsPattern("needs +CLIP-L text encoder, T5 text encoder, VAE\n")
                .contains("diffuse generate \"a lighthouse at dusk\" --diffusion-model '")
                .contains("it'\\''s.safetensors' --clip-l FILE --t5xxl FILE --vae FILE\n");
        assertThat(Run.diffuse("inspect", DemoModel.path()).out())
                .contains("diffuse generate \"a lighthouse at dusk\" -m " + DemoModel.path() + "\n")
                .containsPattern("holds +CLIP-L text encoder, VAE\n")
                .doesNotContain("needs");
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", flux, "--json").out());
        assertThat(json.path("missing")).hasSize(3);
    }

    /** Of each family that a transformer draws, by the tensor that tells it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SD 3.x          | joint_blocks.0.x_block.attn.qkv | --clip-l FILE --clip-g FILE --t5xxl FILE --vae FILE",
                "Chroma Radiance | nerf_final_layer_conv.conv | --t5xxl FILE",
                "Flux.2          | double_stream_modulation_img.lin, single_blocks.47.linear1 | --llm FILE --vae FILE",
                "Flux.2 klein    | double_stream_modulation_img.lin | --llm FILE --vae FILE",
                "Qwen Image      | transformer_blocks.0.img_mod.1 | --llm FILE --vae FILE",
                "Anima           | net.llm_adapter.blocks.0.cross_attn.q_proj | --llm FILE --vae FILE",
                "Z-Image         | cap_embedder.0 | --llm FILE --vae FILE",
                "Ovis Image      | double_blocks.0.img_mlp.gate_proj | --llm FILE --vae FILE",
                "Ernie Image     | layers.0.adaLN_sa_ln | --llm FILE --vae FILE",
                "Lens            | transformer_blocks.0.attn.norm_added_q, transformer_blocks.0.img_mlp.w1 | --llm FILE --vae FILE",
                "Ideogram 4      | embed_image_indicator | --llm FILE --vae FILE",
                "PiD             | net.lq_proj.latent_proj.0 | --llm FILE --vae FILE -r FILE"
            })
    void saysOfEachFamilyHowToDraw(String family, String tensors, String parts) throws IOException {
        String[] names =
                Arrays.stream(tensors.split(", ")).map(name -> name + ".weight").toArray(String[]::new);
        Path model = Files.write(folder.resolve("model.safetensors"), safetensors(names));
        assertThat(Run.diffuse("inspect", model).out())
                .containsPattern("family +" + Pattern.quote(family) + "(, the diffusion model alone)?\n")
                .containsPattern("draw with +diffuse generate \"a lighthouse at dusk\" (-m|--diffusion-model) \\S+ "
                        + Pattern.quote(parts) + "\n");
    }

    @Test
    void saysWhatNeedsNoParts() throws IOException {
        Path hiDream = Files.write(
                folder.resolve("o1.safetensors"),
                safetensors("model.x_embedder.proj1.weight", "model.language_model.layers.0.self_attn.q_proj.weight"));
        assertThat(Run.diffuse("inspect", hiDream).out())
                .containsPattern("family +HiDream O1\n")
                .contains("diffuse generate \"a lighthouse at dusk\" -m " + hiDream + "\n")
                .doesNotContain("needs");
    }

    @Test
    void saysOfAVideoModelThatItMakesVideos() throws IOException {
        Path wan = Files.write(folder.resolve("wan.safetensors"), safetensors("blocks.0.cross_attn.norm_k.weight"));
        assertThat(Run.diffuse("inspect", wan).out())
                .containsPattern("makes +video\n")
                .contains("diffuse video \"a lighthouse at dusk\" -m ")
                .contains(" --t5xxl FILE --vae FILE\n");
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", wan, "--json").out());
        assertThat(json.path("tasks")).hasSize(1);
        assertThat(json.path("tasks").get(0).asText()).isEqualTo("video");
        Path svd = Files.write(
                folder.resolve("svd.safetensors"),
                safetensors("model.diffusion_model.input_blocks.8.0.time_mixer.mix_factor"));
        assertThat(Run.diffuse("inspect", svd).out()).doesNotContain("makes", "draw with");
    }

    @Test
    void showsTheFilesOfAFolderOfDiffusers() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(
                model.resolve("model_index.json"), "{\"transformer\": [\"diffusers\", \"FluxTransformer2DModel\"]}");
        Path part = Files.createDirectory(model.resolve("transformer"));
        Files.write(
                part.resolve("diffusion_pytorch_model.fp16.safetensors"),
                safetensors("double_blocks.0.img_attn.qkv.weight"));
        assertThat(Run.diffuse("inspect", model, "--variant", "fp16").out())
                .startsWith(model + ", a folder of diffusers (use -m)\n")
                .containsPattern("needs +T5 text encoder, VAE\n")
                .containsPattern("memory +\\d+ B for the weights\n")
                .contains("diffuse generate \"a lighthouse at dusk\" -m " + model + " --t5xxl FILE --vae FILE"
                        + " --variant fp16\n")
                .contains("diffusion model: " + part)
                .containsPattern("family +Flux");
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", model, "--json").out());
        assertThat(json.at("/parts/DIFFUSION_MODEL/family").asText()).isEqualTo("Flux");
        assertThat(Run.diffuse("inspect", model, "--variant", "bf16").code()).isEqualTo(ExitCode.MODEL_FILE);
    }

    @Test
    void showsWhatWasSplitOverFilesAsOne() throws IOException {
        Path first = Files.write(
                folder.resolve("dev-00001-of-00002.safetensors"),
                safetensors("single_transformer_blocks.0.attn.to_q.weight"));
        Path second = folder.resolve("dev-00002-of-00002.safetensors");
        assertThat(Run.diffuse("inspect", first).code()).isEqualTo(ExitCode.MODEL_FILE);
        Files.write(second, safetensors("time_text_embed.text_embedder.linear_1.weight"));
        assertThat(Run.diffuse("inspect", first).out())
                .containsPattern("format +safetensors, .* in 2 files\n")
                .containsPattern("family +Flux, the diffusion model alone\n")
                .containsPattern("needs +CLIP-L text encoder, T5 text encoder, VAE\n")
                .contains("--diffusion-model " + first + " --clip-l FILE --t5xxl FILE --vae FILE\n");
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", first, "--json").out());
        assertThat(json.path("files")).hasSize(2);
        assertThat(json.path("held")).isEmpty();
        assertThat(Run.diffuse("inspect", second).code()).isEqualTo(ExitCode.MODEL_FILE);
    }

    @Test
    void aFileCannotSteerTheTerminal() {
        assertThat(Run.diffuse("inspect", file).out()).contains("A?[31m test").doesNotContain("\033");
    }

    @Test
    void listsTensors() {
        assertThat(Run.diffuse("inspect", file, "--tensors").out())
                .containsPattern("first +f32 +\\[2, 3\\] +24 B")
                .containsPattern("second +f16 +\\[4\\] +8 B");
    }

    @Test
    void writesJson() throws IOException {
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", file, "--json", "--tensors").out());
        assertThat(json.path("format").asText()).isEqualTo("safetensors");
        assertThat(json.path("parameters").asLong()).isEqualTo(10);
        assertThat(json.path("weightMemory").asLong()).isEqualTo(32);
        assertThat(json.at("/types/f32/bytes").asLong()).isEqualTo(24);
        assertThat(json.at("/metadata/long").asText()).hasSize(300);
        assertThat(json.at("/tensors/1/shape/0").asInt()).isEqualTo(4);
    }

    @Test
    void refusesADamagedFile() throws IOException {
        byte[] content = Files.readAllBytes(file);
        Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(content, content.length - 9));
        Run run = Run.diffuse("inspect", cut);
        assertThat(run.code()).isEqualTo(ExitCode.MODEL_FILE);
        assertThat(run.err().lines()).singleElement().asString().contains("cut.safetensors");
        assertThat(run.out()).isEmpty();
    }
}
