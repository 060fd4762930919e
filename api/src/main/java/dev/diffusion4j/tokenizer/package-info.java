/**
 * Prompts as numbers: {@link dev.diffusion4j.tokenizer.ClipTokenizer}, {@link dev.diffusion4j.tokenizer.T5Tokenizer} and
 * {@link dev.diffusion4j.tokenizer.QwenTokenizer} turn text into the {@link dev.diffusion4j.tokenizer.Tokens} that a text
 * encoder takes, and token ids back into text; CLIP's also with weights where a prompt has brackets.
 */
@NullMarked
package dev.diffusion4j.tokenizer;

import org.jspecify.annotations.NullMarked;
