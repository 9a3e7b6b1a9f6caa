package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Messages as JSON, with the wire's field names: what events and statistics are shown as. */
final class EventText {
  private static final String EVENTS = "containerd.events.";
  private static final String IMAGES = "containerd.services.images.v1.";

  private EventText() {}

  /** The fields of an event, or its type and bytes where it is not known here. */
  static Object fields(Any any) {
    String name = any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
    for (String known : List.of(EVENTS, IMAGES)) {
      String type = name.startsWith(known) ? name.substring(known.length()) : "";
      if (!type.isEmpty() && type.chars().allMatch(Character::isLetter)) {
        try {
          Class<?> message = Class.forName("dev.carafe.api.events." + type);
          Message instance = (Message) message.getMethod("getDefaultInstance").invoke(null);
          return fields(instance.getParserForType().parseFrom(any.getValue()));
        } catch (ReflectiveOperationException | InvalidProtocolBufferException e) {
          return Text.any(any);
        }
      }
    }
    return Text.any(any);
  }

  /** All fields; of those that may be absent, the present ones. */
  static Map<String, Object> fields(Message message) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      boolean present =
          field.isRepeated()
              ? message.getRepeatedFieldCount(field) > 0
              : !field.hasPresence() || message.hasField(field);
      if (present) {
        fields.put(field.getName(), value(field, message.getField(field)));
      }
    }
    return fields;
  }

  private static Object value(FieldDescriptor field, Object value) {
    if (field.isMapField()) {
      Map<String, Object> map = new LinkedHashMap<>();
      for (Object entry : (List<?>) value) {
        map.put(
            String.valueOf(((MapEntry<?, ?>) entry).getKey()),
            single(field, ((MapEntry<?, ?>) entry).getValue()));
      }
      return map;
    }
    if (value instanceof List<?> list) {
      List<Object> values = new ArrayList<>();
      list.forEach(element -> values.add(single(field, element)));
      return values;
    }
    return single(field, value);
  }

  private static Object single(FieldDescriptor field, Object value) {
    boolean unsigned =
        switch (field.getType()) {
          case UINT32, FIXED32, UINT64, FIXED64 -> true;
          default -> false;
        };
    return switch (value) {
      case Timestamp time -> Text.time(time);
      case Any any -> Text.any(any);
      case Message inner -> fields(inner);
      case EnumValueDescriptor known -> known.getName();
      case ByteString bytes -> bytes.toStringUtf8();
      case Integer number when unsigned -> Integer.toUnsignedLong(number);
      case Long number when unsigned && number < 0 -> new BigInteger(Long.toUnsignedString(number));
      default -> value;
    };
  }
}
