package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.runtime.bootstrap.v1.BootstrapResult;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final String ADDRESS = "unix:///run/containerd/s/0123";

  private static Bootstrap parse(String text) {
    return Bootstrap.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aBareAddressIsVersionTwo() {
    assertEquals(new Bootstrap(2, ADDRESS, "ttrpc"), parse(ADDRESS));
    assertEquals(new Bootstrap(2, ADDRESS, "ttrpc"), parse(ADDRESS + "\n"));
    assertEquals(Path.of("/run/containerd/s/0123"), parse(ADDRESS).socket());
  }

  @Test
  void jsonSaysVersionAndProtocol() {
    assertEquals(
        new Bootstrap(3, ADDRESS, "grpc"),
        parse("{\"version\":3,\"address\":\"" + ADDRESS + "\",\"protocol\":\"GRPC\"}\n"));
    assertEquals(
        new Bootstrap(2, ADDRESS, "ttrpc"),
        parse("{\"version\":2,\"address\":\"" + ADDRESS + "\",\"new\":[1]}"));
  }

  @Test
  void protobufIsReadUntrimmed() {
    // An address of 10 bytes has the length byte 0x0a, a line feed.
    for (String address : List.of(ADDRESS, "unix:///ab", "unix:///run/a space")) {
      byte[] bytes =
          BootstrapResult.newBuilder()
              .setVersion(3)
              .setAddress(address)
              .setProtocol("ttrpc")
              .build()
              .toByteArray();
      assertEquals(new Bootstrap(3, address, "ttrpc"), Bootstrap.parse(bytes));
    }
  }

  @Test
  void whatIsWrittenIsRead() {
    Bootstrap bootstrap = new Bootstrap(3, ADDRESS, "grpc");
    assertEquals(bootstrap, Bootstrap.parse(bootstrap.json()));
  }

  @Test
  void garbageIsRefused() {
    for (String garbage :
        List.of(
            "",
            "\n",
            "hello",
            "unix://relative",
            "unix://@abstract",
            "tcp://127.0.0.1:1",
            "vsock://3:1024",
            "unix://\0hidden",
            "\0\1\2\3",
            "{",
            "{\"version\":3,\"address\":\"@abstract\"}",
            "unix:///" + "x".repeat(200))) {
      var failure = assertThrows(RuntimeException.class, () -> parse(garbage), garbage);
      assertTrue(failure.getMessage().startsWith("shim: "), failure.getMessage());
      assertTrue(failure.getMessage().length() < 400, failure.getMessage());
    }
    assertThrows(InvalidArgumentException.class, () -> Bootstrap.parse(new byte[] {-1, -2, -3}));
  }

  @Test
  void unknownVersionsAndProtocolsAreRefused() {
    assertThrows(
        UnimplementedException.class,
        () -> parse("{\"version\":4,\"address\":\"" + ADDRESS + "\",\"protocol\":\"ttrpc\"}"));
    assertThrows(
        UnimplementedException.class,
        () -> parse("{\"version\":3,\"address\":\"" + ADDRESS + "\",\"protocol\":\"http\"}"));
  }
}
