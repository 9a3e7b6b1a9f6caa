package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/**
 * An archive's bytes after whatever its first bytes say that it is packed with. What grows without
 * measure is given up.
 */
final class Unpacked extends FilterInputStream {
  private static final int BUFFER = 64 << 10;
  private static final int MAGIC = 4;

  private final Counted packed;
  private final ImageArchiveConfig limits;
  private long unpacked;

  private Unpacked(InputStream in, Counted packed, ImageArchiveConfig limits) {
    super(in);
    this.packed = packed;
    this.limits = limits;
  }

  static InputStream open(InputStream archive, ImageArchiveConfig limits, Zstd zstd)
      throws IOException {
    Counted packed = new Counted(archive);
    BufferedInputStream start = new BufferedInputStream(packed, BUFFER);
    start.mark(MAGIC);
    byte[] magic = start.readNBytes(MAGIC);
    start.reset();
    return new Unpacked(
        switch (Packing.of(magic)) {
          case NONE -> start;
          case GZIP -> new GZIPInputStream(start, BUFFER);
          case ZSTD -> zstd.open(start);
        },
        packed,
        limits);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int count = super.read(bytes, offset, length);
    unpacked += Math.max(0, count);
    if (unpacked > limits.maxBytes()) {
      throw new ResourceExhaustedException(
          "image archive: has more than " + limits.maxBytes() + " bytes");
    }
    if (unpacked > limits.ratioFloorBytes() && unpacked / limits.maxRatio() > packed.count) {
      throw new ResourceExhaustedException(
          "image archive: "
              + packed.count
              + " bytes unpack to more than "
              + limits.maxRatio()
              + " times as much");
    }
    return count;
  }

  private static final class Counted extends FilterInputStream {
    private long count;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int octet = super.read();
      count += octet < 0 ? 0 : 1;
      return octet;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      count += Math.max(0, read);
      return read;
    }
  }
}
