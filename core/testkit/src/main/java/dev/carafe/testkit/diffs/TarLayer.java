package dev.carafe.testkit.diffs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;

/** Writes a layer's archive, entry by entry as they are told (POSIX ustar); checks nothing. */
public final class TarLayer {
  private static final int BLOCK = 512;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final int uid;
  private final int gid;

  /** Its files belong to these. */
  public TarLayer(int uid, int gid) {
    this.uid = uid;
    this.gid = gid;
  }

  public TarLayer file(String name, String text, int mode) {
    byte[] bytes = text.getBytes(UTF_8);
    header(name, '0', mode, bytes.length, "");
    out.writeBytes(bytes);
    out.writeBytes(new byte[(BLOCK - bytes.length % BLOCK) % BLOCK]);
    return this;
  }

  public TarLayer file(String name, String text) {
    return file(name, text, 0644);
  }

  public TarLayer dir(String name, int mode) {
    return header(name + "/", '5', mode, 0, "");
  }

  public TarLayer symlink(String name, String target) {
    return header(name, '2', 0777, 0, target);
  }

  public TarLayer link(String name, String existing) {
    return header(name, '1', 0644, 0, existing);
  }

  private TarLayer header(String name, char type, int mode, long size, String target) {
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, "%07o".formatted(mode));
    put(header, 108, "%07o".formatted(uid));
    put(header, 116, "%07o".formatted(gid));
    put(header, 124, "%011o".formatted(size));
    put(header, 136, "%011o".formatted(1_000_000_000));
    put(header, 148, "        ");
    put(header, 156, String.valueOf(type));
    put(header, 157, target);
    put(header, 257, "ustar");
    put(header, 263, "00");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, "%06o\0".formatted(sum));
    out.writeBytes(header);
    return this;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  /** The whole archive. */
  public byte[] bytes() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(out.toByteArray());
    whole.writeBytes(new byte[2 * BLOCK]);
    return whole.toByteArray();
  }

  /** The whole archive, compressed. */
  public byte[] gzipped() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(whole)) {
      gzip.write(bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return whole.toByteArray();
  }
}
