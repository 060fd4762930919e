package dev.diffusion4j.testing;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** What CONTRIBUTING says of the tests, as far as their classes show it. */
@Tag("fast")
class TestRulesTest {

    private static final Set<String> GROUPS = Set.of("fast", "native", "stress", "gpu", "gpu-benchmark");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(TestRulesTest.class.getProtectionDomain().getCodeSource().getLocation());

    private static boolean hasTests(JavaClass type) {
        return !type.getModifiers().contains(JavaModifier.ABSTRACT)
                && type.getAllMethods().stream().anyMatch(method -> method.isMetaAnnotatedWith(Testable.class));
    }

    private static List<String> groups(JavaClass type) {
        return AnnotationSupport.findRepeatableAnnotations(type.reflect(), Tag.class).stream()
                .map(Tag::value)
                .filter(GROUPS::contains)
                .toList();
    }

    @Test
    void everyTestIsInOneGroup() {
        List<JavaClass> tests = CLASSES.stream().filter(TestRulesTest::hasTests).toList();
        assertThat(tests)
                .hasSizeGreaterThan(80)
                .allSatisfy(test -> assertThat(groups(test)).as(test.getName()).hasSize(1));
    }

    @Test
    void nothingSleeps() {
        noClasses()
                .should()
                .callMethodWhere(describe(
                        "they let time pass instead of waiting for something",
                        call -> call.getTarget().getOwner().isEquivalentTo(Thread.class)
                                        && call.getTarget().getName().equals("sleep")
                                || call.getTarget().getOwner().isEquivalentTo(TimeUnit.class)
                                        && call.getTarget().getName().equals("sleep")
                                || call.getTarget().getOwner().isEquivalentTo(LockSupport.class)
                                        && call.getTarget().getName().matches("parkNanos|parkUntil")))
                .check(CLASSES);
    }

    /** Those that are no tests are in a package by their job, but for what needs to see into that one. */
    @Test
    void theRootHoldsTestsAlone() {
        classes()
                .that()
                .resideInAPackage("dev.diffusion4j")
                .and()
                .areTopLevelClasses()
                .should()
                .haveSimpleNameEndingWith("Test")
                .orShould()
                .haveSimpleName("FakeModels")
                .check(CLASSES);
    }
}
