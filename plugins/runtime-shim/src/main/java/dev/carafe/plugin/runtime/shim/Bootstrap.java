package dev.carafe.plugin.runtime.shim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.runtime.bootstrap.v1.BootstrapResult;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where a shim listens and what it speaks.
 *
 * @param version of the task service: 2 or 3
 * @param address {@code unix://} and the absolute path of a socket
 * @param protocol {@code ttrpc} or {@code grpc}
 */
record Bootstrap(int version, String address, String protocol) {
  static final String TTRPC = "ttrpc";
  static final String GRPC = "grpc";
  private static final String UNIX = "unix://";

  /** What {@code sockaddr_un} holds (unix(7)). */
  private static final int LONGEST = 107;

  Bootstrap {
    if (version != 2 && version != 3) {
      throw new UnimplementedException(
          "shim: version " + version + " of its task service is none of 2, 3");
    }
    protocol = protocol.isEmpty() ? TTRPC : protocol.toLowerCase(Locale.ROOT);
    if (!protocol.equals(TTRPC) && !protocol.equals(GRPC)) {
      throw new UnimplementedException(
          "shim: protocol \"" + shown(protocol) + "\" is none of \"ttrpc\", \"grpc\"");
    }
    address = checked(address);
  }

  private static String checked(String address) {
    String path = address.startsWith(UNIX) ? address.substring(UNIX.length()) : address;
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new InvalidArgumentException(
          "shim: address \"" + shown(address) + "\" is no path of a Unix socket");
    }
    if (path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw new InvalidArgumentException(
          "shim: address \"" + shown(address) + "\" is longer than " + LONGEST + " bytes");
    }
    return UNIX + path;
  }

  Path socket() {
    try {
      return Path.of(address.substring(UNIX.length()));
    } catch (InvalidPathException e) {
      throw new InvalidArgumentException("shim: address \"" + shown(address) + "\"", e);
    }
  }

  /**
   * Reads what {@code start} printed: a protobuf message (containerd 2.3), JSON (2.0), or the bare
   * address (1.x). The bytes of the first must not be trimmed.
   *
   * @throws InvalidArgumentException if it is none of these
   */
  static Bootstrap parse(byte[] answer) {
    String text = text(answer);
    if (text.startsWith("{")) {
      return ofJson(text);
    }
    if (!text.isEmpty() && text.chars().noneMatch(Character::isISOControl)) {
      return new Bootstrap(2, text, TTRPC);
    }
    try {
      BootstrapResult result = BootstrapResult.parseFrom(answer);
      if (!result.getAddress().isEmpty()) {
        return new Bootstrap(result.getVersion(), result.getAddress(), result.getProtocol());
      }
    } catch (InvalidProtocolBufferException _) {
      // Said below.
    }
    throw new InvalidArgumentException(
        answer.length == 0
            ? "shim: printed no address"
            : "shim: what it printed is no address: \"" + shown(text) + "\"");
  }

  private static Bootstrap ofJson(String text) {
    JsonNode json;
    try {
      json = ShimState.JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new InvalidArgumentException(
          "shim: what it printed is no JSON: " + e.getOriginalMessage(), e);
    }
    return new Bootstrap(
        json.path("version").asInt(0),
        json.path("address").asText(""),
        json.path("protocol").asText(""));
  }

  /** The text, or nothing if it is none. */
  private static String text(byte[] answer) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(answer)).toString().strip();
    } catch (CharacterCodingException _) {
      return "";
    }
  }

  /** As containerd writes it into the bundle. */
  byte[] json() {
    return ShimState.bytes(
        ShimState.JSON
            .createObjectNode()
            .put("version", version)
            .put("address", address)
            .put("protocol", protocol));
  }

  private static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() > 200 ? line.substring(0, 200) + "..." : line;
  }
}
