package dev.carafe.plugin.runtime.shim;

import com.fasterxml.jackson.core.type.TypeReference;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.runc.v1.Options;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options as a shim gets them: a client's own bytes untouched, whatever their type; else those of
 * the configuration, as runc's options or, for other shims, as the general ones.
 */
final class ShimOptions {
  /** Names the shim in a handler's options. */
  static final String SHIM = "shim";

  /** Says where a task service runs already that is to be used instead of a new shim. */
  static final String TASK_API_ADDRESS = "task_api_address";

  private static final String TASK_API_VERSION = "task_api_version";

  private ShimOptions() {}

  static String runtime(RuntimeOptions options) {
    String shim = options.text(SHIM);
    return shim.isEmpty() ? ShimBinaries.DEFAULT : shim;
  }

  static @Nullable Bootstrap existing(RuntimeOptions options) {
    String address = options.text(TASK_API_ADDRESS);
    if (address.isEmpty()) {
      return null;
    }
    String protocol = Bootstrap.TTRPC;
    int plus = address.indexOf('+');
    if (plus > 0 && address.startsWith("://", address.indexOf("unix", plus) + 4)) {
      protocol = address.substring(0, plus);
      address = address.substring(plus + 1);
    }
    return new Bootstrap((int) options.number(TASK_API_VERSION, 2), address, protocol);
  }

  /** For {@code start} and {@code Create}; null for none. */
  static @Nullable Any of(RuntimeOptions options) {
    RuntimeOptions.Original original = options.original();
    if (original != null) {
      return any(original.typeUrl(), ByteString.copyFrom(original.value()));
    }
    Map<String, Object> values = new HashMap<>(options.values());
    values.keySet().removeAll(List.of(SHIM, TASK_API_ADDRESS, TASK_API_VERSION));
    if (values.isEmpty()) {
      return null;
    }
    boolean general = values.containsKey("config_path") || values.containsKey("config_body");
    return encode(
        general ? dev.carafe.api.runtimeoptions.v1.Options.newBuilder() : Options.newBuilder(),
        values);
  }

  /**
   * For a sandbox's {@code start}: a client's own bytes, or a handler's options; null for none.
   *
   * @throws InvalidArgumentException if a handler's options cannot be a shim's
   */
  static @Nullable Any of(Sandbox sandbox) {
    SandboxValue options = sandbox.runtime().options();
    if (options == null) {
      return null;
    }
    return options.typeUrl().equals(RuntimeOptions.JSON_TYPE)
        ? of(new RuntimeOptions(values(options.value())))
        : SandboxClient.any(options);
  }

  private static Map<String, Object> values(byte[] json) {
    try {
      Map<String, Object> values = ShimState.JSON.readValue(json, new TypeReference<>() {});
      values.values().removeIf(Objects::isNull);
      return values;
    } catch (IOException e) {
      throw new InvalidArgumentException("runtime options: " + e.getMessage(), e);
    }
  }

  /** For a checkpoint; null for none. */
  static @Nullable Any checkpoint(RuntimeOptions options, boolean exit) {
    RuntimeOptions.Original original = options.original();
    if (original != null && original.typeUrl().endsWith("CheckpointOptions")) {
      return any(original.typeUrl(), ByteString.copyFrom(original.value()));
    }
    Map<String, Object> values = new HashMap<>(options.values());
    values.keySet().removeIf(name -> field(CheckpointOptions.newBuilder(), name) == null);
    values.put("exit", exit);
    return encode(CheckpointOptions.newBuilder(), values);
  }

  private static Any encode(Message.Builder builder, Map<String, Object> values) {
    values.forEach((name, value) -> {
      FieldDescriptor field = field(builder, name);
      if (field == null) {
        throw new InvalidArgumentException(
            "runtime option \""
                + name
                + "\": "
                + builder.getDescriptorForType().getFullName()
                + " has none of that name");
      }
      try {
        set(builder, field, value);
      } catch (IllegalArgumentException | ClassCastException e) {
        throw new InvalidArgumentException(
            "runtime option \"" + name + "\": not of type " + field.getType(), e);
      }
    });
    return any(builder.getDescriptorForType().getFullName(), builder.build().toByteString());
  }

  private static @Nullable FieldDescriptor field(Message.Builder builder, String name) {
    return builder.getDescriptorForType().findFieldByName(name);
  }

  private static void set(Message.Builder builder, FieldDescriptor field, Object value) {
    if (value instanceof List<?> list) {
      list.forEach(element -> builder.addRepeatedField(field, element));
      return;
    }
    builder.setField(
        field,
        switch (field.getJavaType()) {
          case INT -> ((Number) value).intValue();
          case LONG -> ((Number) value).longValue();
          case BYTE_STRING -> ByteString.copyFromUtf8((String) value);
          default -> value;
        });
  }

  private static Any any(String typeUrl, ByteString value) {
    return Any.newBuilder().setTypeUrl(typeUrl).setValue(value).build();
  }
}
