package dev.carafe.linux;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The JDK's zlib. */
final class JdkInflater implements RawInflater {
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();

  @Override
  public void inflate(ByteBuffer in, ByteBuffer out) {
    int start = out.position();
    try {
      inflater.setInput(in);
      while (out.hasRemaining() && !inflater.finished()) {
        if (inflater.inflate(out) == 0 && !inflater.finished()) {
          break;
        }
      }
    } catch (DataFormatException e) {
      String detail = e.getMessage();
      throw new InflateException(detail == null ? "invalid data" : detail);
    }
    crc.update(out.duplicate().limit(out.position()).position(start));
  }

  @Override
  public boolean finished() {
    return inflater.finished();
  }

  @Override
  public int crc() {
    return (int) crc.getValue();
  }

  @Override
  public int takenTooMuch() {
    return 0;
  }

  @Override
  public long takenBytes() {
    return 0;
  }

  @Override
  public void reset() {
    inflater.reset();
    crc.reset();
  }

  @Override
  public void close() {
    inflater.end();
  }
}
