package dmctl.daemon;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between the modules point one way, also where a module descriptor cannot say so. */
class ArrowsTest {
    /** What looks at mapped devices that a group is put under, or taken from. */
    private static final String KERNEL_COMMANDS =
            "dmctl\\.cli\\.(DeviceUsers|EjectCommand|InsertCommand|LiveNames|MappedDevices).*";

    private static final JavaClasses PRODUCT =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .withImportOption(location -> !location.contains("-tests.jar"))
                    .importPackages("dmctl");

    @Test
    void allModulesAreSeen() {
        for (String name : new String[] {"replog", "nativebridge", "engine", "config", "cli"}) {
            assertThat(PRODUCT.containPackage("dmctl." + name)).as(name).isTrue();
        }
    }

    @Test
    void replogFormatDependsOnNothing() {
        noClasses()
                .that()
                .resideInAPackage("dmctl.replog..")
                .should()
                .dependOnClassesThat(
                        not(resideInAnyPackage("dmctl.replog..", "java..", "org.jspecify..")))
                .check(PRODUCT);
    }

    @Test
    void engineDependsOnReplogFormatOnly() {
        noClasses()
                .that()
                .resideInAPackage("dmctl.engine..")
                .should()
                .dependOnClassesThat(
                        not(
                                resideInAnyPackage(
                                        "dmctl.engine..",
                                        "dmctl.replog..",
                                        "java..",
                                        "org.jspecify..")))
                .check(PRODUCT);
    }

    @Test
    void nativeKnowsNothingOfReplication() {
        mayUse("dmctl.nativebridge..");
    }

    @Test
    void configKnowsNoOtherModule() {
        mayUse("dmctl.config..");
    }

    @Test
    void cliDependsOnConfigAndOnTheKernelsDeviceMapperOnly() {
        mayUse("dmctl.cli..", "dmctl.config..", "dmctl.nativebridge..");
        noClasses()
                .that()
                .resideInAPackage("dmctl.cli")
                .and()
                .haveNameNotMatching(KERNEL_COMMANDS)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dmctl.nativebridge..")
                .because(
                        "only dmctl dmsetup, insert and eject talk to the kernel; all else to dmctld")
                .check(PRODUCT);
    }

    @Test
    void daemonDependsOnTheOthersButNotOnTheCli() {
        mayUse(
                "dmctl.daemon..",
                "dmctl.engine..",
                "dmctl.config..",
                "dmctl.nativebridge..",
                "dmctl.replog..");
    }

    @Test
    void noModulesInACircle() {
        slices().matching("dmctl.(*)..").should().beFreeOfCycles().check(PRODUCT);
    }

    /** Of this project's packages, {@code own} may use itself and {@code others}. */
    private static void mayUse(String own, String... others) {
        noClasses()
                .that()
                .resideInAPackage(own)
                .should()
                .dependOnClassesThat(
                        resideInAPackage("dmctl..")
                                .and(not(resideInAPackage(own)))
                                .and(not(resideInAnyPackage(others))))
                .check(PRODUCT);
    }
}
