package dev.diffusion4j.internal.engine;

import dev.diffusion4j.request.ModelOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a model is opened with.
 *
 * @param model the file of the whole model; empty if each component has a file of its own
 * @param options those of the user
 * @param learnedWords the words of textual inversions, each with a file that has its vectors as one f32 tensor
 * @param processors that the user's JVM sees: the most threads by default, in a process of the model's own too
 */
public record OpenSpec(Optional<Path> model, ModelOptions options, Map<String, Path> learnedWords, int processors) {}
