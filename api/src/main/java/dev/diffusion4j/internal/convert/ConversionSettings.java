package dev.diffusion4j.internal.convert;

import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.request.WeightTypeRules;
import java.util.Optional;

/**
 * What shall be made of a model file.
 *
 * @param vae one in place of the model's
 * @param type of all weights that no rule names; empty to keep theirs
 */
public record ConversionSettings(
        ModelFile model, Optional<ModelFile> vae, Optional<WeightType> type, WeightTypeRules rules) {

    /** The type that is asked for a tensor's weights. */
    Optional<TensorType> wanted(String tensor) {
        return rules.typeOf(tensor).or(() -> type).map(ConversionSettings::typeOf);
    }

    static TensorType typeOf(WeightType type) {
        return TensorType.valueOf(type.name());
    }
}
