package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file of frames, appended one at a time, each on the medium before the next begins. For one
 * thread at a time.
 *
 * <pre>
 * header: "carafe-snap\n", i32 version
 * frame:  ff 43 53 fe, i32 length, i32 CRC-32C of the length and the payload, payload
 * </pre>
 *
 * The file is kept longer than its frames, with zeros, so that an append writes into blocks that
 * the file has, and so that a removal still fits when the disk is full. What stands behind the last
 * whole frame and is not zero is an append that a crash cut short, and is dropped; but if a whole
 * frame follows behind it, something that was on the medium is damaged, and the log does not open.
 */
final class RecordLog implements AutoCloseable {
  private static final byte[] HEADER = header();
  private static final int MAGIC = 0xff4353fe;
  private static final int FRAME = 12;
  private static final int CHUNK = 256 * 1024;

  /** Kept back from everything but removals. */
  private static final int RESERVE = 64 * 1024;

  private static final long MAX_FILE = 1L << 30;

  private final SnapshotLayout layout;
  private @Nullable Fd file;
  private long end;
  private long allocated;
  private boolean broken;
  private boolean closed;

  private RecordLog(SnapshotLayout layout) {
    this.layout = layout;
  }

  private static byte[] header() {
    return ByteBuffer.allocate(16)
        .put("carafe-snap\n".getBytes(StandardCharsets.US_ASCII))
        .putInt(1)
        .array();
  }

  /**
   * Opens the log, or makes one, and passes the payload of each frame to {@code replay}.
   *
   * @throws DataLossException if the file is damaged where it was already on the medium
   */
  static RecordLog open(SnapshotLayout layout, Consumer<byte[]> replay) {
    RecordLog log = new RecordLog(layout);
    try {
      Files.deleteIfExists(layout.newLog());
      if (!Files.exists(layout.log())) {
        log.rewrite(List.of());
        return log;
      }
      if (Files.size(layout.log()) > MAX_FILE) {
        throw new DataLossException(layout.log() + ": larger than " + MAX_FILE + " bytes");
      }
      log.read(ByteBuffer.wrap(Files.readAllBytes(layout.log())), replay);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return log;
  }

  /** Bytes of frames, without the zeros behind them. */
  long size() {
    return end;
  }

  private void read(ByteBuffer bytes, Consumer<byte[]> replay) {
    if (bytes.limit() < HEADER.length
        || !bytes.slice(0, HEADER.length).equals(ByteBuffer.wrap(HEADER))) {
      throw new DataLossException(layout.log() + ": not a log of snapshots of this version");
    }
    int position = HEADER.length;
    for (byte[] payload = frame(bytes, position);
        payload != null;
        payload = frame(bytes, position)) {
      replay.accept(payload);
      position += FRAME + payload.length;
    }
    end = position;
    allocated = bytes.limit();
    if (isZero(bytes, position)) {
      return;
    }
    for (int later = position + 1; later < bytes.limit() - FRAME; later++) {
      if (bytes.getInt(later) == MAGIC && frame(bytes, later) != null) {
        throw new DataLossException(
            "%s: damaged at byte %d, with records behind it at byte %d: restore the file, or remove it with the snapshots directory to start empty"
                .formatted(layout.log(), position, later));
      }
    }
    cut();
  }

  private static byte @Nullable [] frame(ByteBuffer bytes, int position) {
    if (bytes.limit() - position < FRAME || bytes.getInt(position) != MAGIC) {
      return null;
    }
    int length = bytes.getInt(position + 4);
    if (length <= 0 || length > bytes.limit() - position - FRAME) {
      return null;
    }
    byte[] payload = new byte[length];
    bytes.get(position + FRAME, payload);
    return checksum(payload) == bytes.getInt(position + 8) ? payload : null;
  }

  private static int checksum(byte[] payload) {
    CRC32C checksum = new CRC32C();
    checksum.update(ByteBuffer.allocate(4).putInt(0, payload.length));
    checksum.update(payload);
    return (int) checksum.getValue();
  }

  private static boolean isZero(ByteBuffer bytes, int from) {
    for (int i = from; i < bytes.limit(); i++) {
      if (bytes.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static ByteBuffer framed(byte[] payload) {
    return ByteBuffer.allocate(FRAME + payload.length)
        .putInt(MAGIC)
        .putInt(payload.length)
        .putInt(checksum(payload))
        .put(payload)
        .flip();
  }

  /**
   * Whether a frame with this payload fits, after growing the file if need be.
   *
   * @param urgent may take what is kept back for a full disk
   */
  boolean makeRoom(int payload, boolean urgent) {
    requireUsable();
    long needed = end + FRAME + payload;
    if (needed + RESERVE <= allocated) {
      return true;
    }
    try {
      grow(needed + RESERVE);
      return true;
    } catch (ErrnoException e) {
      if (!isFull(e)) {
        throw e;
      }
      return urgent && needed <= allocated;
    }
  }

  private void grow(long wanted) {
    Fd fd = file();
    long target = (wanted + CHUNK - 1) / CHUNK * CHUNK;
    FileIo.pwriteFully(fd, ByteBuffer.allocate((int) (target - allocated)), allocated);
    FileCalls.fsync(fd);
    allocated = target;
  }

  /**
   * Appends a frame for which {@link #makeRoom} was asked; on the medium when it returns.
   *
   * @throws ErrnoException if the medium refuses; the frame is then not there
   * @throws UnavailableException if the medium refused before and what it holds is not known
   */
  void append(byte[] payload) {
    requireUsable();
    try {
      ByteBuffer frame = framed(payload);
      FileIo.pwriteFully(file(), frame, end);
      FileCalls.fdatasync(file());
      end += frame.limit();
    } catch (ErrnoException e) {
      broken = !isFull(e);
      try {
        cut();
      } catch (ErrnoException undo) {
        broken = true;
        e.addSuppressed(undo);
      }
      throw e;
    }
  }

  /** Drops what is behind the last whole frame. */
  private void cut() {
    FileCalls.ftruncate(file(), end);
    FileCalls.fsync(file());
    allocated = end;
  }

  /** Replaces the whole log by these frames; on the medium when it returns. */
  void rewrite(List<byte[]> payloads) {
    requireUsable();
    Path temporary = layout.newLog();
    int flags = OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.TRUNC;
    Fd fresh = PathCalls.open(temporary, flags, 0600);
    long length = HEADER.length;
    long target;
    try {
      FileIo.writeFully(fresh, ByteBuffer.wrap(HEADER));
      for (byte[] payload : payloads) {
        FileIo.writeFully(fresh, framed(payload));
        length += FRAME + payload.length;
      }
      target = (length + RESERVE + CHUNK - 1) / CHUNK * CHUNK;
      FileIo.writeFully(fresh, ByteBuffer.allocate((int) (target - length)));
      FileCalls.fsync(fresh);
      Fd cwd = Fd.CWD;
      PathCalls.renameat2(cwd, RawPath.of(temporary), cwd, RawPath.of(layout.log()), 0);
    } catch (ErrnoException e) {
      fresh.close();
      throw e;
    }
    if (file != null) {
      file.close();
    }
    file = fresh;
    end = length;
    allocated = target;
    try (Fd directory = PathCalls.open(layout.root(), OpenFlags.RDONLY, 0)) {
      FileCalls.fsync(directory);
    } catch (ErrnoException e) {
      // A power failure may bring the old log back, so nothing more may go into the new one.
      broken = true;
      throw e;
    }
  }

  static boolean isFull(ErrnoException e) {
    return e.is(Errno.ENOSPC) || e.is(Errno.EDQUOT);
  }

  private Fd file() {
    if (file == null) {
      file = PathCalls.open(layout.log(), OpenFlags.RDWR, 0);
    }
    return file;
  }

  private void requireUsable() {
    if (closed) {
      throw new UnavailableException(layout.log() + ": closed");
    }
    if (broken) {
      throw new UnavailableException(
          layout.log() + ": the medium refused a write; a restart reads what it holds");
    }
  }

  @Override
  public void close() {
    closed = true;
    if (file != null) {
      file.close();
      file = null;
    }
  }
}
