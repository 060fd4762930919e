/**
 * Prompts as numbers: {@link dev.diffusion4j.tokenizer.ClipTokenizer} turns text into the
 * {@link dev.diffusion4j.tokenizer.Tokens} that a text encoder takes, with weights where a prompt has brackets, and token
 * ids back into text.
 */
@NullMarked
package dev.diffusion4j.tokenizer;

import org.jspecify.annotations.NullMarked;
