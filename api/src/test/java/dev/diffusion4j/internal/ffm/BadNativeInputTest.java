package dev.diffusion4j.internal.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_lora_t;
import dev.diffusion4j.bindings.sd_cache_params_t;
import dev.diffusion4j.bindings.sd_ctx_params_t;
import dev.diffusion4j.bindings.sd_hires_params_t;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The second line of defence: what Java's types and checks keep out is refused by the shim too, with a reason, and never
 * reaches the runtime. What needs no open model is tested in native/test/contract.c.
 */
@Tag("native")
class BadNativeInputTest {

    private static final Arena ARENA = Arena.ofShared();
    private static MemorySegment model;

    @BeforeAll
    static void open() {
        NativeLibrary.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            assertThat(D4j.d4j_model_open(modelParameters(arena), MemorySegment.NULL, out))
                    .isEqualTo(D4j.D4J_OK());
            model = out.get(ValueLayout.ADDRESS, 0);
        }
    }

    @AfterAll
    static void close() {
        assertThat(D4j.d4j_model_close(model)).isEqualTo(D4j.D4J_OK());
        ARENA.close();
    }

    private static MemorySegment modelParameters(Arena arena) {
        MemorySegment parameters = sd_ctx_params_t.allocate(arena);
        D4j.sd_ctx_params_init(parameters);
        sd_ctx_params_t.model_path(
                parameters, arena.allocateFrom(DemoModel.path().toString()));
        return parameters;
    }

    private static Arguments bad(String name, String reason, Consumer<MemorySegment> change) {
        return Arguments.of(name, reason, change);
    }

    private static Consumer<MemorySegment> sampling(Consumer<MemorySegment> change) {
        return request -> change.accept(sd_img_gen_params_t.sample_params(request));
    }

    private static Consumer<MemorySegment> secondPass(Consumer<MemorySegment> change) {
        return request -> {
            MemorySegment pass = sd_img_gen_params_t.hires(request);
            D4j.sd_hires_params_init(pass);
            sd_hires_params_t.enabled(pass, true);
            change.accept(pass);
        };
    }

    private static void image(MemorySegment image, int channels) {
        sd_image_t.width(image, 64);
        sd_image_t.height(image, 64);
        sd_image_t.channel(image, channels);
        sd_image_t.data(image, ARENA.allocate(64 * 64 * 4L));
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                bad("width 0", "width 0 is not positive", r -> sd_img_gen_params_t.width(r, 0)),
                bad("height -64", "height -64 is not positive", r -> sd_img_gen_params_t.height(r, -64)),
                bad("width 100", "not a multiple of 64", r -> sd_img_gen_params_t.width(r, 100)),
                bad("steps 0", "0 steps", sampling(s -> sd_sample_params_t.sample_steps(s, 0))),
                bad("steps -1", "-1 steps", sampling(s -> sd_sample_params_t.sample_steps(s, -1))),
                bad("sampler 99", "sampler 99 does not exist", sampling(s -> sd_sample_params_t.sample_method(s, 99))),
                bad("sampler -1", "sampler -1 does not exist", sampling(s -> sd_sample_params_t.sample_method(s, -1))),
                bad("schedule 99", "schedule 99 does not exist", sampling(s -> sd_sample_params_t.scheduler(s, 99))),
                bad("schedule -1", "schedule -1 does not exist", sampling(s -> sd_sample_params_t.scheduler(s, -1))),
                bad("strength -0.5", "the strength", r -> sd_img_gen_params_t.strength(r, -0.5f)),
                bad("strength NaN", "the strength", r -> sd_img_gen_params_t.strength(r, Float.NaN)),
                bad("picture of 4 channels", "4 channels", r -> image(sd_img_gen_params_t.init_image(r), 4)),
                bad("mask of 3 channels", "3 channels", r -> image(sd_img_gen_params_t.mask_image(r), 3)),
                bad("LoRAs of the runtime's own", "not given with", r -> sd_img_gen_params_t.lora_count(r, 1)),
                bad("pictures without an array", "no array", r -> sd_img_gen_params_t.ref_images_count(r, 2)),
                bad("-1 pictures", "is negative", r -> sd_img_gen_params_t.ref_images_count(r, -1)),
                bad("sigmas without an array", "no array", sampling(s -> sd_sample_params_t.custom_sigmas_count(s, 3))),
                bad(
                        "upscaler without a path",
                        "no upscaler model",
                        secondPass(pass -> sd_hires_params_t.upscaler(pass, D4j.SD_HIRES_UPSCALER_MODEL()))),
                bad(
                        "upscaler 99",
                        "upscaler of the second pass 99 does not exist",
                        secondPass(pass -> sd_hires_params_t.upscaler(pass, 99))),
                bad(
                        "cache mode 99",
                        "cache mode 99 does not exist",
                        r -> sd_cache_params_t.mode(sd_img_gen_params_t.cache(r), 99)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badRequests")
    void requestThatJavaWouldRefuse(String name, String reason, Consumer<MemorySegment> change) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = sd_img_gen_params_t.allocate(arena);
            D4j.sd_img_gen_params_init(request);
            sd_img_gen_params_t.prompt(request, arena.allocateFrom("a star"));
            sd_img_gen_params_t.width(request, 64);
            sd_img_gen_params_t.height(request, 64);
            sd_img_gen_params_t.seed(request, 1);
            change.accept(request);

            assertThat(generate(arena, model, request)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains(reason);
        }
    }

    @Test
    void nullParameters() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
            assertThat(D4j.d4j_generate_image(
                            model,
                            MemorySegment.NULL,
                            MemorySegment.NULL,
                            0,
                            MemorySegment.NULL,
                            images,
                            arena.allocate(4)))
                    .isEqualTo(D4j.D4J_INVALID());
            MemorySegment request = sd_img_gen_params_t.allocate(arena);
            D4j.sd_img_gen_params_init(request);
            assertThat(D4j.d4j_generate_image(
                            model,
                            request,
                            MemorySegment.NULL,
                            0,
                            MemorySegment.NULL,
                            MemorySegment.NULL,
                            MemorySegment.NULL))
                    .isEqualTo(D4j.D4J_INVALID());
            assertThat(D4j.d4j_model_info(model, MemorySegment.NULL)).isEqualTo(D4j.D4J_INVALID());
        }
    }

    static Stream<Arguments> badModelParameters() {
        return Stream.of(
                bad("rng 99", "random number generator 99", p -> sd_ctx_params_t.rng_type(p, 99)),
                bad("sampler's rng -1", "random number generator -1", p -> sd_ctx_params_t.sampler_rng_type(p, -1)),
                bad("prediction 99", "prediction 99", p -> sd_ctx_params_t.prediction(p, 99)),
                bad("LoRA mode 99", "way to apply LoRAs 99", p -> sd_ctx_params_t.lora_apply_mode(p, 99)),
                bad("VAE format -2", "VAE format -2", p -> sd_ctx_params_t.vae_format(p, -2)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badModelParameters")
    void modelParameterThatJavaWouldNotPass(String name, String reason, Consumer<MemorySegment> change) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = modelParameters(arena);
            change.accept(parameters);
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);

            assertThat(D4j.d4j_model_open(parameters, MemorySegment.NULL, out)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains(reason + " does not exist");
            assertThat(out.get(ValueLayout.ADDRESS, 0)).isEqualTo(MemorySegment.NULL);
        }
    }

    /** I8, I16, I32, I64, F64, and Q8_1 and Q8_K, which only hold intermediates. */
    @ParameterizedTest
    @ValueSource(ints = {24, 25, 26, 27, 28, 9, 15, 99, -1})
    void typeThatNothingCanBeQuantisedTo(int type) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = modelParameters(arena);
            sd_ctx_params_t.wtype(parameters, type);
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);

            assertThat(D4j.d4j_model_open(parameters, MemorySegment.NULL, out)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("weights cannot be held in type " + type);
            assertThat(out.get(ValueLayout.ADDRESS, 0)).isEqualTo(MemorySegment.NULL);
        }
    }

    /** The runtime only warns of such files and goes on without them. */
    @Test
    void vaeThatTheRuntimeCannotRead(@TempDir Path folder) throws Exception {
        Path text = Files.writeString(folder.resolve("vae"), "I am no VAE");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment withVae = modelParameters(arena);
            sd_ctx_params_t.vae_path(withVae, arena.allocateFrom(text.toString()));
            assertThat(D4j.d4j_model_open(withVae, MemorySegment.NULL, out)).isEqualTo(D4j.D4J_LOAD_FAILED());
            assertThat(lastError()).contains("a file could not be used: loading vae from");

            MemorySegment withTinyAutoencoder = modelParameters(arena);
            sd_ctx_params_t.taesd_path(withTinyAutoencoder, arena.allocateFrom(text.toString()));
            assertThat(D4j.d4j_model_open(withTinyAutoencoder, MemorySegment.NULL, out))
                    .isEqualTo(D4j.D4J_LOAD_FAILED());
            assertThat(lastError()).contains("a file could not be used: loading tae from");
        }
    }

    @Test
    void loraThatTheRuntimeCannotRead(@TempDir Path folder) throws Exception {
        Path text = Files.writeString(folder.resolve("lora"), "I am no LoRA");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lora = d4j_lora_t.allocate(arena);
            d4j_lora_t.path(lora, arena.allocateFrom(text.toString()));
            d4j_lora_t.multiplier(lora, 1);
            d4j_lora_t.text_encoder_multiplier(lora, 1);

            assertThat(generate(arena, model, smallRequest(arena), lora, 1)).isEqualTo(D4j.D4J_LOAD_FAILED());
            assertThat(lastError()).contains("the LoRA " + text + " cannot be read");
        }
    }

    @Test
    void lorasThatJavaWouldNotPass() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = smallRequest(arena);
            MemorySegment lora = d4j_lora_t.allocate(arena);
            assertThat(generate(arena, model, request, lora, -1)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("is negative");
            assertThat(generate(arena, model, request, MemorySegment.NULL, 1)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("no array");
            assertThat(generate(arena, model, request, lora, 1)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("no path");
            d4j_lora_t.path(lora, arena.allocateFrom("no-such-file"));
            assertThat(generate(arena, model, request, lora, 1)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("no-such-file");
            d4j_lora_t.text_encoder_multiplier(lora, Float.NaN);
            assertThat(generate(arena, model, request, lora, 1)).isEqualTo(D4j.D4J_INVALID());
            assertThat(lastError()).contains("multiplier");
        }
    }

    private static MemorySegment smallRequest(Arena arena) {
        MemorySegment request = sd_img_gen_params_t.allocate(arena);
        D4j.sd_img_gen_params_init(request);
        sd_img_gen_params_t.prompt(request, arena.allocateFrom("a star"));
        sd_img_gen_params_t.width(request, 64);
        sd_img_gen_params_t.height(request, 64);
        sd_img_gen_params_t.seed(request, 1);
        sd_sample_params_t.sample_steps(sd_img_gen_params_t.sample_params(request), 1);
        return request;
    }

    private static int generate(Arena arena, MemorySegment model, MemorySegment request) {
        return generate(arena, model, request, MemorySegment.NULL, 0);
    }

    private static int generate(
            Arena arena, MemorySegment model, MemorySegment request, MemorySegment loras, int loraCount) {
        MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        return D4j.d4j_generate_image(model, request, loras, loraCount, MemorySegment.NULL, images, count);
    }

    private static String lastError() {
        return D4j.d4j_last_error().getString(0);
    }
}
