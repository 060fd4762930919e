package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.micrometer.DeviceMeters;
import dev.diffusion4j.micrometer.GenerationMeters;
import dev.diffusion4j.micrometer.RuntimeMeters;
import dev.diffusion4j.springai.Diffusion4jImageModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.condition.ConditionEvaluationReport;
import org.springframework.boot.autoconfigure.condition.ConditionEvaluationReport.ConditionAndOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionEvaluationReport.ConditionAndOutcomes;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.util.ClassUtils;

/** Each condition of the auto-configuration, as its annotations say: an application for which it does not hold. */
class ConditionsTest {

    /** Where and which, as {@code Diffusion4jAutoConfiguration#modelHub @ConditionalOnMissingBean}. */
    private record Condition(String source, String annotation) {

        @Override
        public String toString() {
            return source.substring(source.lastIndexOf('.') + 1) + " @" + annotation;
        }
    }

    /** For which every condition holds. */
    private static ApplicationContextRunner application() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(autoConfigurations().toArray(Class<?>[]::new)))
                .withBean(SimpleMeterRegistry.class)
                .withPropertyValues(
                        "diffusion4j.model=one", "diffusion4j.lazy=true", "diffusion4j.metrics.device-memory=true");
    }

    @TestFactory
    List<DynamicTest> eachCondition() {
        Map<String, UnaryOperator<ApplicationContextRunner>> cases = applicationsForWhichTheyDoNotHold();
        List<DynamicTest> tests = new ArrayList<>();
        for (Condition condition : conditions()) {
            UnaryOperator<ApplicationContextRunner> without = cases.get(condition.toString());
            tests.add(DynamicTest.dynamicTest(condition.toString(), () -> {
                assertThat(without).as("an application without it").isNotNull();
                application().run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(unmet(context, condition)).isEmpty();
                });
                without.apply(application()).run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(unmet(context, condition))
                            .as(condition.toString())
                            .anyMatch(message -> message.contains(
                                    condition.annotation().equals("Conditional")
                                            ? "Diffusion4J model"
                                            : "@" + condition.annotation()));
                });
            }));
        }
        return tests;
    }

    @Test
    void noneIsOfNothing() {
        assertThat(conditions().stream().map(Condition::toString))
                .containsExactlyInAnyOrderElementsOf(
                        applicationsForWhichTheyDoNotHold().keySet());
    }

    private static List<String> unmet(AssertableApplicationContext context, Condition condition) {
        ConditionAndOutcomes outcomes = ConditionEvaluationReport.get(context.getBeanFactory())
                .getConditionAndOutcomesBySource()
                .get(condition.source());
        assertThat(outcomes).as("what became of " + condition).isNotNull();
        List<String> messages = new ArrayList<>();
        for (ConditionAndOutcome outcome : outcomes) {
            if (!outcome.getOutcome().isMatch()) {
                messages.add(outcome.getOutcome().getMessage());
            }
        }
        return messages;
    }

    private static Map<String, UnaryOperator<ApplicationContextRunner>> applicationsForWhichTheyDoNotHold() {
        UnaryOperator<ApplicationContextRunner> withOwnModel =
                application -> application.withBean(DiffusionModel.class, FakeModel::new);
        UnaryOperator<ApplicationContextRunner> withoutModel =
                application -> application.withPropertyValues("diffusion4j.model=");
        Map<String, UnaryOperator<ApplicationContextRunner>> cases = new HashMap<>();
        cases.put("Diffusion4jAutoConfiguration @Conditional", withoutModel);
        cases.put("Diffusion4jAutoConfiguration @ConditionalOnMissingBean", withOwnModel);
        cases.put(
                "Diffusion4jAutoConfiguration#modelHub @ConditionalOnMissingBean",
                application -> application.withBean(
                        ModelHub.class, () -> ModelHub.builder(Map.of()).build()));
        cases.put(
                "Diffusion4jAutoConfiguration#modelSource @ConditionalOnMissingBean",
                application -> application.withBean(ModelSource.class, FakeSource::new));
        cases.put(
                "Diffusion4jHealthAutoConfiguration @ConditionalOnClass",
                application -> application.withClassLoader(new FilteredClassLoader("org.springframework.boot.health")));
        cases.put("Diffusion4jHealthAutoConfiguration @ConditionalOnBean", withOwnModel);
        cases.put(
                "Diffusion4jHealthAutoConfiguration#diffusion4jHealthIndicator @ConditionalOnEnabledHealthIndicator",
                application -> application.withPropertyValues("management.health.diffusion4j.enabled=false"));
        cases.put(
                "Diffusion4jHealthAutoConfiguration#diffusion4jHealthIndicator @ConditionalOnMissingBean",
                application -> application.withBean(
                        "diffusion4jHealthIndicator",
                        HealthIndicator.class,
                        () -> () -> Health.up().build()));
        cases.put(
                "Diffusion4jLangChain4jAutoConfiguration @ConditionalOnClass",
                application -> application.withClassLoader(
                        new FilteredClassLoader("dev.langchain4j", "dev.diffusion4j.langchain4j")));
        cases.put("Diffusion4jLangChain4jAutoConfiguration @ConditionalOnBean", withoutModel);
        cases.put(
                "Diffusion4jLangChain4jAutoConfiguration#diffusion4jLangChain4jImageModel @ConditionalOnMissingBean",
                application ->
                        application.withBean(dev.langchain4j.model.image.ImageModel.class, () -> prompt -> null));
        cases.put("Diffusion4jMetricsAutoConfiguration @ConditionalOnBean", withOwnModel);
        cases.put(
                "Diffusion4jMetricsAutoConfiguration#generationMeters @ConditionalOnMissingBean",
                application -> application.withBean(
                        GenerationMeters.class, () -> new GenerationMeters(new SimpleMeterRegistry())));
        cases.put(
                "Diffusion4jMetricsAutoConfiguration#runtimeMeters @ConditionalOnMissingBean",
                application -> application.withBean(RuntimeMeters.class));
        cases.put(
                "Diffusion4jMetricsAutoConfiguration#deviceMeters @ConditionalOnMissingBean",
                application -> application.withBean(DeviceMeters.class));
        cases.put(
                "Diffusion4jMetricsAutoConfiguration#deviceMeters @ConditionalOnBooleanProperty",
                application -> application.withPropertyValues("diffusion4j.metrics.device-memory=false"));
        cases.put(
                "Diffusion4jSpringAiAutoConfiguration @ConditionalOnProperty",
                application -> application.withPropertyValues("spring.ai.model.image=openai"));
        cases.put("Diffusion4jSpringAiAutoConfiguration @ConditionalOnBean", withoutModel);
        cases.put(
                "Diffusion4jSpringAiAutoConfiguration#diffusion4jImageModel @ConditionalOnMissingBean",
                application -> application.withBean(
                        Diffusion4jImageModel.class,
                        () -> Diffusion4jImageModel.builder()
                                .model(new FakeModel())
                                .build()));
        return cases;
    }

    /** Those that Spring Boot finds. */
    private static List<Class<?>> autoConfigurations() {
        ClassLoader loader = ConditionsTest.class.getClassLoader();
        List<Class<?>> ours = new ArrayList<>();
        for (String name : ImportCandidates.load(AutoConfiguration.class, loader)) {
            if (name.startsWith(Diffusion4jAutoConfiguration.class.getPackageName())) {
                ours.add(ClassUtils.resolveClassName(name, loader));
            }
        }
        return ours;
    }

    private static List<Condition> conditions() {
        List<Condition> conditions = new ArrayList<>();
        for (Class<?> configuration : autoConfigurations()) {
            addConditions(conditions, configuration, configuration.getName());
            for (Method method : configuration.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Bean.class)) {
                    addConditions(conditions, method, configuration.getName() + "#" + method.getName());
                }
            }
        }
        return conditions;
    }

    private static void addConditions(List<Condition> conditions, AnnotatedElement element, String source) {
        MergedAnnotations.from(element).stream(Conditional.class)
                .map(condition -> condition.getRoot().getType())
                .distinct()
                .forEach(annotation -> conditions.add(new Condition(source, annotation.getSimpleName())));
    }
}
