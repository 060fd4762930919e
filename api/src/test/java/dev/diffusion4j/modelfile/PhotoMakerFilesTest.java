package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known as PhotoMaker, whatever its file is called, and what of it is refused before native code sees it. */
@Tag("fast")
class PhotoMakerFilesTest {

    private static final List<String> ENCODER = List.of(
            "vision_model.embeddings.class_embedding",
            "vision_model.post_layernorm.weight",
            "visual_projection.weight",
            "visual_projection_2.weight",
            "fuse_module.mlp1.fc1.weight",
            "fuse_module.layer_norm.weight");
    private static final String KEY = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.";

    @TempDir
    private Path folder;

    private ModelFile sdxl;

    @BeforeEach
    void writeSdxl() {
        sdxl = ModelFile.read(Models.sdxl().write(folder.resolve("sdxl.safetensors")));
    }

    private static Safetensors encoder(String prefix, String except) {
        Safetensors file = new Safetensors();
        ENCODER.stream().filter(name -> !name.equals(except)).forEach(name -> file.floats(prefix + name, 4, 4));
        return file;
    }

    private static Safetensors photoMaker(String ofEncoder, String ofLora) {
        return encoder(ofEncoder, "")
                .floats(ofLora + KEY + "down.weight", 4, 2048)
                .floats(ofLora + KEY + "up.weight", 320, 4);
    }

    private ModelFile read(Safetensors file) {
        return ModelFile.read(file.write(folder.resolve("photomaker-v2.safetensors")));
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Safetensors file, ModelFile model) {
        ModelFile read = read(file);
        return assertThatThrownBy(() -> ModelFileValidator.requirePhotoMaker(read, model))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(read.path().toString())
                .hasMessageNotContaining("\n");
    }

    /** As published, as a checkpoint's nested dictionaries are read, and as others have converted it. */
    @ParameterizedTest
    @ValueSource(strings = {"id_encoder.,lora_weights.", ",", "pmid.,"})
    void theVersionIsWhatTheFileHolds(String prefixes) {
        String[] of = prefixes.split(",", -1);
        ModelFile first = read(photoMaker(of[0], of[1]));
        assertThat(first.family()).isEqualTo(ModelFamily.PHOTO_MAKER);
        assertThatCode(() -> ModelFileValidator.requirePhotoMaker(first, sdxl)).doesNotThrowAnyException();
        ModelFile second = ModelFile.read(photoMaker(of[0], of[1])
                .floats(of[0] + "qformer_perceiver.token_proj.0.weight", 2048, 512)
                .write(folder.resolve("photomaker-v1.safetensors")));
        assertThat(second.family()).isEqualTo(ModelFamily.PHOTO_MAKER_2);
        assertThatCode(() -> ModelFileValidator.requirePhotoMaker(second, sdxl)).doesNotThrowAnyException();
    }

    @Test
    void isForSdxlAlone() {
        ModelFile sd1 = ModelFile.read(Models.sd1(320).write(folder.resolve("sd1.safetensors")));
        assertRefused(photoMaker("", ""), sd1)
                .hasMessageContaining("is for SDXL, and " + sd1.path() + " is of the family SD 1.x");
    }

    @Test
    void others() {
        assertRefused(Models.lora(2048, 320), sdxl).hasMessageContaining("is not PhotoMaker: it is a LoRA");
        assertRefused(Models.sdxl(), sdxl).hasMessageContaining("is not PhotoMaker: it is an SDXL model");
        assertRefused(new Safetensors().floats("a", 4), sdxl)
                .hasMessageContaining("is not PhotoMaker: it has no tensor");
    }

    @Test
    void aPartOfIt() {
        assertRefused(encoder("id_encoder.", "visual_projection_2.weight"), sdxl)
                .hasMessageContaining("no whole identity encoder: 'visual_projection_2.weight' is missing");
        assertRefused(encoder("id_encoder.", ""), sdxl).hasMessageContaining("has no LoRA");
    }

    @Test
    void numbersThatTheRuntimeCannotComputeWith() {
        assertRefused(photoMaker("", "").tensor("fuse_module.mlp1.fc2.weight", "I32", 4, 4), sdxl)
                .hasMessageContaining("stored as i32");
        // Which CLIP's files have beside its weights.
        ModelFile counted = read(photoMaker("", "").tensor("vision_model.embeddings.position_ids", "I64", 1, 257));
        assertThatCode(() -> ModelFileValidator.requirePhotoMaker(counted, sdxl))
                .doesNotThrowAnyException();
    }

    @Test
    void aLoraForAnotherModel() {
        Safetensors file = encoder("", "").floats(KEY + "down.weight", 4, 768).floats(KEY + "up.weight", 320, 4);
        assertRefused(file, sdxl).hasMessageContaining("was made for another model");
    }

    @Test
    void isCheckedWhenAModelIsOpened() {
        Path lora = Models.lora(2048, 320).write(folder.resolve("lora.safetensors"));
        assertThatThrownBy(() -> DiffusionModel.options().photoMaker(lora).open(sdxl.path()))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("is not PhotoMaker");
        Path absent = folder.resolve("absent");
        assertThatThrownBy(() -> DiffusionModel.options().photoMaker(absent).open(sdxl.path()))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(absent.toString());
    }

    @Test
    void noLearnedWordIsAPartOfTheTriggerWord() {
        Path file = photoMaker("", "").write(folder.resolve("photomaker.safetensors"));
        Path word = new Safetensors()
                .floats("clip_l", 1, 768)
                .floats("clip_g", 1, 1280)
                .write(folder.resolve("word.safetensors"));
        assertThatThrownBy(() -> DiffusionModel.options()
                        .photoMaker(file)
                        .embedding("IM", word)
                        .open(sdxl.path()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("no part of 'img'");
    }
}
