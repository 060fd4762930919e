package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.ModelFileException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class HealthTest {

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(
                    AutoConfigurations.of(Diffusion4jAutoConfiguration.class, Diffusion4jHealthAutoConfiguration.class))
            .withBean(ModelSource.class, () -> source)
            .withPropertyValues("diffusion4j.model=one");

    private static Health health(AssertableApplicationContext context) {
        return context.getBean(HealthIndicator.class).health();
    }

    @Test
    void anOpenModelIsUp() {
        application.run(context -> {
            Health health = health(context);
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails())
                    .containsEntry("one", Map.of("state", "open", "family", "SD 1.x", "device", "CPU", "queued", 0));
            assertThat(source.opened.getFirst().requests()).isEmpty();
        });
    }

    @Test
    void askingDoesNotOpenALazyOne() {
        application.withPropertyValues("diffusion4j.lazy=true").run(context -> {
            Health health = health(context);
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails()).containsEntry("one", Map.of("state", "waiting"));
            assertThat(source.opened).isEmpty();
        });
    }

    @Test
    void aClosedModelIsDown() {
        application.run(context -> {
            context.getBean(DiffusionModels.class).stop();

            assertThat(health(context).getStatus()).isEqualTo(Status.DOWN);
        });
    }

    @Test
    void soIsOneThatFailedToOpen() {
        source.failure = new ModelFileException("it is damaged");
        application
                .withPropertyValues("diffusion4j.models.two.model=broken", "diffusion4j.models.two.lazy=true")
                .run(context -> {
                    DiffusionModel two = context.getBean(DiffusionModels.class).get("two");
                    assertThatThrownBy(() -> two.textToImage("a star").generate())
                            .isSameAs(source.failure);

                    Health health = health(context);
                    assertThat(health.getStatus()).isEqualTo(Status.DOWN);
                    assertThat(health.getDetails().get("two").toString()).contains("it is damaged");
                });
    }

    @Test
    void aPropertySwitchesItOff() {
        application
                .withPropertyValues("management.health.diffusion4j.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
    }

    @Test
    void withoutTheModuleOfHealthThereIsNone() {
        application
                .withClassLoader(new FilteredClassLoader("org.springframework.boot.health"))
                .run(context ->
                        assertThat(context).hasNotFailed().doesNotHaveBean(Diffusion4jHealthAutoConfiguration.class));
    }

    @Test
    void anApplicationsOwnTakesItsPlace() {
        HealthIndicator own = () -> Health.up().build();
        application
                .withBean("diffusion4jHealthIndicator", HealthIndicator.class, () -> own)
                .run(context ->
                        assertThat(context.getBean(HealthIndicator.class)).isSameAs(own));
    }
}
