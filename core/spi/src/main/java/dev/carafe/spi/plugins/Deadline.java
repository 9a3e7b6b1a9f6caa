package dev.carafe.spi.plugins;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How long the daemon waits for a call on an SPI, on the method or as the default of its interface.
 * After it the caller gets {@code DeadlineExceededException}, the plugin's thread is interrupted,
 * and its place in the plugin's bulkhead stays taken until it returns. Without the annotation: 10
 * seconds. {@link #UNBOUNDED} is for calls that wait for the world (a process to exit, a layer to
 * arrive); their callers can always leave.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Deadline {
  /** No deadline of its own: the caller's interrupt ends the wait. */
  int UNBOUNDED = 0;

  /** The default where nothing is said, in seconds. */
  int DEFAULT_SECONDS = 10;

  /** Seconds. */
  int value();
}
