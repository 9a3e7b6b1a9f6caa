package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Makes archives for tests, wrong ones included. */
final class Tars {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  Tars file(String name, byte[] content) {
    return entry(name, '0', "", content.length, content);
  }

  Tars file(String name, String content) {
    return file(name, utf8(content));
  }

  /** A blob under its digest, which is returned. */
  Digest blob(byte[] content) {
    Digest digest = Digest.of(content);
    file("blobs/sha256/" + digest.hex(), content);
    return digest;
  }

  Tars symlink(String name, String target) {
    return entry(name, '2', target, 0, new byte[0]);
  }

  /** An entry whose header says {@code size}, whatever follows. */
  Tars entry(String name, char type, String link, long size, byte[] content) {
    byte[] block = new byte[512];
    put(block, 0, utf8(name));
    put(block, 100, utf8("0000644\0"));
    put(block, 108, utf8("0000000\0"));
    put(block, 116, utf8("0000000\0"));
    put(block, 124, utf8("%011o\0".formatted(size)));
    put(block, 136, utf8("00000000000\0"));
    put(block, 148, utf8("        "));
    block[156] = (byte) type;
    put(block, 157, utf8(link));
    put(block, 257, utf8("ustar\00000"));
    int sum = 0;
    for (byte octet : block) {
      sum += octet & 0xff;
    }
    put(block, 148, utf8("%06o\0 ".formatted(sum)));
    bytes.writeBytes(block);
    bytes.writeBytes(content);
    bytes.writeBytes(new byte[(512 - content.length % 512) % 512]);
    return this;
  }

  private static void put(byte[] block, int at, byte[] text) {
    System.arraycopy(text, 0, block, at, text.length);
  }

  /** What is there so far, without an end. */
  byte[] cut() {
    return bytes.toByteArray();
  }

  byte[] end() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    try {
      bytes.writeTo(whole);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    whole.writeBytes(new byte[1024]);
    return whole.toByteArray();
  }
}
