package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Entries of an archive, in one pass: V7, ustar, GNU and pax. Where these leave room, it decides as
 * the tools that make and check images do (Go's archive/tar), so that nobody sees another tree than
 * they do: links, devices, directories and FIFOs have no body whatever their size says; the records
 * of global pax headers are checked and not applied; a GNU long name wins over a pax path.
 */
final class TarReader {
  private static final long MAX_ID = 0xfffffffeL;
  private static final int MAX_MAJOR = 0xfff;
  private static final int MAX_MINOR = 0xfffff;

  private final TarInput input;
  private final TarDifferConfig limits;
  private final byte[] block = new byte[TarInput.BLOCK];
  private final TarHeader header = new TarHeader(block);
  private long entries;
  private long apparentBytes;

  /** Bytes of the current body that nobody has read, and the padding behind them. */
  private long bodyLeft;

  private long padding;

  TarReader(TarInput input, TarDifferConfig limits) {
    this.input = input;
    this.limits = limits;
  }

  /** Counts a header, or something that costs as much. */
  void count() {
    if (++entries > limits.maxEntries()) {
      throw new ResourceExhaustedException(
          "the archive has more than " + limits.maxEntries() + " entries");
    }
  }

  /** The next entry, whatever is left of the body of the one before; null at the archive's end. */
  @Nullable TarEntry next() throws InterruptedException {
    skipBody();
    PaxRecords pax = PaxRecords.NONE;
    byte[] longName = null;
    byte[] longLink = null;
    boolean announced = false;
    while (true) {
      long at = input.offset();
      if (!readHeader()) {
        if (announced) {
          throw new DataLossException("the archive ends behind an extension header");
        }
        return null;
      }
      header.verify(at);
      count();
      switch (header.type()) {
        case 'x' -> pax = PaxRecords.parse(extension(), limits.maxSparseSegments());
        case 'g' -> {
          var _ = PaxRecords.parse(extension(), limits.maxSparseSegments());
          continue;
        }
        case 'L' -> longName = untilNul(extension());
        case 'K' -> longLink = untilNul(extension());
        default -> {
          return entry(pax, longName, longLink);
        }
      }
      announced = true;
    }
  }

  /** False at the end: no block, or a block of zeros that is the last or has a twin. */
  private boolean readHeader() throws InterruptedException {
    if (!input.block(block)) {
      return false;
    }
    if (!header.isZero()) {
      return true;
    }
    if (input.block(block) && !header.isZero()) {
      throw new DataLossException(
          "a block of zeros among the entries, at " + (input.offset() - 2 * TarInput.BLOCK));
    }
    return false;
  }

  private byte[] extension() throws InterruptedException {
    long size = header.size();
    if (size < 0) {
      throw new InvalidArgumentException("extension header of " + size + " bytes");
    }
    if (size > limits.maxHeaderBytes()) {
      throw new ResourceExhaustedException(
          "extension header of " + size + " bytes, the limit is " + limits.maxHeaderBytes());
    }
    byte[] body = new byte[(int) size];
    input.read(body, 0, body.length);
    input.skip(TarInput.padding(size));
    return body;
  }

  private TarEntry entry(PaxRecords pax, byte @Nullable [] longName, byte @Nullable [] longLink)
      throws InterruptedException {
    byte[] name = firstOf(longName, pax.path(SparseFormats.NAME), pax.path("path"), header.name());
    byte[] link = firstOf(longLink, pax.path("linkpath"), null, header.link());
    try {
      return combine(pax, name, link);
    } catch (InvalidArgumentException | ResourceExhaustedException e) {
      throw Failures.prefixed("entry \"" + EntryName.show(name) + "\"", e);
    }
  }

  private TarEntry combine(PaxRecords pax, byte[] name, byte[] link) throws InterruptedException {
    boolean gnuSparse = header.type() == 'S';
    boolean oldDirectory = header.type() == 0 && name.length > 0 && name[name.length - 1] == '/';
    EntryType type = oldDirectory ? EntryType.DIRECTORY : type(header.type());
    long size = pax.number("size", header.size());
    if (size < 0) {
      throw new InvalidArgumentException("a size of " + size + " bytes");
    }
    long uid = id("uid", pax.number("uid", header.uid()));
    long gid = id("gid", pax.number("gid", header.gid()));
    int mode = (int) (header.mode() & 07777);
    TarTime modified = pax.time("mtime", new TarTime(header.modified(), 0));
    TarTime access = pax.time("atime", modified);
    boolean device = type == EntryType.CHARACTER_DEVICE || type == EntryType.BLOCK_DEVICE;
    int major = device ? device("major", header.major(), MAX_MAJOR) : 0;
    int minor = device ? device("minor", header.minor(), MAX_MINOR) : 0;

    boolean hasBody = type == EntryType.FILE || oldDirectory;
    bodyLeft = hasBody ? size : 0;
    padding = TarInput.padding(bodyLeft);
    var formats = new SparseFormats(input, limits.maxSparseSegments());
    SparseMap sparse = gnuSparse ? formats.gnu(header) : formats.pax(pax, size);
    if (sparse != null) {
      if (!hasBody) {
        throw new InvalidArgumentException("a sparse map on something that is no file");
      }
      bodyLeft -= formats.bodyBytes();
      if (bodyLeft != sparse.dataBytes()) {
        throw new InvalidArgumentException(
            "sparse map: " + sparse.dataBytes() + " bytes of data, the body has " + bodyLeft);
      }
    }
    apparentBytes += sparse == null ? bodyLeft : sparse.fileBytes();
    if (apparentBytes < 0 || apparentBytes > limits.maxLayerBytes()) {
      throw new ResourceExhaustedException(
          "the files have more than " + limits.maxLayerBytes() + " bytes");
    }
    return new TarEntry(
        type,
        name,
        link,
        bodyLeft,
        sparse,
        mode,
        uid,
        gid,
        modified,
        access,
        major,
        minor,
        pax.xattrs());
  }

  private static EntryType type(byte flag) {
    return switch (flag) {
      case 0, '0', '7', 'S' -> EntryType.FILE;
      case '1' -> EntryType.HARD_LINK;
      case '2' -> EntryType.SYMLINK;
      case '3' -> EntryType.CHARACTER_DEVICE;
      case '4' -> EntryType.BLOCK_DEVICE;
      case '5' -> EntryType.DIRECTORY;
      case '6' -> EntryType.FIFO;
      default ->
          throw new InvalidArgumentException(
              "entries of type " + Integer.toHexString(flag & 0xff) + " (hex) are not known");
    };
  }

  /** The last number means "leave it" to chown. */
  private static long id(String field, long value) {
    if (value < 0 || value > MAX_ID) {
      throw new InvalidArgumentException(field + " " + value + ": not in 0 to " + MAX_ID);
    }
    return value;
  }

  private static int device(String field, long value, int most) {
    if (value < 0 || value > most) {
      throw new InvalidArgumentException(
          "device " + field + " number " + value + ": not in 0 to " + most);
    }
    return (int) value;
  }

  private static byte[] firstOf(
      byte @Nullable [] a, byte @Nullable [] b, byte @Nullable [] c, byte[] otherwise) {
    if (a != null && a.length > 0) {
      return a;
    }
    if (b != null) {
      return b;
    }
    return c != null ? c : otherwise;
  }

  private static byte[] untilNul(byte[] body) {
    int end = 0;
    while (end < body.length && body[end] != 0) {
      end++;
    }
    return Arrays.copyOf(body, end);
  }

  /** Writes the current entry's body into {@code file}, holes included. */
  void copyBody(TarEntry entry, Fd file) throws InterruptedException {
    SparseMap sparse = entry.sparse();
    if (sparse == null) {
      copy(file, 0, bodyLeft);
      return;
    }
    for (int i = 0; i < sparse.count(); i++) {
      copy(file, sparse.offset(i), sparse.length(i));
    }
    FileCalls.ftruncate(file, sparse.fileBytes());
  }

  private void copy(Fd file, long position, long length) throws InterruptedException {
    input.copy(file, position, length);
    bodyLeft -= length;
  }

  private void skipBody() throws InterruptedException {
    input.skip(bodyLeft + padding);
    bodyLeft = 0;
    padding = 0;
  }
}
