package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.util.List;
import java.util.Map;

/** Statistics as the message that they are named after. */
final class MetricsProtos {
  private MetricsProtos() {}

  static Any any(TaskMetrics metrics) {
    Message.Builder builder =
        switch (metrics.kind()) {
          case TaskMetrics.CGROUPS_V1 -> dev.carafe.api.cgroups.v1.Metrics.newBuilder();
          case TaskMetrics.CGROUPS_V2 -> dev.carafe.api.cgroups.v2.Metrics.newBuilder();
          default ->
              throw new UnimplementedException(
                  "metrics of kind " + metrics.kind() + " have no message");
        };
    fill(builder, metrics.values());
    return Anys.pack(builder.build());
  }

  private static void fill(Message.Builder builder, Map<?, ?> values) {
    values.forEach((name, value) -> {
      FieldDescriptor field = builder.getDescriptorForType().findFieldByName(String.valueOf(name));
      if (field != null) {
        set(builder, field, value);
      }
    });
  }

  private static void set(Message.Builder builder, FieldDescriptor field, Object value) {
    if (value instanceof List<?> list) {
      for (Object element : list) {
        builder.addRepeatedField(field, element(builder, field, element));
      }
    } else {
      builder.setField(field, element(builder, field, value));
    }
  }

  private static Object element(Message.Builder builder, FieldDescriptor field, Object value) {
    return switch (field.getJavaType()) {
      case MESSAGE -> {
        Message.Builder inner = builder.newBuilderForField(field);
        fill(inner, (Map<?, ?>) value);
        yield inner.build();
      }
      case LONG -> ((Number) value).longValue();
      case INT -> ((Number) value).intValue();
      case DOUBLE -> ((Number) value).doubleValue();
      case FLOAT -> ((Number) value).floatValue();
      default -> value;
    };
  }
}
