package dev.carafe.spi.plugins;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a configuration key means, for the operator: {@code carafed config default} prints it above
 * the key. On the components of a configuration record, instead of {@code @param}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Description {
  /** One or two sentences, with the unit of a number. */
  String value();
}
