package dev.diffusion4j.modelfile;

import dev.diffusion4j.image.ImageSize;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What a model file holds: one of the families of diffusion models that the runtime knows, or a part of a model. */
public enum ModelFamily {
    /** Stable Diffusion 1.x. */
    SD1("SD 1.x", Kind.UNET, 768, 512),
    /** Stable Diffusion 1.x for inpainting: the U-Net also sees the masked picture. */
    SD1_INPAINT("SD 1.x Inpaint", Kind.UNET, 768, 512),
    /** Instruct-Pix2Pix on Stable Diffusion 1.x. */
    SD1_PIX2PIX("Instruct-Pix2Pix", Kind.UNET, 768, 512),
    /** Stable Diffusion 1.x with the small U-Net that has no middle block. */
    SD1_TINY("SD 1.x Tiny U-Net", Kind.UNET, 768, 512),
    /** Stable Diffusion 2.x. */
    SD2("SD 2.x", Kind.UNET, 1024, 768),
    /** Stable Diffusion 2.x for inpainting. */
    SD2_INPAINT("SD 2.x Inpaint", Kind.UNET, 1024, 512),
    /** Stable Diffusion 2.x with the small U-Net that has no middle block. */
    SD2_TINY("SD 2.x Tiny U-Net", Kind.UNET, 1024, 512),
    /** SDXS-512-DreamShaper, one step. */
    SDXS_512("SDXS (512-DS)", Kind.UNET, 768, 512),
    /** SDXS 0.9, one step. */
    SDXS_09("SDXS (0.9)", Kind.UNET, 1024, 512),
    /** Stable Diffusion XL. */
    SDXL("SDXL", Kind.UNET, 2048, 1024),
    /** Stable Diffusion XL for inpainting. */
    SDXL_INPAINT("SDXL Inpaint", Kind.UNET, 2048, 1024),
    /** Instruct-Pix2Pix on Stable Diffusion XL. */
    SDXL_PIX2PIX("SDXL Instruct-Pix2Pix", Kind.UNET, 2048, 1024),
    /** Segmind Vega, a distilled SDXL. */
    SDXL_VEGA("SDXL (Vega)", Kind.UNET, 2048, 1024),
    /** Segmind SSD-1B, a distilled SDXL. */
    SDXL_SSD1B("SDXL (SSD-1B)", Kind.UNET, 2048, 1024),
    /** Stable Diffusion 3 and 3.5. */
    SD3("SD 3.x", Kind.TRANSFORMER, 0, 1024),
    /** FLUX.1, and Chroma, which shares its layout. */
    FLUX("Flux", Kind.TRANSFORMER, 0, 1024),
    /** FLUX.1 Fill, for inpainting. */
    FLUX_FILL("Flux Fill", Kind.TRANSFORMER, 0, 1024),
    /** FLUX.1 Canny and Depth. */
    FLUX_CONTROL("Flux Control", Kind.TRANSFORMER, 0, 1024),
    /** Flex.2. */
    FLEX_2("Flex.2", Kind.TRANSFORMER, 0, 1024),
    /** Chroma Radiance, which works on pixels and has no VAE. */
    CHROMA_RADIANCE("Chroma Radiance", Kind.TRANSFORMER, 0, 1024),
    /** FLUX.2. */
    FLUX2("Flux.2", Kind.TRANSFORMER, 0, 1024),
    /** FLUX.2 klein. */
    FLUX2_KLEIN("Flux.2 klein", Kind.TRANSFORMER, 0, 1024),
    /** Qwen Image. */
    QWEN_IMAGE("Qwen Image", Kind.TRANSFORMER, 0, 1024),
    /** Anima. */
    ANIMA("Anima", Kind.TRANSFORMER, 0, 1024),
    /** HiDream O1, which works on pixels and has no VAE. */
    HIDREAM_O1("HiDream O1", Kind.TRANSFORMER, 0, 1024),
    /** Z-Image. */
    Z_IMAGE("Z-Image", Kind.TRANSFORMER, 0, 1024),
    /** Ovis Image. */
    OVIS_IMAGE("Ovis Image", Kind.TRANSFORMER, 0, 1024),
    /** Ernie Image. */
    ERNIE_IMAGE("Ernie Image", Kind.TRANSFORMER, 0, 1024),
    /** Lens. */
    LENS("Lens", Kind.TRANSFORMER, 0, 1024),
    /** LongCat Image. */
    LONGCAT("LongCat Image", Kind.TRANSFORMER, 0, 1024),
    /** PiD, which draws a picture that it is given anew, and larger. */
    PID("PiD", Kind.TRANSFORMER, 0, 1024),
    /** Ideogram 4. */
    IDEOGRAM_4("Ideogram 4", Kind.TRANSFORMER, 0, 1024),
    /** Stable Video Diffusion. */
    SVD("SVD", Kind.VIDEO, 1024, 0),
    /** Wan 2.x. */
    WAN2("Wan 2.x", Kind.VIDEO, 0, 0),
    /** Wan 2.2 image-to-video. */
    WAN2_2_I2V("Wan 2.2 I2V", Kind.VIDEO, 0, 0),
    /** Wan 2.2 text-and-image-to-video. */
    WAN2_2_TI2V("Wan 2.2 TI2V", Kind.VIDEO, 0, 0),
    /** LTX video with audio. */
    LTXAV("LTX-AV", Kind.VIDEO, 0, 0),
    /** The refiner of Stable Diffusion XL, a model for the last steps alone, which the runtime cannot draw with. */
    SDXL_REFINER("SDXL refiner", Kind.PART, 0, 0),
    /** A variational autoencoder alone: between latents and pixels. */
    VAE("VAE", Kind.PART, 0, 0),
    /** A tiny autoencoder (TAESD and its kin): a small, fast stand-in for a VAE. */
    TINY_AUTOENCODER("tiny autoencoder", Kind.PART, 0, 0),
    /** The text encoder CLIP ViT-L/14. */
    CLIP_L("CLIP-L text encoder", Kind.PART, 0, 0),
    /** The text encoder OpenCLIP ViT-H/14. */
    CLIP_H("CLIP-H text encoder", Kind.PART, 0, 0),
    /** The text encoder OpenCLIP ViT-bigG/14. */
    CLIP_G("CLIP-G text encoder", Kind.PART, 0, 0),
    /** The vision half of a CLIP. */
    CLIP_VISION("CLIP vision encoder", Kind.PART, 0, 0),
    /** The text encoder T5 or UMT5. */
    T5("T5 text encoder", Kind.PART, 0, 0),
    /** A language model that serves as text encoder. */
    LLM("language model", Kind.PART, 0, 0),
    /** A LoRA, LoHa, LoKr or plain difference that changes another model's weights. */
    LORA("LoRA", Kind.PART, 0, 0),
    /** A textual inversion: learned embeddings for a new word. */
    TEXTUAL_INVERSION("textual inversion", Kind.PART, 0, 0),
    /** PhotoMaker's identity encoder, with its LoRA for SDXL. */
    PHOTO_MAKER("PhotoMaker", Kind.PART, 0, 0),
    /** The same of PhotoMaker's second version, which also looks at embeddings of faces. */
    PHOTO_MAKER_2("PhotoMaker v2", Kind.PART, 0, 0),
    /** A ControlNet. */
    CONTROL_NET("ControlNet", Kind.PART, 0, 0),
    /** An ESRGAN upscaler. */
    UPSCALER("upscaler", Kind.PART, 0, 0),
    /** Tensors of nothing that the runtime knows. */
    UNKNOWN("unknown", Kind.PART, 0, 0);

    private enum Kind {
        UNET,
        TRANSFORMER,
        VIDEO,
        PART
    }

    private final String displayName;
    private final Kind kind;
    private final int contextWidth;
    private final int nativeSide;

    ModelFamily(String displayName, Kind kind, int contextWidth, int nativeSide) {
        this.displayName = displayName;
        this.kind = kind;
        this.contextWidth = contextWidth;
        this.nativeSide = nativeSide;
    }

    /** The name people know, such as {@code SD 1.x}. */
    public String displayName() {
        return displayName;
    }

    /** The kinds of work that models of this family do; none for components, and for SVD. */
    public Set<Task> tasks() {
        return switch (kind) {
            case UNET ->
                this == SD1_PIX2PIX || this == SDXL_PIX2PIX
                        ? EnumSet.of(Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.INPAINT, Task.EDIT)
                        : EnumSet.of(Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.INPAINT);
            case TRANSFORMER ->
                this == PID
                        ? EnumSet.of(Task.EDIT)
                        : EnumSet.of(Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.INPAINT, Task.EDIT);
            // The runtime opens an SVD, but has no way to draw with it.
            case VIDEO -> this == SVD ? EnumSet.noneOf(Task.class) : EnumSet.of(Task.VIDEO);
            case PART -> EnumSet.noneOf(Task.class);
        };
    }

    /** Whether models of this family do a kind of work. */
    public boolean can(Task task) {
        return tasks().contains(task);
    }

    /** Whether this is PhotoMaker, of either version. */
    public boolean isPhotoMaker() {
        return this == PHOTO_MAKER || this == PHOTO_MAKER_2;
    }

    /** Whether models of this family turn a prompt into a picture. False for video models and for parts of models. */
    public boolean makesPictures() {
        return kind == Kind.UNET || kind == Kind.TRANSFORMER;
    }

    /** Whether models of this family are made for video. SVD is, which {@linkplain #can cannot} be drawn with here. */
    public boolean makesVideo() {
        return kind == Kind.VIDEO;
    }

    /** Whether the denoiser is a U-Net (SD 1.x, SD 2.x, SDXL and their kin) and not a transformer. */
    public boolean isUnet() {
        return kind == Kind.UNET;
    }

    /** Whether this is Stable Diffusion 1.x or derived from it, with CLIP-L as its text encoder. */
    public boolean isStableDiffusion1() {
        return isUnet() && contextWidth == 768;
    }

    /** Whether this is Stable Diffusion 2.x or derived from it, with CLIP-H as its text encoder. */
    public boolean isStableDiffusion2() {
        return isUnet() && contextWidth == 1024;
    }

    /** Whether this is Stable Diffusion XL or derived from it, with CLIP-L and CLIP-G as its text encoders. */
    public boolean isStableDiffusionXl() {
        return isUnet() && contextWidth == 2048;
    }

    /**
     * Whether models of this family may be told hidden states of a CLIP, so that a request's {@code clipSkip} changes what they
     * draw: not diffusion transformers but SD 3.x. FLUX.1 is told a CLIP's pooled output, for which all layers are needed.
     */
    public boolean takesClipSkip() {
        return kind != Kind.TRANSFORMER || this == SD3;
    }

    /** Whether the model takes a mask besides the picture. */
    public boolean isInpainting() {
        return switch (this) {
            case SD1_INPAINT, SD2_INPAINT, SDXL_INPAINT, FLUX_FILL, FLEX_2 -> true;
            default -> false;
        };
    }

    /** The picture size that models of this family are usually trained for; empty for video models and parts. */
    public Optional<ImageSize> nativeSize() {
        return nativeSide == 0 ? Optional.empty() : Optional.of(new ImageSize(nativeSide, nativeSide));
    }

    /** The name with its article, to stand in a sentence. */
    public String withArticle() {
        boolean vowel =
                Stream.of("A", "E", "I", "O", "SD", "SVD", "LTX", "upscaler").anyMatch(displayName::startsWith);
        return (vowel ? "an " : "a ") + displayName;
    }

    /** How wide the text embeddings are that a U-Net attends to; 0 where that is not one number. */
    public int contextWidth() {
        return contextWidth;
    }

    /** Whether the runtime needs no VAE for it. */
    public boolean worksOnPixels() {
        return this == CHROMA_RADIANCE || this == HIDREAM_O1;
    }

    /** Whether the runtime decodes with the tiny autoencoder that the file itself carries. */
    public boolean carriesTinyAutoencoder() {
        return this == SDXS_512 || this == SDXS_09;
    }
}
