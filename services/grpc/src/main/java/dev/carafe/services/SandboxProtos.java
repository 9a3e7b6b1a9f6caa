package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Between sandbox messages and records. */
final class SandboxProtos {
  private SandboxProtos() {}

  static dev.carafe.api.types.Sandbox proto(Sandbox sandbox) {
    var runtime =
        dev.carafe.api.types.Sandbox.Runtime.newBuilder().setName(sandbox.runtime().name());
    if (sandbox.runtime().options() != null) {
      runtime.setOptions(any(sandbox.runtime().options()));
    }
    var builder =
        dev.carafe.api.types.Sandbox.newBuilder()
            .setSandboxId(sandbox.id())
            .setRuntime(runtime)
            .putAllLabels(sandbox.labels())
            .setCreatedAt(Protos.timestamp(sandbox.createdAt()))
            .setUpdatedAt(Protos.timestamp(sandbox.updatedAt()))
            .setSandboxer(sandbox.controller());
    if (sandbox.spec() != null) {
      builder.setSpec(any(sandbox.spec()));
    }
    sandbox.extensions().forEach((key, value) -> builder.putExtensions(key, any(value)));
    return builder.build();
  }

  static Sandbox record(dev.carafe.api.types.Sandbox sandbox) {
    Map<String, SandboxValue> extensions = new HashMap<>();
    sandbox.getExtensionsMap().forEach((key, any) -> extensions.put(key, value(any)));
    return new Sandbox(
        sandbox.getSandboxId(),
        new Sandbox.Runtime(
            sandbox.getRuntime().getName(),
            valueOrNull(sandbox.getRuntime().hasOptions(), sandbox.getRuntime().getOptions())),
        valueOrNull(sandbox.hasSpec(), sandbox.getSpec()),
        sandbox.getLabelsMap(),
        extensions,
        Instant.EPOCH,
        Instant.EPOCH,
        sandbox.getSandboxer());
  }

  /**
   * A sandbox after an update.
   *
   * @param fields raw paths; empty for everything that a client may change
   */
  static Sandbox updated(Sandbox old, Sandbox update, List<String> fields) {
    if (fields.isEmpty()) {
      if (!update.runtime().name().equals(old.runtime().name())) {
        throw new InvalidArgumentException("sandbox.Runtime.Name field is immutable");
      }
      return old.with(update.runtime(), update.spec(), update.labels(), update.extensions());
    }
    Map<String, String> labels = new HashMap<>(old.labels());
    Map<String, SandboxValue> extensions = new HashMap<>(old.extensions());
    Sandbox.Runtime runtime = old.runtime();
    SandboxValue spec = old.spec();
    for (String path : fields) {
      switch (path) {
        case "runtime" -> runtime = update.runtime();
        case "spec" -> spec = update.spec();
        default -> {
          if (!FieldMasks.applyMap("labels", path, labels, update.labels())
              && !FieldMasks.applyMap("extensions", path, extensions, update.extensions())) {
            throw new InvalidArgumentException(
                "cannot update \"" + path + "\" field on sandbox \"" + old.id() + "\"");
          }
        }
      }
    }
    return old.with(runtime, spec, labels, extensions);
  }

  static Any any(SandboxValue value) {
    return Anys.of(value.typeUrl(), ByteString.copyFrom(value.value()));
  }

  static SandboxValue value(Any any) {
    return new SandboxValue(any.getTypeUrl(), any.getValue().toByteArray());
  }

  static @Nullable SandboxValue valueOrNull(boolean present, Any any) {
    return present ? value(any) : null;
  }
}
