package dev.diffusion4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The packages point one way, as docs/adr/0012 has them. */
@Tag("fast")
class ArchitectureTest {

    private static final String ROOT = "dev.diffusion4j";

    /** Those of the artifact, from wherever its classes are. */
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(
                    DiffusionModel.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void noPackagesDependOnEachOtherInACircle() {
        assertThat(CLASSES.size()).isGreaterThan(300);
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void nobodyDependsOnTheRoot() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(CLASSES);
    }

    @Test
    void theBindingsAreTheFfmPackagesAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.ffm..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".bindings..")
                .check(CLASSES);
    }

    @Test
    void enginesAreChosenInTheRootAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT, ROOT + ".internal.ffm..", ROOT + ".internal.isolated..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".internal.ffm", ROOT + ".internal.isolated")
                .check(CLASSES);
    }

    @Test
    void valuesKnowNoEngine() {
        for (String values : List.of("error", "tensor", "image", "device", "scheduler", "modelfile", "request")) {
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + values)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(ROOT + ".internal.engine", ROOT + ".component", ROOT + ".pipeline")
                    .check(CLASSES);
        }
    }
}
