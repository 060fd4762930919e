package dev.diffusion4j.spring.boot;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Matches where properties describe a model. */
final class OnModelCondition extends SpringBootCondition {

    @Override
    public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
        ConditionMessage.Builder message = ConditionMessage.forCondition("Diffusion4J model");
        Diffusion4jProperties properties = Binder.get(context.getEnvironment())
                .bind("diffusion4j", Diffusion4jProperties.class)
                .orElseGet(Diffusion4jProperties::new);
        return properties.all().isEmpty()
                ? ConditionOutcome.noMatch(
                        message.because("neither diffusion4j.model nor diffusion4j.models.NAME.model is given"))
                : ConditionOutcome.match(message.foundExactly(properties.all().keySet()));
    }
}
