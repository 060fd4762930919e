package dev.diffusion4j.spring.boot;

import dev.diffusion4j.request.ImageRequestBuilder;
import java.util.Map;
import java.util.Objects;

/**
 * What requests for the models of the properties take where they leave something out.
 *
 * @param models the properties of the models, by name
 * @param source knows what is usual for those that are given by a short name
 */
record ModelDefaultsOfProperties(Map<String, ModelProperties> models, ModelSource source) {

    /** Sets on a builder what a request for a model takes, and returns the properties, of which some are no request's. */
    ImageProperties applyTo(ImageRequestBuilder<?> builder, String name) {
        ModelProperties model = Objects.requireNonNull(models.get(name), name);
        model.getImage().applyTo(builder, source.usual(model));
        return model.getImage();
    }
}
