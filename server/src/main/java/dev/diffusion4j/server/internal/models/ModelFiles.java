package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.DiffusersFolder;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Models in files: their headers are read at once, so that a server does not start with a file that is none. */
public final class ModelFiles {

    private ModelFiles() {}

    /**
     * The model of a file, or of the parts that the options name.
     *
     * @throws ModelFileException if the file is missing, damaged, or no model that makes pictures
     */
    public static ModelSource source(String name, Optional<Path> file, ModelOptions options, ImageRequest defaults) {
        Optional<DiffusersFolder> folder =
                file.filter(DiffusersFolder::isAt).map(path -> DiffusersFolder.read(path, options.variant()));
        Path main = folder.map(DiffusersFolder::denoiser)
                .or(() -> file)
                .or(() -> Optional.ofNullable(options.components().get(ModelComponent.DIFFUSION_MODEL)))
                .orElseThrow(() -> new InvalidRequestException(
                        "model", name, "given by a file, or by a diffusion model among the options"));
        ModelFile header = ModelFile.read(main);
        if (!header.family().makesPictures()) {
            throw new ModelFileException(
                    main + " holds " + header.family().withArticle() + ", which makes no pictures by itself");
        }
        List<Path> files = new ArrayList<>(options.components().values());
        folder.map(DiffusersFolder::components)
                .map(Map::values)
                .or(() -> file.map(List::of))
                .ifPresent(files::addAll);
        return new ModelSource(
                name,
                header.family(),
                files.stream().map(ModelFile::read).mapToLong(ModelFile::size).sum(),
                header.nativeSize().orElse(new ImageSize(512, 512)),
                options.seamless().isPresent(),
                defaults,
                () -> file.map(path -> DiffusionModel.open(path, options))
                        .orElseGet(() -> DiffusionModel.open(options)));
    }
}
