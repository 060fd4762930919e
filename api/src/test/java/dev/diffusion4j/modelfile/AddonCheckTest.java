package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.nio.file.Path;
import java.util.Locale;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class AddonCheckTest {

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void setUp() {
        path = folder.resolve("addon.safetensors");
    }

    private ModelFile read(Safetensors file) {
        return ModelFile.read(file.write(path));
    }

    private ModelFile model(Safetensors model) {
        return ModelFile.read(model.write(folder.resolve("model.safetensors")));
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertLoraRefused(Safetensors lora) {
        ModelFile file = read(lora);
        return assertThatThrownBy(() -> ModelFileValidator.requireLora(file, file))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertEmbeddingRefused(Safetensors embedding, int width) {
        ModelFile file = read(embedding);
        return assertThatThrownBy(() -> ModelFileValidator.requireTextualInversion(file, width))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    @Test
    void takesALoraForItsModel() {
        ModelFile lora = read(Models.lora(768, 320));
        ModelFile model = model(Models.sd1(320));

        assertThatCode(() -> ModelFileValidator.requireLora(lora, model)).doesNotThrowAnyException();
    }

    @Test
    void refusesALoraForAnotherModel() {
        ModelFile sdxl = read(Models.lora(2_048, 320));
        ModelFile model = model(Models.sd1(320));
        assertThatThrownBy(() -> ModelFileValidator.requireLora(sdxl, model))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("was made for another model")
                .hasMessageContaining("[320, 2048]");

        ModelFile wide = read(Models.lora(768, 320));
        ModelFile narrow = model(Models.sd1(32));
        assertThatThrownBy(() -> ModelFileValidator.requireLora(wide, narrow))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("[320, 768], which that SD 1.x model has not");
    }

    @Test
    void cannotTellForModelsWithoutAUnet() {
        ModelFile lora = read(Models.lora(768, 320));
        ModelFile flux = model(new Safetensors().floats("model.diffusion_model.double_blocks.0.a.weight", 4, 4));

        assertThatCode(() -> ModelFileValidator.requireLora(lora, flux)).doesNotThrowAnyException();
    }

    @Test
    void refusesWhatIsNoLora() {
        assertLoraRefused(Models.sd1(320)).hasMessageContaining("is not a LoRA: it is an SD 1.x model");
        assertLoraRefused(new Safetensors().floats("a", 1)).hasMessageContaining("none of its tensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".lora_down.weight,.lora_up.weight",
                ".lora_A.weight,.lora_B.weight",
                "_lora.down.weight,_lora.up.weight"
            })
    void refusesSidesOfDifferentRanks(String endings) {
        String[] ending = endings.split(",");
        assertLoraRefused(new Safetensors().floats("a" + ending[0], 8, 320).floats("a" + ending[1], 320, 4))
                .hasMessageContaining("[8, 320], which does not fit")
                .hasMessageContaining("[320, 4]");
        assertLoraRefused(new Safetensors().floats("a" + ending[0], 8).floats("a" + ending[1], 320, 8))
                .hasMessageContaining("which does not fit");
    }

    @Test
    void refusesIntegersExceptAsScale() {
        Safetensors good = Models.lora(768, 320).tensor("b.alpha", "I64");
        ModelFile lora = read(good);
        assertThatCode(() -> ModelFileValidator.requireLora(lora, lora)).doesNotThrowAnyException();

        assertLoraRefused(new Safetensors().tensor("a.lora_down.weight", "I32", 8, 320))
                .hasMessageContaining("stored as i32, a LoRA needs floating point");
    }

    @Test
    void refusesQuantisedLoras() {
        ModelFile lora = ModelFile.read(
                new Gguf().tensor("a.lora_down.weight", Gguf.Q4_0, 36, 2, 32).write(folder.resolve("lora.gguf")));

        assertThatThrownBy(() -> ModelFileValidator.requireLora(lora, lora))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("stored as q4_0");
    }

    @Test
    void refusesShapesTheRuntimeTripsOver() {
        assertLoraRefused(new Safetensors().floats("a.lora_down.weight", 1, 1, 1, 1, 8))
                .hasMessageContaining("at most four dimensions");
        assertLoraRefused(new Safetensors().floats("a.lora_down.weight", 0, 8))
                .hasMessageContaining("the empty tensor");

        byte[] pickle = new Pickle()
                .dictionary()
                .text("a.lora_down.weight")
                .tensor("FloatStorage", "0", 8, 0, 2, 4)
                .text("a.alpha")
                .tensor("FloatStorage", "0", 8, 0)
                .endDictionary()
                .end();
        ModelFile lora = ModelFile.read(new TorchZip()
                .entry("a/data.pkl", pickle)
                .entry("a/data/0", new byte[32])
                .write(folder.resolve("lora.pt")));
        assertThatThrownBy(() -> ModelFileValidator.requireLora(lora, lora))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("'a.alpha' in the shape []")
                .hasMessageContaining("saved as safetensors");
    }

    @Test
    void refusesMoreTensorsThanTheRuntimeHasRoomFor() {
        Safetensors lora = new Safetensors();
        for (int i = 0; i <= 32_000; i++) {
            lora.entry("t" + i + ".lora_down.weight", "{\"dtype\":\"F32\",\"shape\":[0,1],\"data_offsets\":[0,0]}");
        }
        assertLoraRefused(lora).hasMessageContaining("has 32001 tensors");
    }

    @ParameterizedTest
    @CsvSource({"F32, 1", "F32, 75", "F64, 2", "F16, 1", "BF16, 75"})
    void takesTextualInversions(String dtype, long vectors) {
        ModelFile embedding = read(new Safetensors().tensor("emb_params", dtype, vectors, 768));

        assertThatCode(() -> ModelFileValidator.requireTextualInversion(embedding, 768))
                .doesNotThrowAnyException();
    }

    @Test
    void takesOneVectorWithoutItsDimension() {
        ModelFile embedding = read(new Safetensors().floats("<cat>", 768));

        assertThatCode(() -> ModelFileValidator.requireTextualInversion(embedding, 768))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"F8_E4M3", "F8_E5M2", "I32"})
    void refusesTypesOfTextualInversionsThatNobodyWrites(String dtype) {
        assertEmbeddingRefused(new Safetensors().tensor("emb_params", dtype, 2, 768), 768)
                .hasMessageContaining("is stored as " + dtype.toLowerCase(Locale.ROOT))
                .hasMessageContaining("f32, f16, bf16 and f64");
    }

    @Test
    void takesTextualInversionsOfSdxlForBothTextEncoders() {
        ModelFile embedding = read(new Safetensors().floats("clip_g", 2, 1_280).floats("clip_l", 2, 768));

        assertThatCode(() -> ModelFileValidator.requireTextualInversion(embedding, 768, 1_280))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> ModelFileValidator.requireTextualInversion(
                        read(new Safetensors().floats("emb_params", 2, 768)), 768, 1_280))
                .hasMessageContaining("has embeddings 768 wide, this model's text encoders take 768 and 1280");
        assertThatThrownBy(() -> ModelFileValidator.requireTextualInversion(
                        read(new Safetensors().floats("clip_g", 1, 1_280).floats("clip_l", 2, 768)), 768, 1_280))
                .hasMessageContaining("has not as many vectors for each text encoder");
    }

    @Test
    void refusesTextualInversionsThatDoNotFit() {
        assertEmbeddingRefused(new Safetensors().floats("emb_params", 2, 1_024), 768)
                .hasMessageContaining("1024 wide, this model's text encoder takes 768");
        assertEmbeddingRefused(new Safetensors().floats("emb_params", 76, 768), 768)
                .hasMessageContaining("has 76 vectors");
        assertEmbeddingRefused(new Safetensors().floats("emb_params", 0, 768), 768)
                .hasMessageContaining("has 0 vectors");
        assertEmbeddingRefused(new Safetensors().floats("clip_l", 1, 768).floats("clip_g", 1, 1_280), 768)
                .hasMessageContaining("768 and 1280 wide, this model's text encoder takes 768");
        assertEmbeddingRefused(Models.lora(768, 320), 768)
                .hasMessageContaining("is not a textual inversion: it is a LoRA");
    }
}
