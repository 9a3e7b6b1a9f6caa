package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.runc.v1.Options;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runtime options from the wire, by field name and as they came. Types that are not known here are
 * a runtime's own business, and have no field by name.
 */
public final class RuntimeOptionsProtos {
  private static final Map<String, Message> KNOWN =
      Map.of(
          "containerd.runc.v1.Options", Options.getDefaultInstance(),
          "containerd.runc.v1.CheckpointOptions", CheckpointOptions.getDefaultInstance(),
          "runtimeoptions.v1.Options",
              dev.carafe.api.runtimeoptions.v1.Options.getDefaultInstance());

  private RuntimeOptionsProtos() {}

  /**
   * Reads stored options.
   *
   * @throws InvalidArgumentException if they are not what their type says
   */
  public static RuntimeOptions decode(TypedValue value) {
    return decode(Anys.of(value.typeUrl(), ByteString.copyFrom(value.value())));
  }

  static RuntimeOptions decode(Any any) {
    var original = new RuntimeOptions.Original(any.getTypeUrl(), any.getValue().toByteArray());
    Message known = KNOWN.get(Anys.name(any));
    if (known == null) {
      return new RuntimeOptions(Map.of(), original);
    }
    Message message;
    try {
      message = known.getParserForType().parseFrom(any.getValue());
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidArgumentException(any.getTypeUrl() + ": not a message of that type", e);
    }
    Map<String, Object> values = new HashMap<>();
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      values.put(field.getKey().getName(), value(field.getValue()));
    }
    return new RuntimeOptions(values, original);
  }

  private static Object value(Object value) {
    return switch (value) {
      case Integer number -> Integer.toUnsignedLong(number);
      case ByteString bytes -> bytes.toStringUtf8();
      case List<?> list -> list.stream().map(String::valueOf).toList();
      default -> value;
    };
  }
}
