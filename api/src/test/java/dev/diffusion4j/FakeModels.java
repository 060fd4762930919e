package dev.diffusion4j;

import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Models over a {@link FakeEngine}. In this package because applications cannot open a model over an engine of their own. */
final class FakeModels {

    private FakeModels() {}

    /** A model whose file holds nothing of use, written to the folder. */
    static DiffusionModel open(FakeEngine engine, Path folder, int queueCapacity) {
        Path file = new Safetensors().floats("nothing", 1).write(folder.resolve("fake.safetensors"));
        return open(engine, ModelFile.read(file), queueCapacity);
    }

    static DiffusionModel open(FakeEngine engine, ModelFile file, int queueCapacity) {
        ModelOptions options =
                ModelOptions.builder().queueCapacity(queueCapacity).build();
        String name = file.path().getFileName().toString();
        return EngineModel.open(() -> engine, name, file, options, LearnedFiles.load(Map.of()), Optional.empty());
    }
}
