package dev.diffusion4j.tokenizer;

import java.util.Objects;

/**
 * What models with a language model as text encoder put around a prompt before it is tokenized, as diffusers' pipelines and
 * the native runtime do it for a prompt without pictures.
 */
public enum PromptTemplate {
    /** Z-Image's: one turn of the user, and the beginning of an answer. */
    Z_IMAGE("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", 0),

    /** FLUX.2 klein's: as Z-Image's, with a thought that is empty. */
    FLUX2_KLEIN("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n", 0),

    /** Qwen-Image's: asks for a description. The denoiser is not shown what the template begins with. */
    QWEN_IMAGE(
            "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial"
                    + " relationships of the objects and background:<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n",
            34);

    private final String before;
    private final String after;
    private final int hiddenTokens;

    PromptTemplate(String before, String after, int hiddenTokens) {
        this.before = before;
        this.after = after;
        this.hiddenTokens = hiddenTokens;
    }

    /** The text that {@link QwenTokenizer} is given for a prompt. */
    public String apply(String prompt) {
        return before + Objects.requireNonNull(prompt, "prompt") + after;
    }

    /** How many of the first tokens the denoiser is not shown: their rows are left out of the text encoder's output. */
    public int hiddenTokens() {
        return hiddenTokens;
    }
}
