package dev.diffusion4j.cli.options;

import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.FlashAttention;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.MemoryBudget;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.tensor.RandomSource;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the model is held in memory and computed. */
public final class LoadingOptions {

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads on the CPU; without it one per core, but no more than this process may use.")
    private Integer threads;

    @Option(
            names = {"--device", "--backend"},
            paramLabel = "DEVICE",
            description =
                    "Where the model runs: auto (the default: a GPU if there is one), cpu, gpu, gpu:1, a name from"
                            + " 'diffuse devices', or rpc:HOST:PORT; with ',cpu' behind it, the CPU where that is not there.")
    private DeviceChoice device;

    @Option(
            names = {"--text-encoder-device", "--clip-device"},
            paramLabel = "DEVICE",
            description = "Where the text encoder runs, in place of --device.")
    private DeviceChoice textEncoderDevice;

    @Option(names = "--vae-device", paramLabel = "DEVICE", description = "Where the VAE runs, in place of --device.")
    private DeviceChoice vaeDevice;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "Convert the weights while loading: ${COMPLETION-CANDIDATES}.")
    private WeightType weightType;

    @Option(
            names = {"--type-rules", "--tensor-type-rules"},
            paramLabel = "REGEX=TYPE,...",
            description = "Types for single tensors; the first rule that matches applies.")
    private String weightTypeRules;

    @Option(
            names = "--mmap",
            description = "Map the files into memory in place of reading them: large models open faster.")
    private boolean memoryMap;

    @Option(
            names = {"--flash-attention", "--fa"},
            description = "Flash attention in the text encoders and the VAE, too: less memory, often faster.")
    private boolean flashAttention;

    @Option(
            names = {"--diffusion-flash-attention", "--diffusion-fa"},
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Flash attention in the diffusion model (on unless negated): less memory, faster.")
    private boolean diffusionFlashAttention;

    @Option(
            names = "--diffusion-conv-direct",
            description =
                    "Direct convolutions in the diffusion model: less memory; speed depends on the GPU. The CPU of this "
                            + "machine always takes the faster way; a server that computes on a CPU does with this.")
    private boolean diffusionConvDirect;

    @Option(names = "--vae-conv-direct", description = "Direct convolutions in the VAE, likewise.")
    private boolean vaeConvDirect;

    @Option(names = "--vae-tiling", description = "Run the VAE in tiles, which bounds its memory at large sizes.")
    private boolean vaeTiling;

    @Option(
            names = "--vae-tile-size",
            paramLabel = "WxH",
            description = "Size of a tile in latents, of 8 pixels each (32x32); implies --vae-tiling.")
    private PixelSize tileSize;

    @Option(
            names = "--vae-tile-overlap",
            paramLabel = "PART",
            description = "How much of a tile overlaps its neighbour, 0 to 0.5 (0.5); implies --vae-tiling.")
    private Double tileOverlap;

    @Option(names = "--offload-to-cpu", description = "Keep weights in RAM and bring them to the device when needed.")
    private boolean offloadToCpu;

    @Option(
            names = {"--vram-budget", "--max-vram"},
            paramLabel = "GIB",
            description = "Device memory that weights may take: 0 without limit, -1 for what is free less one.")
    private double vramBudget;

    @Option(names = "--stream-layers", description = "With --vram-budget: fetch the next layers while computing.")
    private boolean streamLayers;

    @Option(
            names = "--isolated",
            description = "Run the model in a process of its own, so that a crash in native code is an error message.")
    private boolean isolated;

    @Option(
            names = "--rng",
            paramLabel = "SOURCE",
            description = "Where noise comes from: cuda (the default; what most tools share seeds for), cpu or std.")
    private RandomSource random;

    @Option(
            names = "--sampler-rng",
            paramLabel = "SOURCE",
            description = "Where the noise that samplers add comes from; as --rng without it.")
    private RandomSource samplerRandom;

    @Option(
            names = "--prediction",
            paramLabel = "KIND",
            description =
                    "What the model predicts, where its file does not say it: epsilon, v, edm-v, flow, flux-flow or"
                            + " flux2-flow.")
    private PredictionKind prediction;

    @Option(
            names = {"--lora-mode", "--lora-apply-mode"},
            paramLabel = "MODE",
            description = "When LoRAs are merged: auto (the default), immediately or at-runtime.")
    private LoraMode loraMode;

    @Option(
            names = "--seamless",
            paramLabel = "AXES",
            description = "Make edges that fit each other, for textures: x, y or xy.")
    private SeamlessAxes seamless;

    @Option(
            names = "--force-sdxl-vae-conv-scale",
            description = "Scale the SDXL VAE's convolutions, against black pictures in half precision.")
    private boolean forceSdxlVaeConvScale;

    /** Sets on the options what was given. */
    public void applyTo(ModelOpener options) {
        if (streamLayers && vramBudget == 0) {
            throw new InvalidRequestException("--stream-layers", "alone", "given with --vram-budget");
        }
        options.memoryMap(memoryMap)
                .flashAttention(flashAttention())
                .diffusionConvDirect(diffusionConvDirect)
                .vaeConvDirect(vaeConvDirect)
                .offloadToCpu(offloadToCpu)
                .streamLayers(streamLayers)
                .forceSdxlVaeConvScale(forceSdxlVaeConvScale);
        if (isolated) {
            options.isolated();
        }
        if (threads != null) {
            options.threads(threads);
        }
        if (device != null) {
            options.device(device);
        }
        if (textEncoderDevice != null) {
            options.device(ComponentKind.TEXT_ENCODER, textEncoderDevice);
        }
        if (vaeDevice != null) {
            options.device(ComponentKind.AUTOENCODER, vaeDevice);
        }
        if (weightType != null) {
            options.weightType(weightType);
        }
        if (weightTypeRules != null) {
            options.weightTypeRules(weightTypeRules);
        }
        if (vramBudget != 0) {
            options.memoryBudget(vramBudget == -1 ? MemoryBudget.freeLessOneGib() : MemoryBudget.gib(vramBudget));
        }
        if (random != null) {
            options.random(random);
        }
        if (samplerRandom != null) {
            options.samplerRandom(samplerRandom);
        }
        if (prediction != null) {
            options.prediction(prediction.type());
        }
        if (loraMode != null) {
            options.loraMode(loraMode);
        }
        if (seamless != null) {
            options.seamless(seamless.edges());
        }
    }

    private FlashAttention flashAttention() {
        if (flashAttention) {
            return FlashAttention.ALL;
        }
        return diffusionFlashAttention ? FlashAttention.DENOISER : FlashAttention.NONE;
    }

    /** The tiles that the VAE shall run in; empty for whole pictures. */
    public Optional<VaeTiling> vaeTiling() {
        if (!vaeTiling && tileSize == null && tileOverlap == null) {
            return Optional.empty();
        }
        VaeTiling usual = VaeTiling.DEFAULT;
        return Optional.of(new VaeTiling(
                tileSize == null ? usual.tileWidth() : requireTile("vaeTiling.tileWidth", tileSize.width()),
                tileSize == null ? usual.tileHeight() : requireTile("vaeTiling.tileHeight", tileSize.height()),
                tileOverlap == null ? usual.overlap() : tileOverlap));
    }

    /** Whether models are to run in processes of their own. */
    public boolean isolated() {
        return isolated;
    }

    /** Where noise comes from. */
    public RandomSource random() {
        return random == null ? RandomSource.CUDA : random;
    }

    /** Who types a size of 0 does not mean the usual one. */
    private static int requireTile(String field, int latents) {
        if (latents == 0) {
            throw new InvalidRequestException(field, latents, "from 4 to 4096 latents");
        }
        return latents;
    }
}
