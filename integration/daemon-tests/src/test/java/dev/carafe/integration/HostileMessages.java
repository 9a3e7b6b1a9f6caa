package dev.carafe.integration;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What no client of good will sends, for any type of message. */
final class HostileMessages {
  private static final int MAX_DEPTH = 4;
  private static final int BAD_ENUM = 4711;

  private static final Map<String, String> TEXTS = texts();

  private HostileMessages() {}

  private static Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("a NUL", "a\0b");
    texts.put("lines", "a\nb\r\nc\u001b[2J");
    texts.put("a way out", "../../../../../../etc/passwd");
    texts.put("a root", "/");
    texts.put("an option", "--help");
    texts.put("a format", "%s%n%x{}$(id)`id`");
    texts.put("a reversal", "\u202eabc\u2066");
    texts.put("a half digest", "sha256:" + "z".repeat(64));
    texts.put("a long name", "x".repeat(64 << 10));
    texts.put("a long name of signs", "\uD83D\uDCA5".repeat(16 << 10));
    return texts;
  }

  /** Messages that can be read. */
  static Map<String, byte[]> readable(Descriptor type) {
    Map<String, byte[]> messages = new LinkedHashMap<>();
    messages.put("nothing", new byte[0]);
    TEXTS.forEach((name, text) ->
        messages.put(name, filled(type, new Values(text, Long.MAX_VALUE, 1), 0).toByteArray()));
    messages.put(
        "least numbers", filled(type, new Values("x", Long.MIN_VALUE, 1), 0).toByteArray());
    messages.put("long lists", filled(type, new Values("x", 0, 20_000), 0).toByteArray());
    messages.put("unknown fields", unknown());
    messages.values().removeIf(bytes -> bytes.length > 12 << 20);
    return messages;
  }

  /** Something small in every field. */
  static byte[] plain(Descriptor type) {
    return filled(type, new Values("x", 1, 1), 0).toByteArray();
  }

  /** A text field that is not UTF-8, if there is a text field. */
  static Optional<byte[]> notUtf8(Descriptor type) {
    return type.getFields().stream()
        .filter(field -> field.getType() == FieldDescriptor.Type.STRING)
        .findFirst()
        .map(field -> new byte[] {(byte) (field.getNumber() << 3 | 2), 2, (byte) 0xc3, 0x28});
  }

  /** A field that is longer than the message. */
  static byte[] broken() {
    return new byte[] {10, 127, 1};
  }

  private static byte[] unknown() {
    // Field 1000, a varint.
    return new byte[] {(byte) 0xc0, 0x3e, 1};
  }

  private record Values(String text, long number, int count) {}

  private static Message filled(Descriptor type, Values values, int depth) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (depth == MAX_DEPTH && field.getJavaType() == JavaType.MESSAGE) {
        continue;
      }
      if (field.isMapField()) {
        int count = depth > 1 ? 1 : values.count();
        for (int i = 0; i < count; i++) {
          Values own = new Values(values.text() + (i == 0 ? "" : i), values.number(), 1);
          message.addRepeatedField(field, filled(field.getMessageType(), own, depth + 1));
        }
      } else if (field.isRepeated()) {
        int count = depth > 1 ? 1 : values.count();
        for (int i = 0; i < count; i++) {
          message.addRepeatedField(field, value(field, values, depth));
        }
      } else {
        message.setField(field, value(field, values, depth));
      }
    }
    return message.build();
  }

  private static Object value(FieldDescriptor field, Values values, int depth) {
    return switch (field.getJavaType()) {
      case STRING -> values.text();
      case BYTE_STRING -> ByteString.copyFrom(values.text(), StandardCharsets.UTF_8);
      case INT -> (int) Math.clamp(values.number(), Integer.MIN_VALUE, Integer.MAX_VALUE);
      case LONG -> values.number();
      case FLOAT -> Float.NaN;
      case DOUBLE -> Double.NaN;
      case BOOLEAN -> true;
      case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(BAD_ENUM);
      case MESSAGE ->
          filled(field.getMessageType(), new Values(values.text(), values.number(), 1), depth + 1);
    };
  }
}
