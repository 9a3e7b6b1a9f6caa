package dev.carafe.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CodeRulesTest {
  private static final String GENERATED = "dev.carafe.api..";

  private static final DescribedPredicate<JavaClass> FACTORIES =
      describe(
          "plugin factories",
          type ->
              (type.isAssignableTo("dev.carafe.spi.plugins.PluginFactory")
                      || type.isAssignableTo("dev.carafe.spi.plugins.ProxyFactory"))
                  && !type.isInterface()
                  && !type.getModifiers().contains(JavaModifier.ABSTRACT));

  private static final DescribedPredicate<JavaClass> INTERNALS =
      JavaClass.Predicates.resideInAnyPackage("sun..", "jdk.internal..", "com.sun..");

  private static final DescribedPredicate<JavaClass> SIGNALS =
      describe("signals", type -> type.getName().startsWith("sun.misc.Signal"));

  private static final DescribedPredicate<JavaClass> WITH_MAIN =
      describe("classes with a main method", CodeRulesTest::hasMain);

  @Test
  void onlyTheLinuxModuleCallsForeignCode() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.carafe.linux..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.foreign.."));
  }

  /** Signals are the exception: the JDK has no other way to hear of them. */
  @Test
  void nobodyUsesInternalsOfTheJdk() {
    check(noClasses().should().dependOnClassesThat(INTERNALS.and(DescribedPredicate.not(SIGNALS))));
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dev.carafe.daemon..", "dev.carafe.ctr..")
            .should()
            .dependOnClassesThat(SIGNALS));
  }

  @Test
  void theWireStaysAtTheEdge() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(
                GENERATED,
                "dev.carafe.services..",
                "dev.carafe.cri..",
                "dev.carafe.bench..",
                "dev.carafe.ctr..",
                "dev.carafe.daemon..",
                "dev.carafe.plugin.proxy..",
                "dev.carafe.plugin.*.proxy..",
                "dev.carafe.ttrpc..",
                "dev.carafe.plugin.nri..",
                "dev.carafe.plugin.runtime.shim..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(GENERATED, "com.google.protobuf..", "io.grpc..", "io.netty.."));
  }

  @Test
  void onlyTheHostRunsPf4j() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.carafe.host..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.pf4j.."));
  }

  @Test
  void factoriesCanBeFoundAndMade() {
    check(
        classes()
            .that(are(FACTORIES))
            .should()
            .bePublic()
            .andShould()
            .beAnnotatedWith("dev.carafe.spi.plugins.CarafePlugin"));
  }

  @Test
  void theSpiSpeaksOfNothingButItself() {
    check(
        classes()
            .that()
            .resideInAPackage("dev.carafe.spi..")
            .should()
            .onlyDependOnClassesThat(
                describe("are of the JDK, JSpecify or the SPI", CodeRulesTest::isSpiVocabulary)));
  }

  @Test
  void jacksonIsReadWhereItIsNeeded() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dev.carafe.spi..", "dev.carafe.linux..", "dev.carafe.engine..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.fasterxml.."));
  }

  /** Annotations of the SPI say how a method is called; they refer to nothing. */
  @Test
  void packagesHaveNoCircles() {
    check(
        slices()
            .matching("dev.carafe.(**)")
            .should()
            .beFreeOfCycles()
            .ignoreDependency(alwaysTrue(), describe("annotations", JavaClass::isAnnotation))
            .ignoreDependency(resideInAPackage(GENERATED), alwaysTrue()));
  }

  @Test
  void everyPackageIsNullMarked() {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass type : Modules.CLASSES) {
      JavaPackage aPackage = type.getPackage();
      if (!resideInAPackage(GENERATED).test(type)
          && !aPackage.isAnnotatedWith("org.jspecify.annotations.NullMarked")) {
        unmarked.add(aPackage.getName());
      }
    }
    assertEquals(Set.of(), unmarked);
  }

  @Test
  void onlyMainEndsTheProcess() {
    check(
        noClasses()
            .that(are(DescribedPredicate.not(WITH_MAIN)))
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class));
  }

  @Test
  void errorsOfTheSpiAreAClosedSet() {
    List<String> others =
        Modules.CLASSES.stream()
            .filter(type -> type.isAssignableTo("dev.carafe.spi.errors.DaemonException"))
            .filter(type -> !type.getPackageName().equals("dev.carafe.spi.errors"))
            .map(JavaClass::getName)
            .toList();
    assertEquals(List.of(), others);
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(Modules.CLASSES);
  }

  private static boolean isSpiVocabulary(JavaClass type) {
    JavaClass base = type.getBaseComponentType();
    return base.isPrimitive()
        || base.getPackageName().equals("java")
        || base.getPackageName().startsWith("java.")
        || base.getPackageName().startsWith("javax.")
        || base.getPackageName().startsWith("dev.carafe.spi")
        || base.getPackageName().startsWith("org.jspecify.");
  }

  private static boolean hasMain(JavaClass type) {
    for (JavaMethod method : type.getMethods()) {
      if (method.getName().equals("main") && method.getModifiers().contains(JavaModifier.STATIC)) {
        return true;
      }
    }
    return false;
  }
}
