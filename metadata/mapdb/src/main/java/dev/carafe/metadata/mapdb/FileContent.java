package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Files as buffers: read into the heap when small, mapped when large. The first mapping of a
 * process costs 25 ms of class loading, which a start does not have.
 */
final class FileContent {
  /** Up to this size a file is read. */
  private static final long SMALL = 8 << 20;

  private FileContent() {}

  /**
   * The first {@code length} bytes of a file, in slices of {@code sliceSize} bytes; the last may be
   * shorter.
   *
   * @throws IOException if the file is shorter
   */
  static List<ByteBuffer> slices(Path path, long length, int sliceSize) throws IOException {
    try (var file = new RandomAccessFile(path.toFile(), "r")) {
      if (file.length() < length) {
        throw new IOException(path + ": shorter than " + length + " bytes");
      }
      var slices = new ArrayList<ByteBuffer>();
      if (length <= Math.min(SMALL, sliceSize)) {
        byte[] bytes = new byte[(int) length];
        file.readFully(bytes);
        slices.add(ByteBuffer.wrap(bytes));
        return slices;
      }
      try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
        for (long at = 0; at < length; at += sliceSize) {
          slices.add(channel.map(MapMode.READ_ONLY, at, Math.min(sliceSize, length - at)));
        }
      }
      return slices;
    }
  }

  /** The last {@code length} bytes of a file that has as many. */
  static byte[] tail(Path path, int length) throws IOException {
    try (var file = new RandomAccessFile(path.toFile(), "r")) {
      byte[] bytes = new byte[length];
      file.seek(file.length() - length);
      file.readFully(bytes);
      return bytes;
    }
  }
}
