package dev.carafe.spi.processor;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.SpiVersion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.NestingKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;
import org.jspecify.annotations.Nullable;

/**
 * Writes {@code META-INF/extensions.idx}, PF4J's index: one line for each class with {@link
 * CarafePlugin}, below a comment with the SPI's version. A class that the daemon could not make is
 * an error of the compilation.
 */
@SupportedAnnotationTypes("dev.carafe.spi.plugins.CarafePlugin")
public final class PluginProcessor extends AbstractProcessor {
  private static final String INDEX = "META-INF/extensions.idx";

  private final Set<String> found = new TreeSet<>();

  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    for (TypeElement type :
        ElementFilter.typesIn(round.getElementsAnnotatedWith(CarafePlugin.class))) {
      String objection = objection(type);
      if (objection == null) {
        found.add(processingEnv.getElementUtils().getBinaryName(type).toString());
      } else {
        processingEnv
            .getMessager()
            .printMessage(Diagnostic.Kind.ERROR, "@CarafePlugin: " + type + " " + objection, type);
      }
    }
    if (round.processingOver() && !round.errorRaised()) {
      found.addAll(fromEarlierRuns());
      if (!found.isEmpty()) {
        write();
      }
    }
    return false;
  }

  /** Why the daemon could not make an object of the class, or null. */
  private @Nullable String objection(TypeElement type) {
    if (type.getKind() != ElementKind.CLASS || type.getModifiers().contains(Modifier.ABSTRACT)) {
      return "is no class that objects can be made of";
    }
    for (Element at = type; at instanceof TypeElement; at = at.getEnclosingElement()) {
      if (!at.getModifiers().contains(Modifier.PUBLIC)) {
        return "is not public" + (at.equals(type) ? "" : ": " + at + " is not");
      }
    }
    if (type.getNestingKind() != NestingKind.TOP_LEVEL
        && !type.getModifiers().contains(Modifier.STATIC)) {
      return "is an inner class: it must be static";
    }
    if (ElementFilter.constructorsIn(type.getEnclosedElements()).stream()
        .noneMatch(PluginProcessor::isPublicWithoutArguments)) {
      return "has no public constructor without arguments";
    }
    return is(type, PluginFactory.class) || is(type, ProxyFactory.class)
        ? null
        : "implements neither PluginFactory nor ProxyFactory";
  }

  private static boolean isPublicWithoutArguments(ExecutableElement constructor) {
    return constructor.getModifiers().contains(Modifier.PUBLIC)
        && constructor.getParameters().isEmpty();
  }

  private boolean is(TypeElement type, Class<?> contract) {
    var types = processingEnv.getTypeUtils();
    TypeElement wanted = processingEnv.getElementUtils().getTypeElement(contract.getName());
    return wanted != null
        && types.isAssignable(types.erasure(type.asType()), types.erasure(wanted.asType()));
  }

  /** Classes that an incremental build does not compile again. */
  private List<String> fromEarlierRuns() {
    try (BufferedReader lines =
        new BufferedReader(
            processingEnv
                .getFiler()
                .getResource(StandardLocation.CLASS_OUTPUT, "", INDEX)
                .openReader(true))) {
      return lines
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .filter(this::isStillMarked)
          .toList();
    } catch (IOException | IllegalArgumentException e) {
      // There is none.
      return List.of();
    }
  }

  private boolean isStillMarked(String name) {
    TypeElement type =
        processingEnv.getElementUtils().getTypeElement(name.strip().replace('$', '.'));
    return type != null && type.getAnnotation(CarafePlugin.class) != null;
  }

  private void write() {
    try (Writer out =
        processingEnv
            .getFiler()
            .createResource(StandardLocation.CLASS_OUTPUT, "", INDEX)
            .openWriter()) {
      out.write("# carafe-spi " + SpiVersion.current() + "\n");
      for (String name : found) {
        out.write(name + "\n");
      }
    } catch (IOException e) {
      processingEnv
          .getMessager()
          .printMessage(Diagnostic.Kind.ERROR, INDEX + " cannot be written: " + e.getMessage());
    }
  }
}
