package dev.diffusion4j;

import dev.diffusion4j.component.Denoiser;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.check.ModelFileValidator;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.Control;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.scheduler.PlannedScheduler;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.tokenizer.LoraTags;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks whether a model can do a request, and says in it what is left to the model. */
final class RequestResolver {

    private final DiffusionModel model;
    private final ModelFile file;
    private final ModelInfo info;
    private final Optional<LoraFolder> loraFolder;
    private final Set<String> controlNets;
    private final Optional<IdentityCheck> identityCheck;

    /** @param identityCheck of a model with PhotoMaker */
    RequestResolver(
            DiffusionModel model,
            ModelFile file,
            ModelInfo info,
            Optional<LoraFolder> loraFolder,
            Set<String> controlNets,
            Optional<IdentityCheck> identityCheck) {
        this.model = model;
        this.file = file;
        this.info = info;
        this.loraFolder = loraFolder;
        this.controlNets = controlNets;
        this.identityCheck = identityCheck;
    }

    /**
     * The request with all that was left to the model.
     *
     * @param warnings is told what will not be done
     * @throws InvalidRequestException if the model cannot do the request
     * @throws ModelFileException if a LoRA or an upscaler cannot be used
     */
    ImageRequest resolve(ImageRequest request, GenerationListener listener, Warnings warnings) {
        requireTask(request);
        if (identityCheck.isPresent()) {
            IdentityCheck.requireSampling(request);
        }
        ImageRequest.Builder resolved = request.toBuilder();
        ImageSize size = size(request);
        resolved.size(size.width(), size.height());
        resolved.guidanceScale(guidance(request.guidanceScale(), request.negativePrompt(), warnings));
        if (request.clipSkip().isPresent() && !model.family().takesClipSkip()) {
            warnings.addBefore("the clip skip has no effect: a model of the family "
                    + model.family().displayName() + " is told no hidden states of a CLIP");
        }
        switch (request.sampling()) {
            case NativeSampling sampling -> resolve(sampling, request, listener, resolved);
            case SchedulerSampling sampling -> resolve(sampling.scheduler(), request, listener, resolved);
        }
        List<Lora> loras = loras(request.prompt(), request.loras(), warnings);
        if (!loras.isEmpty()) {
            resolved.loras(loras);
        }
        resolved.controls(request.controls().stream().map(this::withControlNet).toList());
        resolved.seed(request.seed().orElseGet(RequestResolver::seed));
        ImageRequest whole = resolved.build();
        identityCheck.ifPresentOrElse(check -> check.check(whole, warnings), () -> IdentityCheck.requireNone(whole));
        return whole;
    }

    static long seed() {
        return ThreadLocalRandom.current().nextLong(1L << 32);
    }

    double guidance(OptionalDouble given, String negativePrompt, Warnings warnings) {
        double guidance = given.orElseGet(model::defaultGuidanceScale);
        if (guidance == 1 && !negativePrompt.isBlank()) {
            warnings.addBefore(
                    "the negative prompt has no effect: with a guidance scale of 1 there is no guidance away from it");
        }
        return guidance;
    }

    private void requireTask(ImageRequest request) {
        if (!info.generatesImages()) {
            throw new InvalidRequestException(
                    "task", request.task(), "video: a model of the family " + info.family() + " makes nothing else");
        }
        if (request.references().isPresent() && !model.family().can(Task.EDIT)) {
            throw new InvalidRequestException(
                    "references",
                    "given",
                    "absent: a model of the family " + model.family().displayName() + " looks at no other pictures");
        }
        boolean drawsFromOthers =
                model.family().can(Task.EDIT) && !model.family().can(request.task());
        if (request.references().isEmpty() && drawsFromOthers) {
            throw new InvalidRequestException(
                    "references",
                    "absent",
                    "given: a model of the family " + model.family().displayName() + " draws from another picture");
        }
    }

    private Control withControlNet(Control control) {
        if (controlNets.isEmpty()) {
            throw new InvalidRequestException(
                    "control",
                    "given",
                    "absent: the model was opened without a ControlNet, which controlNet(...) gives it");
        }
        String name = control.controlNet()
                .or(() -> controlNets.size() == 1 ? controlNets.stream().findFirst() : Optional.empty())
                .orElse("absent");
        if (!controlNets.contains(name)) {
            throw new InvalidRequestException("control.controlNet", name, "one of " + String.join(", ", controlNets));
        }
        return control.withControlNet(name);
    }

    private ImageSize size(ImageRequest request) {
        ImageSize size = request.size()
                .or(() -> request.initImage().map(init -> init.picture().size()))
                .orElseGet(model::nativeSize);
        requireMultiple("width", size.width());
        requireMultiple("height", size.height());
        if (request.sampling() instanceof NativeSampling sampling) {
            sampling.highResFix().ifPresent(fix -> requireSecondPass(fix, size));
        }
        return size;
    }

    /** All that the second pass needs, before the first has cost its time. */
    private void requireSecondPass(HighResFix fix, ImageSize first) {
        boolean isScaled = fix.size().isEmpty();
        ImageSize size = fix.sizeAfter(first);
        requireMultiple(isScaled ? "width * highResFix.scale" : "highResFix.size.width", size.width());
        requireMultiple(isScaled ? "height * highResFix.scale" : "highResFix.size.height", size.height());
        if (fix.enlargesPixels() && !info.hasVaeEncoder()) {
            throw new ModelFileException(model.name()
                    + " cannot enlarge pixels between two passes: its VAE has a decoder alone; enlarge latents, or open it"
                    + " with vae(...) or tinyAutoencoder(...) from a file that has an encoder");
        }
        fix.upscalerModel().map(ModelFile::read).ifPresent(ModelFileValidator::requireUpscaler);
    }

    /** Refuses a side that the model cannot draw. */
    void requireMultiple(String field, int value) {
        int multiple = model.sizeMultiple();
        if (value % multiple != 0 || value > ImageRequest.MAX_SIZE) {
            int below = Math.min(value, ImageRequest.MAX_SIZE) / multiple * multiple;
            String nearest = below == 0
                    ? "" + multiple
                    : value > ImageRequest.MAX_SIZE ? "" + below : below + " or " + (below + multiple);
            throw new InvalidRequestException(
                    field, value, "a multiple of " + multiple + " for this model (nearest: " + nearest + ")");
        }
    }

    private void resolve(
            NativeSampling sampling, ImageRequest request, GenerationListener listener, ImageRequest.Builder resolved) {
        NativePlan plan = plan(sampling, request.steps(), listener);
        resolved.steps(plan.steps()).sampling(plan.sampling());
    }

    /** What the runtime's own loop does: its steps, and its sampling with nothing left open. */
    record NativePlan(int steps, NativeSampling sampling) {}

    /** The runtime's own loop, with what is usual for the model where nothing was said. */
    NativePlan plan(NativeSampling sampling, OptionalInt given, GenerationListener listener) {
        if (listener.steps().isPresent()) {
            throw new InvalidRequestException("onStep", "given", "used with the sampling of a scheduler");
        }
        Sampler sampler = sampling.sampler().orElseGet(model::defaultSampler);
        NativeSampling whole = withDistilledGuidance(sampling.withSampler(sampler));
        if (!sampling.sigmas().isEmpty()) {
            int steps = sampling.sigmas().size() - 1;
            if (given.orElse(steps) != steps) {
                throw new InvalidRequestException(
                        "steps", given.getAsInt(), "those of the sigmas, " + steps + ", or absent");
            }
            return new NativePlan(steps, whole);
        }
        NoiseSchedule schedule = sampling.schedule().orElseGet(() -> model.defaultSchedule(sampler));
        int steps = given.orElseGet(model::defaultSteps);
        requireSchedule(schedule, steps);
        return new NativePlan(steps, whole.withSchedule(schedule));
    }

    private NativeSampling withDistilledGuidance(NativeSampling sampling) {
        OptionalDouble usual = file.generationDefaults().distilledGuidance();
        return sampling.distilledGuidance().isEmpty() && usual.isPresent()
                ? sampling.withDistilledGuidance(usual.getAsDouble())
                : sampling;
    }

    /**
     * Refuses a schedule that cannot do that many steps or does not exist for the family.
     *
     * @throws InvalidRequestException if so
     */
    void requireSchedule(NoiseSchedule schedule, int steps) {
        if (steps < schedule.minimumSteps()) {
            throw new InvalidRequestException(
                    "steps", steps, "at least " + schedule.minimumSteps() + " with the schedule " + schedule);
        }
        boolean hasAlignedSteps =
                file.family().isStableDiffusion1() || file.family().isStableDiffusionXl();
        if (schedule == NoiseSchedule.AYS && !hasAlignedSteps) {
            throw new InvalidRequestException(
                    "schedule", schedule, "another one: ays is defined for SD 1.x and SDXL, not for " + info.family());
        }
    }

    private void resolve(
            Scheduler scheduler, ImageRequest request, GenerationListener listener, ImageRequest.Builder resolved) {
        requireNone("references", request.references().isPresent());
        requireNone("onPreview", listener.previews().isPresent());
        Objects.requireNonNull(scheduler.name(), "scheduler.name");
        Denoiser denoiser = model.denoiser();
        requireFor(denoiser.predictionType(), scheduler);
        boolean seesMask = denoiser.inChannels() > denoiser.latentChannels();
        if (seesMask && request.task() != Task.INPAINT) {
            throw new InvalidRequestException(
                    "scheduler", scheduler, "absent: this model is for inpainting and needs a mask");
        }
        boolean planned = scheduler.steps() > 0;
        if (planned && request.steps().orElse(scheduler.steps()) != scheduler.steps()) {
            throw new InvalidRequestException(
                    "steps", request.steps().getAsInt(), "the scheduler's own, " + scheduler.steps());
        }
        double strength = request.initImage().map(InitImage::strength).orElse(1.0);
        Scheduler plan =
                planned ? scheduler : scheduler.withSteps(request.steps().orElseGet(model::defaultSteps), strength);
        resolved.steps(plan.steps()).sampling(Sampling.with(plan));
    }

    /** Of a user's own scheduler nothing is known. */
    private static void requireFor(PredictionType prediction, Scheduler scheduler) {
        if (scheduler instanceof PlannedScheduler own && own.isForFlow() != prediction.isFlow()) {
            String fitting = Arrays.stream(SchedulerType.values())
                    .filter(type -> type.isFor(prediction))
                    .map(SchedulerType::id)
                    .collect(Collectors.joining(", "));
            throw new InvalidRequestException(
                    "scheduler", scheduler.name(), "one for a model that predicts " + prediction + ": " + fitting);
        }
    }

    private static void requireNone(String field, boolean given) {
        if (given) {
            throw new InvalidRequestException(
                    field, "given", "absent with a scheduler: it belongs to the native sampler");
        }
    }

    /** Those that were given and those that the prompt names, each of which fits the model. */
    List<Lora> loras(String prompt, List<Lora> given, Warnings warnings) {
        List<LoraTags.Tag> tags = LoraTags.parse(prompt).tags();
        if (!tags.isEmpty() && loraFolder.isEmpty()) {
            String names = tags.stream().map(LoraTags.Tag::name).collect(Collectors.joining(", "));
            warnings.addBefore("the prompt names LoRAs (" + names
                    + "), which are left out: the model was opened without a folder to look for them");
        }
        Stream<Lora> named = loraFolder.stream().flatMap(folder -> tags.stream().map(folder::find));
        List<Lora> all = Stream.concat(given.stream(), named).toList();
        all.forEach(lora -> ModelFileValidator.requireLora(ModelFile.read(lora.path()), file));
        return all;
    }
}
