package dev.carafe.ctr.grpc;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;

/**
 * A remote procedure.
 *
 * @param path {@code /PACKAGE.SERVICE/METHOD}
 */
public record Method<Q extends MessageLite, R>(String path, Parser<R> answers) {
  /** The method {@code name} of a service with its full name. */
  public static <Q extends MessageLite, R> Method<Q, R> of(
      String service, String name, Parser<R> answers) {
    return new Method<>("/" + service + "/" + name, answers);
  }
}
