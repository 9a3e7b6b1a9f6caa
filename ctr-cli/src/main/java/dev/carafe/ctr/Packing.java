package dev.carafe.ctr;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import com.github.luben.zstd.util.Native;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** How a layer's archive is compressed. */
enum Packing {
  NONE(""),
  GZIP("gzip"),
  ZSTD("zstd");

  private static final int CHUNK = 128 << 10;

  /** A larger window than 128 MiB is refused. */
  private static final int MAX_WINDOW_LOG = 27;

  private final String suffix;

  Packing(String suffix) {
    this.suffix = suffix;
  }

  /** As a layer's media type says. */
  static Packing of(String mediaType) {
    return mediaType.endsWith("gzip") ? GZIP : mediaType.endsWith("zstd") ? ZSTD : NONE;
  }

  /** The media type of a layer that is packed so instead, in OCI's way of writing it. */
  String mediaType(String other) {
    String old = of(other).suffix;
    // Docker puts a dot before it, OCI a plus.
    String plain = old.isEmpty() ? other : other.substring(0, other.length() - old.length() - 1);
    return this == NONE ? plain : plain + "+" + suffix;
  }

  /** What is in a stream that is packed so. */
  InputStream unpack(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> new GZIPInputStream(in, CHUNK);
      case ZSTD -> {
        load();
        yield new ZstdInputStreamNoFinalizer(in).setLongMax(MAX_WINDOW_LOG);
      }
    };
  }

  /**
   * A stream packed so.
   *
   * @throws IllegalArgumentException if this is gzip, which nothing asks for
   */
  InputStream pack(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> throw new IllegalArgumentException("gzip");
      case ZSTD -> {
        load();
        yield new Packed(in);
      }
    };
  }

  /** Loads the native part, which is unpacked into a directory that goes at once. */
  private static void load() throws IOException {
    if (Native.isLoaded()) {
      return;
    }
    Path directory = Files.createTempDirectory("carafe-zstd-");
    try {
      Native.load(directory.toFile());
    } catch (LinkageError e) {
      throw new IOException("zstd: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(directory);
    }
  }

  /** Compresses while it is read. */
  private static final class Packed extends InputStream {
    private final InputStream in;
    private final Ready ready = new Ready();
    private final OutputStream zstd;
    private boolean ended;

    Packed(InputStream in) throws IOException {
      this.in = in;
      this.zstd = new ZstdOutputStreamNoFinalizer(ready);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      while (ready.isEmpty() && !ended) {
        byte[] chunk = in.readNBytes(CHUNK);
        if (chunk.length == 0) {
          ended = true;
          zstd.close();
        } else {
          zstd.write(chunk);
        }
      }
      return ready.take(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      try (in) {
        zstd.close();
      }
    }
  }

  /** Compressed bytes that nobody has read yet. */
  private static final class Ready extends ByteArrayOutputStream {
    private int at;

    boolean isEmpty() {
      return at == count;
    }

    int take(byte[] bytes, int offset, int length) {
      if (isEmpty()) {
        return -1;
      }
      int taken = Math.min(length, count - at);
      System.arraycopy(buf, at, bytes, offset, taken);
      at += taken;
      if (isEmpty()) {
        at = 0;
        reset();
      }
      return taken;
    }
  }
}
