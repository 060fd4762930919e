package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.scheduler.DdimScheduler;
import dev.diffusion4j.scheduler.DpmSolverMultistepScheduler;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.HeunScheduler;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.scheduler.TimestepSpacing;
import java.awt.image.BufferedImage;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests are values: equal by what they say, changed by copies, and the same after they were JSON. */
@Tag("fast")
class ImageRequestTest {

    private static BufferedImage image(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, i * 0x01020305);
        }
        return image;
    }

    private static ImageRequest.Builder whole() {
        return ImageRequest.textToImage("a (lighthouse:1.2) at dusk")
                .negativePrompt("blurry, \"grey\" \u00e4")
                .size(1024, 768)
                .steps(25)
                .guidanceScale(6.5)
                .clipSkip(2)
                .seed(Long.MAX_VALUE - 2000)
                .batchCount(3)
                .lora(Path.of("style.safetensors"), 0.8)
                .lora(new Lora(Path.of("other.safetensors"), 1, -0.5))
                .vaeTiling(VaeTiling.DEFAULT);
    }

    private static NativeSampling everyNativeOption() {
        return Sampling.of(SamplerChoice.of("DPM++ 2M Karras"))
                .withEta(0.3)
                .withFlowShift(3)
                .withShiftedTimestep(250)
                .withArguments("a=1,b=0.5")
                .withImageGuidanceScale(1.5)
                .withDistilledGuidance(3.5)
                .withSkipLayerGuidance(new SkipLayerGuidance(List.of(7, 8, 9), 2.5, 0.01, 0.2))
                .withCache(StepCache.dbCache())
                .withHighResFix(HighResFix.twice());
    }

    static Stream<ImageRequest> requests() {
        return Stream.of(
                ImageRequest.textToImage("").build(),
                whole().build(),
                whole().sampling(everyNativeOption()).build(),
                whole().sampling(Sampling.standard().withSigmas(14.6, 3.5, 0)).build(),
                whole().sampling(Sampling.standard().withCache(StepCache.spectrum()))
                        .build(),
                whole().sampling(Sampling.standard().withCache(StepCache.easyCache()))
                        .build(),
                ImageRequest.imageToImage(image(3, 2), "a star").build(),
                ImageRequest.imageToImage(
                                InitImage.of(image(3, 2))
                                        .withMask(image(3, 2))
                                        .withStrength(0.25)
                                        .withResizeMode(ResizeMode.CROP),
                                "a star")
                        .build(),
                ImageRequest.textToImage("a star")
                        .control(image(3, 2))
                        .control(Control.of(image(2, 2))
                                .withControlNet("depth")
                                .withStrength(0.5)
                                .withRange(0.1, 0.9)
                                .withResizeMode(ResizeMode.FIT))
                        .build(),
                ImageRequest.edit(
                                References.of(image(2, 2), image(5, 1))
                                        .withResize(false)
                                        .withDistinctIndices(true),
                                "make it snow")
                        .build());
    }

    static Stream<Scheduler> schedulers() {
        return Stream.concat(
                Stream.of(SchedulerType.values()).map(SchedulerType::create),
                Stream.of(
                        SchedulerType.PNDM.create().withSteps(20, 0.6),
                        ((HeunScheduler) SchedulerType.HEUN.create(PredictionType.V_PREDICTION))
                                .withSigmas(14.6f, 2.25f, 0.1f, 0),
                        DpmSolverMultistepScheduler.builder()
                                .stableDiffusion()
                                .solverOrder(3)
                                .useKarrasSigmas(true)
                                .timestepSpacing(TimestepSpacing.TRAILING)
                                .build(),
                        DdimScheduler.builder().stableDiffusion().eta(0.5).build(),
                        EulerScheduler.builder()
                                .stableDiffusion()
                                .rescaleBetasZeroSnr(true)
                                .build()));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void jsonLosesNothing(ImageRequest request) {
        ImageRequest read = ImageRequest.fromJson(request.toJson());

        assertThat(read).isEqualTo(request).hasSameHashCodeAs(request);
        assertThat(read.toJson()).isEqualTo(request.toJson());
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void norOfASchedulerOfThisLibrary(Scheduler scheduler) {
        ImageRequest request = whole().sampling(Sampling.with(scheduler)).build();
        ImageRequest read = ImageRequest.fromJson(request.toJson());

        assertThat(read).isEqualTo(request).hasSameHashCodeAs(request);
        Scheduler again = ((SchedulerSampling) read.sampling()).scheduler();
        assertThat(again.steps()).isEqualTo(scheduler.steps());
        if (scheduler.steps() > 0) {
            assertThat(again.timesteps()).isEqualTo(scheduler.timesteps());
        }
    }

    @Test
    void schedulersWithOtherOptionsOrPlansDiffer() {
        assertThat(schedulers().toList()).doesNotHaveDuplicates();
    }

    @Test
    void aSchedulerOfSomebodyElseIsRefusedAsJson() {
        Scheduler own = (Scheduler) Proxy.newProxyInstance(
                Scheduler.class.getClassLoader(),
                new Class<?>[] {Scheduler.class},
                (_, method, _) -> method.getReturnType() == String.class ? "Homemade" : null);
        ImageRequest request = whole().sampling(Sampling.with(own)).build();

        assertThatThrownBy(request::toJson)
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("Homemade");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no JSON                                     | Unrecognized token",
                "[]                                          | not an object",
                "{}                                          | prompt: it is missing",
                "{'prompt':7}                                | prompt: 7 is not text",
                "{'prompt':'a','stepz':1}                    | stepz: there is no such option",
                "{'prompt':'a','steps':1.5}                  | steps: 1.5 is not a whole number",
                "{'prompt':'a','prompt':'b'}                 | is there twice",
                "{'prompt':'a'} {}                           | more behind the end",
                "{'prompt':'a','size':{'width':64}}          | size: height: it is missing",
                "{'prompt':'a','sampling':{'type':'other'}}  | neither native nor scheduler",
                "{'prompt':'a','initImage':{'picture':'x'}}  | a PNG file",
            })
    void otherJsonIsRefusedByWhatIsWrong(String json, String reason) {
        assertThatThrownBy(() -> ImageRequest.fromJson(json.replace('\'', '"')))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource({"steps, 0", "steps, 1001", "guidanceScale, 101", "clipSkip, 0", "seed, -1", "batchCount, 1001"})
    void jsonIsCheckedAsBuildersCheck(String field, String value) {
        assertThatThrownBy(() -> ImageRequest.fromJson("{\"prompt\":\"a\",\"" + field + "\":" + value + "}"))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    @Test
    void aBuilderChangesACopy() {
        ImageRequest request = whole().build();
        ImageRequest another = request.toBuilder().seed(8).loras(List.of()).build();

        assertThat(request.seed()).hasValue(Long.MAX_VALUE - 2000);
        assertThat(request.loras()).hasSize(2);
        assertThat(another).isNotEqualTo(request);
        assertThat(another.seed()).hasValue(8);
        assertThat(another.loras()).isEmpty();
        assertThat(another.toBuilder()
                        .seed(Long.MAX_VALUE - 2000)
                        .loras(request.loras())
                        .build())
                .isEqualTo(request);
    }

    @Test
    void theTaskFollowsFromThePictures() {
        BufferedImage image = image(2, 2);
        assertThat(whole().build().task()).isEqualTo(Task.TEXT_TO_IMAGE);
        assertThat(ImageRequest.imageToImage(image, "a").build().task()).isEqualTo(Task.IMAGE_TO_IMAGE);
        assertThat(ImageRequest.inpaint(image, image, "a").build().task()).isEqualTo(Task.INPAINT);
        assertThat(ImageRequest.edit(References.of(image), "a").build().task()).isEqualTo(Task.EDIT);
        assertThat(ImageRequest.inpaint(image, image, "a")
                        .build()
                        .withoutPictures()
                        .task())
                .isEqualTo(Task.TEXT_TO_IMAGE);
    }

    @Test
    void aPictureIsACopy() {
        BufferedImage image = image(4, 4);
        Picture before = Picture.of(image);
        image.setRGB(1, 1, 0x80112233);

        assertThat(Picture.of(image)).isNotEqualTo(before);
        assertThat(Picture.of(image).toBufferedImage().getRGB(1, 1)).isEqualTo(0x80112233);
        assertThat(before.size()).isEqualTo(new ImageSize(4, 4));
        assertThat(Optional.of(Picture.ofDataUrl(before.toDataUrl()))).contains(before);
    }

    private static ImageRequest.Builder request() {
        return ImageRequest.textToImage("a circle");
    }

    private static ImageRequest usual() {
        return ImageRequest.textToImage("not this")
                .negativePrompt("blurry")
                .size(1024, 768)
                .steps(4)
                .guidanceScale(1)
                .sampling(Sampling.of(SamplerChoice.of("DPM++ 2M Karras"))
                        .withEta(0.3)
                        .withFlowShift(3))
                .build();
    }

    @Test
    void whatIsLeftOutIsTakenFromTheDefaults() {
        assertThat(request().build().withDefaults(usual()))
                .isEqualTo(usual().toBuilder().prompt("a circle").build());
        ImageRequest own = request()
                .negativePrompt("")
                .size(64, 64)
                .steps(9)
                .guidanceScale(2)
                .seed(3)
                .build();
        assertThat(own.withDefaults(usual()))
                .isEqualTo(own.toBuilder().sampling(usual().sampling()).build());
        assertThat(own.withDefaults(request().build())).isEqualTo(own);
        assertThat(request().build().withDefaults(request().build()))
                .isEqualTo(request().build());
    }

    @Test
    void picturesAreNotTakenAndKeepTheirSize() {
        ImageRequest usual =
                usual().toBuilder().initImage(InitImage.of(image(8, 8))).build();
        assertThat(request().build().withDefaults(usual).initImage()).isEmpty();
        ImageRequest redrawn =
                ImageRequest.imageToImage(image(16, 8), "a circle").build();
        assertThat(redrawn.withDefaults(usual).size()).isEmpty();
        assertThat(redrawn.withDefaults(usual).steps()).hasValue(4);
    }

    @Test
    void whatHasItsOwnStepsTakesNone() {
        Sampling levels = Sampling.standard().withSigmas(3, 1, 0);
        ImageRequest byLevels = request().sampling(levels).build().withDefaults(usual());
        assertThat(byLevels.steps()).isEmpty();
        assertThat(byLevels.sampling())
                .isEqualTo(Sampling.of(Sampler.DPMPP_2M)
                        .withSigmas(3, 1, 0)
                        .withEta(0.3)
                        .withFlowShift(3));
        Sampling planned = Sampling.with(EulerScheduler.stableDiffusion().withSteps(7));
        ImageRequest byPlan = request().sampling(planned).build().withDefaults(usual());
        assertThat(byPlan.steps()).isEmpty();
        assertThat(byPlan.sampling()).isEqualTo(planned);
    }

    @Test
    void whatHasItsOwnStepsIsNotTaken() {
        ImageRequest five = request().steps(5).build();
        assertThat(five.withDefaults(request()
                        .sampling(Sampling.of(Sampler.HEUN).withSigmas(3, 1, 0))
                        .build()))
                .isEqualTo(
                        request().steps(5).sampling(Sampling.of(Sampler.HEUN)).build());
        Scheduler euler = EulerScheduler.stableDiffusion();
        assertThat(five.withDefaults(
                        request().sampling(Sampling.with(euler.withSteps(7))).build()))
                .isEqualTo(five);
        assertThat(five.withDefaults(request().sampling(Sampling.with(euler)).build())
                        .sampling())
                .isEqualTo(Sampling.with(euler));
    }

    @Test
    void anotherSamplerComesWithoutWhatBelongsToTheUsualOne() {
        ImageRequest request = request().sampling(Sampling.of(Sampler.EULER)).build();
        assertThat(request.withDefaults(usual()).sampling())
                .isEqualTo(Sampling.of(Sampler.EULER).withFlowShift(3));
        ImageRequest scheduled =
                request().sampling(Sampling.of(NoiseSchedule.SIMPLE)).build();
        assertThat(scheduled.withDefaults(usual()).sampling())
                .isEqualTo(Sampling.of(Sampler.DPMPP_2M)
                        .withSchedule(NoiseSchedule.SIMPLE)
                        .withEta(0.3)
                        .withFlowShift(3));
        Sampling scheduler = Sampling.with(EulerScheduler.stableDiffusion());
        ImageRequest inJava = request().sampling(scheduler).build().withDefaults(usual());
        assertThat(inJava.sampling()).isEqualTo(scheduler);
        assertThat(inJava.steps()).hasValue(4);
    }
}
