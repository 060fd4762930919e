package dev.diffusion4j.micrometer;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/** The observation of generations: its name, tags and event. */
public enum GenerationDocumentation implements ObservationDocumentation {
    /** From the call that starts a generation to its end, the time in the queue included. */
    GENERATION {
        @Override
        public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
            return GenerationConvention.class;
        }

        @Override
        public KeyName[] getLowCardinalityKeyNames() {
            return LowCardinality.values();
        }

        @Override
        public KeyName[] getHighCardinalityKeyNames() {
            return HighCardinality.values();
        }
    };

    static final String NAME = "diffusion4j.generation";

    /** Tags of few values, which meters have. */
    public enum LowCardinality implements KeyName {
        /** The name of the model, that of its file unless it was given another. */
        MODEL("diffusion4j.model"),
        /** The family, such as {@code SD 1.x}. */
        FAMILY("diffusion4j.family"),
        /** The device that the denoiser runs on, such as {@code CPU}. */
        DEVICE("diffusion4j.device"),
        /** The kind of work, such as {@code text-to-image}. */
        TASK("diffusion4j.task"),
        /** {@code success}, {@code cancelled}, {@code refused} or {@code error}; {@code none} while it runs. */
        OUTCOME("diffusion4j.outcome");

        private final String key;

        LowCardinality(String key) {
            this.key = key;
        }

        @Override
        public String asString() {
            return key;
        }
    }

    /** Tags of many values, which traces alone have. */
    public enum HighCardinality implements KeyName {
        /** The size that was asked for, such as {@code 512x512}; {@code none} if none was. */
        SIZE("diffusion4j.size"),
        /** How many pictures were asked for. */
        PICTURES("diffusion4j.pictures"),
        /** How many denoising steps were done. */
        STEPS("diffusion4j.steps");

        private final String key;

        HighCardinality(String key) {
            this.key = key;
        }

        @Override
        public String asString() {
            return key;
        }
    }
}
