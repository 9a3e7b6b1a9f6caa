package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.logs.CriLogFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;

/** A log in CRI's format that both outputs are written to. */
final class CriLogFile implements AutoCloseable {
  /** The kubelet reads records of up to 16 KiB in one piece. */
  private static final int MOST_IN_RECORD = 16_384;

  private final Path path;
  private FileChannel channel;

  CriLogFile(Path path) throws IOException {
    this.path = path;
    this.channel = open(path);
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
  }

  OutputStream stream(boolean stderr) {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        for (int from = offset; from < offset + length; from += MOST_IN_RECORD) {
          int to = Math.min(from + MOST_IN_RECORD, offset + length);
          append(CriLogFormat.records(stderr, Instant.now(), Arrays.copyOfRange(bytes, from, to)));
        }
      }
    };
  }

  private synchronized void append(byte[] records) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(records);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  /** What is written from now on is in a file of the name as it is now. */
  synchronized void reopen() throws IOException {
    FileChannel next = open(path);
    channel.close();
    channel = next;
  }

  @Override
  public synchronized void close() throws IOException {
    channel.close();
  }
}
