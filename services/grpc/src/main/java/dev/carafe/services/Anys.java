package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.InvalidArgumentException;
import org.jspecify.annotations.Nullable;

/**
 * Typed bytes with bare type names, as containerd's clients compare them; on the way in a prefix is
 * tolerated.
 */
final class Anys {
  static final String SPEC = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

  private Anys() {}

  static Any pack(Message message) {
    return of(message.getDescriptorForType().getFullName(), message.toByteString());
  }

  static Any of(String typeUrl, ByteString value) {
    return Any.newBuilder().setTypeUrl(typeUrl).setValue(value).build();
  }

  /** The type's name without any prefix. */
  static String name(Any any) {
    return any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
  }

  static <T> T unpack(Any any, Parser<T> parser) {
    try {
      return parser.parseFrom(any.getValue());
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidArgumentException(any.getTypeUrl() + ": not a message of that type", e);
    }
  }

  static Any any(TypedValue value) {
    return of(value.typeUrl(), ByteString.copyFrom(value.value()));
  }

  static @Nullable TypedValue typed(boolean present, Any any) {
    return present ? new TypedValue(any.getTypeUrl(), any.getValue().toByteArray()) : null;
  }
}
