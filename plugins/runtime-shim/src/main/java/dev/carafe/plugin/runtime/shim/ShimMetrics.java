package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shim's statistics, by the names of their message. */
final class ShimMetrics {
  private static final Map<String, Message> KNOWN =
      Map.of(
          TaskMetrics.CGROUPS_V1, dev.carafe.api.cgroups.v1.Metrics.getDefaultInstance(),
          TaskMetrics.CGROUPS_V2, dev.carafe.api.cgroups.v2.Metrics.getDefaultInstance());

  private ShimMetrics() {}

  static TaskMetrics of(Any stats) {
    String name = stats.getTypeUrl().substring(stats.getTypeUrl().lastIndexOf('/') + 1);
    Message known = KNOWN.get(name);
    if (known == null) {
      throw new UnimplementedException("metrics of kind \"" + name + "\" are not known");
    }
    try {
      return new TaskMetrics(
          Instant.now(), name, values(known.getParserForType().parseFrom(stats.getValue())));
    } catch (InvalidProtocolBufferException e) {
      throw new DataLossException("metrics of kind " + name + ": not readable", e);
    }
  }

  private static Map<String, Object> values(Message message) {
    Map<String, Object> values = new HashMap<>();
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      values.put(
          field.getKey().getName(),
          field.getValue() instanceof List<?> list
              ? list.stream().map(ShimMetrics::value).toList()
              : value(field.getValue()));
    }
    return values;
  }

  private static Object value(Object value) {
    return switch (value) {
      case Message message -> values(message);
      case Integer number -> Integer.toUnsignedLong(number);
      case EnumValueDescriptor one -> one.getName();
      case ByteString bytes -> bytes.toStringUtf8();
      default -> value;
    };
  }
}
