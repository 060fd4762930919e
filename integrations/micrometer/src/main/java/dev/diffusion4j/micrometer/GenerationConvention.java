package dev.diffusion4j.micrometer;

import dev.diffusion4j.image.ImageSize;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import java.util.Locale;

/**
 * The name and the tags of a generation's observation, as {@link GenerationDocumentation} lists them. To change them, override what
 * differs.
 */
public class GenerationConvention implements ObservationConvention<GenerationContext> {

    /** As {@link GenerationDocumentation} lists them. */
    public GenerationConvention() {}

    @Override
    public String getName() {
        return GenerationDocumentation.NAME;
    }

    @Override
    public String getContextualName(GenerationContext context) {
        return context.request().task() + " " + context.modelName();
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(GenerationContext context) {
        return KeyValues.of(
                GenerationDocumentation.LowCardinality.MODEL.withValue(context.modelName()),
                GenerationDocumentation.LowCardinality.FAMILY.withValue(
                        context.family().displayName()),
                GenerationDocumentation.LowCardinality.DEVICE.withValue(context.device()),
                GenerationDocumentation.LowCardinality.TASK.withValue(
                        context.request().task().toString()),
                GenerationDocumentation.LowCardinality.OUTCOME.withValue(context.outcome()
                        .map(outcome -> outcome.name().toLowerCase(Locale.ROOT))
                        .orElse(KeyValue.NONE_VALUE)));
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(GenerationContext context) {
        return KeyValues.of(
                GenerationDocumentation.HighCardinality.SIZE.withValue(
                        context.request().size().map(ImageSize::toString).orElse(KeyValue.NONE_VALUE)),
                GenerationDocumentation.HighCardinality.PICTURES.withValue(
                        Integer.toString(context.request().batchCount())),
                GenerationDocumentation.HighCardinality.STEPS.withValue(Integer.toString(context.steps())));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof GenerationContext;
    }
}
