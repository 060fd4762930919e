package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import java.awt.image.BufferedImage;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The API of AUTOMATIC1111's web UI as its clients use it. */
class WebUiTest extends ServerTestCase {

    private static final String TXT2IMG = "/sdapi/v1/txt2img";

    private static final String IMG2IMG = "/sdapi/v1/img2img";

    private final FakeModel other = new FakeModel(ModelFamily.SDXL);

    @Override
    DiffusionServerBuilder builder() {
        return super.builder().model("other", ModelFamily.SDXL, 100, () -> other);
    }

    private NativeSampling sampling() {
        return (NativeSampling) model.lastRequest().sampling();
    }

    @Test
    void whatClientsSendByThemselvesDraws() throws Exception {
        JsonNode answer = ok(post(TXT2IMG, """
                {"enable_hr":false,"hr_scale":2,"hr_upscaler":"Latent","hr_second_pass_steps":0,"hr_resize_x":0,"hr_resize_y":0,
                 "denoising_strength":0.7,"firstphase_width":0,"firstphase_height":0,"prompt":"a red circle","styles":[],
                 "seed":1003,"subseed":-1,"subseed_strength":0.0,"seed_resize_from_h":0,"seed_resize_from_w":0,"batch_size":1,
                 "n_iter":2,"steps":5,"cfg_scale":7.0,"width":128,"height":64,"restore_faces":false,"tiling":false,
                 "do_not_save_samples":false,"do_not_save_grid":false,"negative_prompt":"blurry","eta":1.0,"s_churn":0,"s_tmax":0,
                 "s_tmin":0,"s_noise":1,"override_settings":{},"override_settings_restore_afterwards":true,"script_args":[],
                 "script_name":null,"send_images":true,"save_images":false,"alwayson_scripts":{},"sampler_name":"Euler a",
                 "scheduler":"automatic","use_deprecated_controlnet":false,"use_async":false}"""));

        assertThat(answer.path("images")).hasSize(2);
        assertThat(picture(answer.path("images").path(0)).getWidth()).isEqualTo(128);
        assertThat(answer.path("parameters").path("steps").asInt()).isEqualTo(5);
        JsonNode info = JSON.readTree(answer.path("info").asText());
        assertThat(info.path("all_seeds")).extracting(JsonNode::asLong).containsExactly(1003L, 1004L);
        assertThat(info.path("sampler_name").asText()).isEqualTo("Euler a");
        assertThat(info.path("infotexts").path(0).asText())
                .startsWith("a red circle\nNegative prompt: blurry\nSteps: 5, Sampler: Euler a, ")
                .contains("CFG scale: 7, Seed: 1003, Size: 128x64, Model: fake");
        ImageRequest request = model.lastRequest();
        assertThat(request.size()).contains(new ImageSize(128, 64));
        assertThat(request.batchCount()).isEqualTo(2);
        // What is usual for the sampler is not written down.
        assertThat(sampling().eta()).isEmpty();
        assertThat(sampling().schedule()).isEmpty();
    }

    @Test
    void anEmptyRequestDrawsAsIsUsualForTheModel() throws Exception {
        JsonNode answer = ok(post(TXT2IMG, "{}"));
        assertThat(picture(answer.path("images").path(0)).getWidth()).isEqualTo(512);
        assertThat(model.lastRequest().steps()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "DPM++ 2M Karras, , DPMPP_2M, KARRAS",
        "dpm++ 2m, Exponential, DPMPP_2M, EXPONENTIAL",
        "Heun, Automatic, HEUN, ",
    })
    void samplersAndSchedulesHaveTheWebUisNames(String name, String scheduler, Sampler sampler, NoiseSchedule schedule)
            throws Exception {
        String rest = scheduler == null ? "" : ",\"scheduler\":\"" + scheduler + "\"";
        ok(post(TXT2IMG, "{\"sampler_index\":\"" + name + "\"" + rest + "}"));
        assertThat(sampling().sampler()).contains(sampler);
        assertThat(sampling().schedule().orElse(null)).isEqualTo(schedule);
    }

    @Test
    void aSamplerThatIsNotThereIsNotFound() throws Exception {
        HttpResponse<String> response = post(TXT2IMG, "{\"sampler_name\":\"UniPC\"}");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(json(response).path("detail").asText()).startsWith("Sampler not found");
    }

    @Test
    void theHighResFixIsTheLibrarys() throws Exception {
        ok(post(TXT2IMG, """
                {"enable_hr":true,"hr_scale":1.5,"hr_upscaler":"Latent (nearest)","hr_second_pass_steps":3,
                 "denoising_strength":0.4,"width":64,"height":64}"""));
        assertThat(sampling().highResFix()).contains(new HighResFix(HighResFix.Upscaler.LATENT_NEAREST, 1.5, 3, 0.4));
        ok(post(TXT2IMG, "{\"enable_hr\":true,\"hr_resize_x\":128,\"width\":64,\"height\":64}"));
        assertThat(sampling().highResFix().orElseThrow().scale()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"restore_faces\":true}",
                "{\"tiling\":true}",
                "{\"subseed_strength\":0.5}",
                "{\"seed_resize_from_h\":512}",
                "{\"styles\":[\"oil\"]}",
                "{\"script_name\":\"X/Y/Z plot\"}",
                "{\"save_images\":true}",
                "{\"s_churn\":0.3}",
                "{\"s_noise\":1.1}",
                "{\"alwayson_scripts\":{\"ControlNet\":{\"args\":[{\"image\":\"x\",\"enabled\":true}]}}}",
                "{\"override_settings\":{\"sd_model_checkpoint\":\"missing\"}}",
                "{\"override_settings\":{\"sd_vae\":\"other.pt\"}}",
                "{\"override_settings\":{\"eta_noise_seed_delta\":31337}}",
                "{\"enable_hr\":true,\"hr_upscaler\":\"R-ESRGAN 4x+\"}",
                "{\"enable_hr\":true,\"hr_scale\":20}",
                "{\"enable_hr\":true,\"hr_resize_x\":128,\"hr_resize_y\":100,\"width\":64,\"height\":64}",
                "{\"enable_hr\":true,\"hr_prompt\":\"other\"}",
                "{\"batch_size\":1000,\"n_iter\":1000}",
                "{\"batch_size\":17}",
                "{\"steps\":0}",
                "{\"steps\":\"many\"}",
                "{\"prompt\":7}",
                "{\"width\":100000,\"height\":64}",
                "{\"scheduler\":\"magic\"}",
            })
    void whatWouldChangeThePictureAndCannotBeDoneIsRefused(String body) throws Exception {
        HttpResponse<String> response = post(TXT2IMG, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(422);
        JsonNode detail = json(response).path("detail").path(0);
        assertThat(detail.path("loc").path(0).asText()).isEqualTo("body");
        assertThat(detail.path("msg").asText()).isNotBlank();
        assertThat(detail.path("type").asText()).isNotBlank();
        assertThat(model.requests()).isEmpty();
    }

    @Test
    void scriptsThatAreOffDoNoHarm() throws Exception {
        ok(post(
                TXT2IMG,
                "{\"alwayson_scripts\":{\"ControlNet\":{\"args\":[{\"enabled\":false}]},\"other\":{\"args\":[]}}}"));
    }

    @Test
    void aPictureIsRedrawnWhereTheMaskIsWhite() throws Exception {
        BufferedImage mask = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        mask.setRGB(0, 0, 0xFFFFFF);
        JsonNode answer = ok(post(
                IMG2IMG,
                "{\"init_images\":[\"data:image/png;base64," + base64(png(64, 64)) + "\"],\"mask\":\""
                        + base64(png(mask))
                        + "\",\"mask_blur\":0,\"denoising_strength\":0.6,\"resize_mode\":1,\"prompt\":\"a\","
                        + "\"inpainting_fill\":0,\"inpaint_full_res\":true}"));

        InitImage init = model.lastRequest().initImage().orElseThrow();
        assertThat(init.strength()).isEqualTo(0.6);
        assertThat(init.resizeMode()).isEqualTo(ResizeMode.CROP);
        BufferedImage white = init.mask().orElseThrow().toBufferedImage();
        assertThat(white.getRGB(0, 0) & 0xFF).isEqualTo(255);
        assertThat(white.getRGB(9, 9) & 0xFF).isZero();
        assertThat(answer.path("parameters").has("init_images")).isFalse();
        assertThat(JSON.readTree(answer.path("info").asText()).path("warnings").toString())
                .contains("inpainting_fill", "inpaint_full_res");
    }

    @Test
    void aMaskCanBeInvertedAndHasSoftEdges() throws Exception {
        BufferedImage mask = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 32; x++) {
                mask.setRGB(x, y, 0xFFFFFF);
            }
        }
        ok(post(
                IMG2IMG,
                "{\"init_images\":[\"" + base64(png(64, 64)) + "\"],\"mask\":\"" + base64(png(mask))
                        + "\",\"inpainting_mask_invert\":1,\"include_init_images\":true}"));
        BufferedImage soft = model.lastRequest()
                .initImage()
                .orElseThrow()
                .mask()
                .orElseThrow()
                .toBufferedImage();
        assertThat(soft.getRGB(0, 9) & 0xFF).isZero();
        assertThat(soft.getRGB(63, 9) & 0xFF).isEqualTo(255);
        assertThat(soft.getRGB(31, 9) & 0xFF).isBetween(60, 195);
    }

    @Test
    void picturesThatCannotBeUsedAreRefused() throws Exception {
        HttpResponse<String> missing = post(IMG2IMG, "{\"prompt\":\"a\"}");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(json(missing).path("detail").asText()).isEqualTo("Init image not found");
        String image = "\"" + base64(png(64, 64)) + "\"";
        for (String body : new String[] {
            "{\"init_images\":[\"not base 64!\"]}",
            "{\"init_images\":[\"data:text/plain,abc\"]}",
            "{\"init_images\":[" + image + "," + image + "]}",
            "{\"init_images\":[" + image + "],\"mask\":\"AAAA\"}",
            "{\"init_images\":[" + image + "],\"resize_mode\":3}",
            "{\"init_images\":[" + image + "],\"mask\":" + image + ",\"inpainting_fill\":2}",
            "{\"init_images\":[" + image + "],\"mask\":" + image + ",\"mask_blur\":1000}",
            "{\"init_images\":[" + image + "],\"initial_noise_multiplier\":1.5}",
            "{\"init_images\":[" + image + "],\"denoising_strength\":2}",
        }) {
            HttpResponse<String> response = post(IMG2IMG, body);
            assertThat(response.statusCode()).as(body + response.body()).isEqualTo(422);
        }
    }

    @Test
    void aModelIsChosenByAnOptionOrForOneRequest() throws Exception {
        assertThat(ok(get("/sdapi/v1/options")).path("sd_model_checkpoint").asText())
                .isEqualTo("fake");
        ok(post(TXT2IMG, "{\"override_settings\":{\"sd_model_checkpoint\":\"other\",\"CLIP_stop_at_last_layers\":2}}"));
        assertThat(other.lastRequest().clipSkip()).hasValue(2);
        assertThat(ok(get("/sdapi/v1/options")).path("sd_model_checkpoint").asText())
                .isEqualTo("fake");

        HttpResponse<String> set = post(
                "/sdapi/v1/options", "{\"sd_model_checkpoint\":\"other.safetensors [abc123]\",\"samples_save\":false}");
        assertThat(ok(set).isNull()).isTrue();
        assertThat(ok(get("/sdapi/v1/options")).path("sd_model_checkpoint").asText())
                .isEqualTo("other");
        ok(post(TXT2IMG, "{}"));
        assertThat(other.requests()).hasSize(2);
        assertThat(post("/sdapi/v1/options", "{\"unknown\":1}").statusCode()).isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "samplers",
                "schedulers",
                "sd-models",
                "loras",
                "upscalers",
                "latent-upscale-modes",
                "sd-vae",
                "embeddings",
                "prompt-styles",
                "hypernetworks",
                "face-restorers",
                "scripts",
                "script-info",
                "memory",
                "cmd-flags"
            })
    void whatThereIsToChooseFromIsListed(String path) throws Exception {
        JsonNode list = ok(get("/sdapi/v1/" + path));
        assertThat(list.isContainerNode()).isTrue();
    }

    @Test
    void theListsNameWhatRequestsTake() throws Exception {
        for (JsonNode sampler : ok(get("/sdapi/v1/samplers"))) {
            assertThat(Sampler.of(sampler.path("name").asText())).isNotNull();
        }
        for (JsonNode schedule : ok(get("/sdapi/v1/schedulers"))) {
            if (!schedule.path("name").asText().equals("automatic")) {
                assertThat(NoiseSchedule.of(schedule.path("label").asText()).id())
                        .isEqualTo(schedule.path("name").asText());
            }
        }
        assertThat(ok(get("/sdapi/v1/sd-models")).path(1).path("title").asText())
                .isEqualTo("other");
        assertThat(ok(get("/controlnet/model_list")).path("model_list")).isEmpty();
        assertThat(ok(get("/controlnet/module_list")).path("module_list")).isEmpty();
        assertThat(ok(post("/sdapi/v1/refresh-checkpoints", "{}")).isNull()).isTrue();
        assertThat(ok(post("/sdapi/v1/refresh-loras", "")).isNull()).isTrue();
    }

    @Test
    void progressIsThatOfTheJobThatRuns() throws Exception {
        JsonNode idle = ok(get("/sdapi/v1/progress"));
        assertThat(idle.path("progress").asDouble()).isZero();
        assertThat(idle.path("state").path("job_count").asInt()).isZero();

        model.hold();
        CompletableFuture<HttpResponse<String>> answer = sendAsync(TXT2IMG, "{\"steps\":10}");
        model.awaitBegin();
        model.letSteps(6);
        JsonNode progress = idle;
        while (progress.path("state").path("sampling_step").asInt() < 6) {
            progress = ok(get("/sdapi/v1/progress?skip_current_image=false"));
        }
        assertThat(progress.path("progress").asDouble()).isBetween(0.5, 0.7);
        assertThat(progress.path("state").path("job_count").asInt()).isEqualTo(1);
        assertThat(progress.path("state").path("sampling_steps").asInt()).isEqualTo(10);
        assertThat(picture(progress.path("current_image")).getWidth()).isEqualTo(8);
        assertThat(ok(get("/sdapi/v1/progress?skip_current_image=true"))
                        .path("current_image")
                        .isNull())
                .isTrue();
        model.release();
        ok(answer.get());
    }

    private CompletableFuture<HttpResponse<String>> sendAsync(String path, String body) {
        return client.sendAsync(posting(path, body).build(), HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"interrupt", "skip"})
    void anInterruptedRequestIsAnsweredWithoutPictures(String how) throws Exception {
        model.hold();
        CompletableFuture<HttpResponse<String>> answer = sendAsync(TXT2IMG, "{}");
        model.awaitBegin();
        ok(post("/sdapi/v1/" + how, "{}"));
        assertThat(ok(answer.get()).path("images")).isEmpty();
        assertThat(model.cancelled()).isEqualTo(1);
    }

    @Test
    void oneOfSeveralPicturesCannotBeSkipped() throws Exception {
        model.hold();
        CompletableFuture<HttpResponse<String>> answer = sendAsync(TXT2IMG, "{\"batch_size\":2}");
        model.awaitBegin();
        assertThat(post("/sdapi/v1/skip", "{}").statusCode()).isEqualTo(409);
        model.release();
        assertThat(ok(answer.get()).path("images")).hasSize(2);
    }

    @Test
    void interruptLeavesTheJobsOfOthersAlone() throws Exception {
        model.hold();
        CompletableFuture<HttpResponse<String>> answer = sendAsync("/v1/images/generations", "{\"prompt\":\"a\"}");
        model.awaitBegin();
        ok(post("/sdapi/v1/interrupt", "{}"));
        assertThat(ok(get("/sdapi/v1/progress")).path("state").path("job_count").asInt())
                .isZero();
        model.release();
        ok(answer.get());
    }

    @Test
    void picturesCanBeLeftOut() throws Exception {
        assertThat(ok(post(TXT2IMG, "{\"send_images\":false}")).path("images")).isEmpty();
    }

    @Test
    void thePicturesCarryTheirParameters() throws Exception {
        JsonNode drawn = ok(post(
                TXT2IMG, "{\"prompt\":\"ein Käfer, (rot:1.2)\\nzweite Zeile\",\"negative_prompt\":\"x\",\"seed\":9}"));

        JsonNode info = ok(
                post("/sdapi/v1/png-info", "{\"image\":" + drawn.path("images").path(0) + "}"));

        assertThat(info.path("info").asText()).startsWith("ein Käfer, (rot:1.2)\nzweite Zeile\nNegative prompt: x\n");
        assertThat(info.path("items").path("diffusion4j").asText()).startsWith("{");
        assertThat(info.path("parameters").path("Prompt").asText()).isEqualTo("ein Käfer, (rot:1.2)\nzweite Zeile");
        assertThat(info.path("parameters").path("Negative prompt").asText()).isEqualTo("x");
        assertThat(info.path("parameters").path("Seed").asText()).isEqualTo("9");
        assertThat(info.path("parameters").path("Size").asText()).isEqualTo("512x512");
    }

    @Test
    void aPictureWithoutParametersHasNone() throws Exception {
        JsonNode info = ok(post("/sdapi/v1/png-info", "{\"image\":\"" + base64(png(8, 8)) + "\"}"));
        assertThat(info.path("info").asText()).isEmpty();
        assertThat(info.path("parameters")).isEmpty();
        assertThat(post("/sdapi/v1/png-info", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void picturesAreEnlargedWithoutAModel() throws Exception {
        String image = "\"image\":\"" + base64(png(32, 16)) + "\"";
        String path = "/sdapi/v1/extra-single-image";
        JsonNode twice = ok(post(path, "{" + image + ",\"upscaler_1\":\"Lanczos\"}"));
        assertThat(picture(twice.path("image")).getWidth()).isEqualTo(64);
        JsonNode sized = ok(
                post(path, "{" + image + ",\"resize_mode\":1,\"upscaling_resize_w\":100,\"upscaling_resize_h\":90}"));
        assertThat(picture(sized.path("image")).getHeight()).isEqualTo(90);
        for (String refused : new String[] {
            ",\"upscaler_1\":\"R-ESRGAN 4x+\"",
            ",\"gfpgan_visibility\":1",
            ",\"upscaling_resize\":1000",
            ",\"upscaler_2\":\"SwinIR\",\"extras_upscaler_2_visibility\":0.5",
            ",\"upscaling_resize\":0"
        }) {
            assertThat(post(path, "{" + image + refused + "}").statusCode())
                    .as(refused)
                    .isEqualTo(422);
        }
    }

    @Test
    void otherErrorsHaveTheWebUisForm() throws Exception {
        model.failWith(() -> new dev.diffusion4j.error.NativeFailureException("it failed"));
        HttpResponse<String> failed = post(TXT2IMG, "{}");
        assertThat(failed.statusCode()).isEqualTo(500);
        assertThat(json(failed).path("errors").asText()).isEqualTo("it failed");
        assertThat(json(failed).path("error").asText()).isEqualTo("generation_failed");
        HttpResponse<String> unknown = get("/sdapi/v1/interrogate");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(json(unknown).path("detail").asText()).isNotBlank();
    }
}
