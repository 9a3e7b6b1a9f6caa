package dev.carafe.plugin.sandbox.proxy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** From records to messages, and opaque values both ways. */
final class Values {
  private Values() {}

  static Any any(SandboxValue value) {
    return Any.newBuilder()
        .setTypeUrl(value.typeUrl())
        .setValue(ByteString.copyFrom(value.value()))
        .build();
  }

  static @Nullable SandboxValue valueOrNull(boolean present, Any any) {
    return present ? value(any) : null;
  }

  static SandboxValue value(Any any) {
    return new SandboxValue(any.getTypeUrl(), any.getValue().toByteArray());
  }

  static dev.carafe.api.types.Sandbox message(Sandbox sandbox) {
    var runtime =
        dev.carafe.api.types.Sandbox.Runtime.newBuilder().setName(sandbox.runtime().name());
    SandboxValue options = sandbox.runtime().options();
    if (options != null) {
      runtime.setOptions(any(options));
    }
    var message =
        dev.carafe.api.types.Sandbox.newBuilder()
            .setSandboxId(sandbox.id())
            .setRuntime(runtime)
            .putAllLabels(sandbox.labels())
            .setCreatedAt(timestamp(sandbox.createdAt()))
            .setUpdatedAt(timestamp(sandbox.updatedAt()))
            .setSandboxer(sandbox.controller());
    SandboxValue spec = sandbox.spec();
    if (spec != null) {
      message.setSpec(any(spec));
    }
    sandbox.extensions().forEach((name, value) -> message.putExtensions(name, any(value)));
    return message.build();
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
