package dev.diffusion4j.spring.boot;

import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ImageRequestBuilder;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What requests for the models of the properties take where they leave something out.
 *
 * @param models the properties of the models, by name
 * @param source knows what is usual for those that are given by a short name
 */
record ModelDefaultsOfProperties(Map<String, ModelProperties> models, ModelSource source) {

    /** Sets on a builder what a request for a model takes, and returns the properties, of which some are no request's. */
    ImageProperties applyTo(ImageRequestBuilder<?> builder, String name) {
        ModelProperties model = properties(name);
        model.getImage().applyTo(builder, source.usual(model));
        return model.getImage();
    }

    /** Completes requests for a model. The size that is usual for it is none for edited pictures, which have their own. */
    UnaryOperator<ImageRequest> completion(String name) {
        ImageRequest.Builder given = ImageRequest.textToImage("");
        applyTo(given, name);
        ImageRequest forEdits = given.build();
        ImageRequest others = usualSize(name)
                .filter(size -> forEdits.size().isEmpty())
                .map(size -> given.size(size.width(), size.height()).build())
                .orElse(forEdits);
        return request -> request.withDefaults(request.references().isPresent() ? forEdits : others);
    }

    private Optional<ImageSize> usualSize(String name) {
        ModelDefaults usual = source.usual(properties(name));
        return usual.width().isPresent() && usual.height().isPresent()
                ? Optional.of(
                        new ImageSize(usual.width().getAsInt(), usual.height().getAsInt()))
                : Optional.empty();
    }

    private ModelProperties properties(String name) {
        return Objects.requireNonNull(models.get(name), name);
    }
}
