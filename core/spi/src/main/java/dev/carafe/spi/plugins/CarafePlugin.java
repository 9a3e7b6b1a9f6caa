package dev.carafe.spi.plugins;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a {@link PluginFactory} or a {@link ProxyFactory} that the daemon is to find. The processor
 * in this jar writes its name into {@code META-INF/extensions.idx}, which is all that the daemon
 * reads, and refuses a class that the daemon could not make.
 *
 * <p>Since JDK 23, javac runs no processor unasked: {@code -proc:full} (in Maven the property
 * {@code maven.compiler.proc}) runs those of the class path, {@code -processorpath} or {@code
 * annotationProcessorPaths} those that it names.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface CarafePlugin {}
