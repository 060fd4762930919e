package dev.diffusion4j.spring.boot;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.modelfile.ComponentKind;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Up as long as no model is closed and none failed to open. Nothing is opened or drawn to find out; a model that was not used yet is
 * up.
 */
final class ModelHealthIndicator extends AbstractHealthIndicator {

    private final DiffusionModels models;

    ModelHealthIndicator(DiffusionModels models) {
        super("The models cannot be asked");
        this.models = models;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        health.up();
        for (ManagedModel model : models.managed()) {
            ManagedModel.State state = model.state();
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("state", state.name().toLowerCase(Locale.ROOT));
            switch (state) {
                case OPEN -> describe(model, details);
                case FAILED -> {
                    health.down();
                    model.failure().ifPresent(failure -> details.put("error", failure.toString()));
                }
                case CLOSED -> health.down();
                case WAITING -> {}
            }
            health.withDetail(model.name(), details);
        }
    }

    private static void describe(ManagedModel model, Map<String, Object> details) {
        try {
            details.put("family", model.family().displayName());
            details.put("device", model.device(ComponentKind.DENOISER));
            details.put("queued", model.queuedGenerations());
        } catch (ClosedException e) {
            // It was closed just now, which the next answer says.
            details.put("state", "closed");
        }
    }
}
