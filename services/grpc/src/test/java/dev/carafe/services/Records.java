package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.types.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.sandboxes.Sandbox;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/** Things to store. */
final class Records {
  /** Of a type that nobody knows, with bytes that are no text and no message. */
  static final Any ODD =
      Any.newBuilder()
          .setTypeUrl("types.example/Odd/1")
          .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff, 0, 0x0a, (byte) 0x80}))
          .build();

  private Records() {}

  static Sandbox sandbox(String id) {
    return new Sandbox(
        id, Sandbox.Runtime.NONE, null, Map.of(), Map.of(), Instant.EPOCH, Instant.EPOCH, "memory");
  }

  static Digest digest(String text) {
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static Descriptor descriptor(String text) {
    return Descriptor.newBuilder()
        .setMediaType("application/x")
        .setDigest(digest(text).toString())
        .setSize(text.length())
        .build();
  }
}
