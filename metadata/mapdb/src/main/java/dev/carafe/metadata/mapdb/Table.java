package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a checkpoint: MapDB's sorted table (written by {@link TableWriter}).
 *
 * <p>The format, MapDB 3's {@code SortedTableMap}, big-endian: 64 bytes of header (entry count at
 * 16, index of the last page at 24, page size at 32), then pages. A page: number of nodes, offsets
 * of the nodes' keys, offsets of their values, end; keys of all nodes, values of all nodes. A node:
 * the number of its keys (packed, seven bits a byte, the last one marked), then the keys and,
 * apart, the values, here each with a length of two bytes before it. The header lies in the first
 * page.
 *
 * <p>A table key is the flat key and two bytes of part number, since pages are of one size and
 * values are not. A table value begins with its kind.
 *
 * <p>Usable as long as somebody holds this object, also after the file was deleted.
 */
final class Table {
  static final int PAGE_SIZE = 1 << 20;
  static final int NODE_SIZE = 8;
  static final int PART_SIZE = 32 << 10;
  static final int PART_NUMBER = Short.BYTES;

  static final byte WHOLE = 0;
  static final byte CHILD = 1;
  static final byte HEAD = 2;
  static final byte PART = 3;

  private static final int HEADER = 64;
  private static final int PAGES_PER_SLICE = 1 << 10;

  private final Path path;
  private final Footer footer;
  private final List<ByteBuffer> slices;
  private final int pages;

  private Table(Path path, Footer footer, List<ByteBuffer> slices) {
    this.path = path;
    this.footer = footer;
    this.slices = slices;
    ByteBuffer first = slices.getFirst();
    long last = first.getLong(24);
    if (first.getLong(32) != PAGE_SIZE || footer.length() != (last + 1) * PAGE_SIZE) {
      throw new DataLossException("checkpoint " + path + ": not a table of ours");
    }
    this.pages = Math.toIntExact(last + 1);
  }

  /**
   * Opens a checkpoint and reads it once to check it.
   *
   * @throws DataLossException if a byte of it is not as it was written
   */
  static Table open(Path path, UUID database, long revision) throws IOException {
    Footer footer = footer(path);
    if (footer == null || !footer.database().equals(database) || footer.revision() != revision) {
      throw new DataLossException("checkpoint " + path + ": damaged or of another database");
    }
    List<ByteBuffer> slices =
        FileContent.slices(path, footer.length(), PAGES_PER_SLICE * PAGE_SIZE);
    var crc = new CRC32C();
    slices.forEach(slice -> crc.update(slice.duplicate()));
    if ((int) crc.getValue() != footer.checksum()) {
      throw new DataLossException("checkpoint " + path + ": checksum does not match");
    }
    return new Table(path, footer, slices);
  }

  /** The footer of a file of the right length; null where there is none. */
  static @Nullable Footer footer(Path path) throws IOException {
    long length = Files.size(path) - Footer.SIZE;
    if (length < PAGE_SIZE || length % PAGE_SIZE != 0) {
      return null;
    }
    Footer footer = Footer.decode(FileContent.tail(path, Footer.SIZE));
    return footer == null || footer.length() != length ? null : footer;
  }

  Footer footer() {
    return footer;
  }

  /** Bytes of the file. */
  long length() {
    return footer.length() + Footer.SIZE;
  }

  @Nullable Entry get(byte[] flat) {
    Walk walk = from(flat);
    return walk.isAt(flat) ? walk.entry() : null;
  }

  /** A walk over the entries from {@code flat} on. */
  Walk from(byte[] flat) {
    return guarded(() -> new Walk(flat));
  }

  private <T> T guarded(Supplier<T> read) {
    try {
      return read.get();
    } catch (IndexOutOfBoundsException
        | BufferUnderflowException
        | ArithmeticException
        | NegativeArraySizeException
        | InternalError e) {
      throw new DataLossException("checkpoint " + path + ": unreadable", e);
    }
  }

  /** A walk in the order of the keys; a value in parts is one entry. */
  final class Walk {
    private int page;
    private ByteBuffer bytes = slices.getFirst();
    private int base;
    private int head;
    private int nodes;
    private int node;
    private int left;
    private int key;
    private int value;

    private Walk(byte[] flat) {
      int low = 0;
      int high = pages - 1;
      while (low < high) {
        int middle = (low + high + 1) >>> 1;
        enterPage(middle);
        if (compare(firstKey(0), flat) <= 0) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      enterPage(low);
      int lowNode = 0;
      int highNode = nodes - 1;
      while (lowNode < highNode) {
        int middle = (lowNode + highNode + 1) >>> 1;
        if (compare(firstKey(middle), flat) <= 0) {
          lowNode = middle;
        } else {
          highNode = middle - 1;
        }
      }
      enterNode(lowNode);
      while (!atEnd() && compare(key, flat) < 0) {
        step();
      }
    }

    /** Where another walk stands. */
    private Walk(Walk other) {
      page = other.page;
      bytes = other.bytes;
      base = other.base;
      head = other.head;
      nodes = other.nodes;
      node = other.node;
      left = other.left;
      key = other.key;
      value = other.value;
    }

    private void enterPage(int number) {
      page = number;
      bytes = slices.get(number / PAGES_PER_SLICE);
      base = number % PAGES_PER_SLICE * PAGE_SIZE;
      head = base + (number == 0 ? HEADER : 0);
      nodes = bytes.getInt(head);
      if (nodes <= 0 || nodes > PAGE_SIZE / Long.BYTES) {
        throw new IndexOutOfBoundsException(nodes);
      }
    }

    private int keys(int number) {
      return base + bytes.getInt(head + 4 + 4 * number);
    }

    /** Where the first key of a node lies; up to 127 keys their number is one byte. */
    private int firstKey(int number) {
      return keys(number) + 1;
    }

    private void enterNode(int number) {
      node = number;
      int start = keys(number);
      left = bytes.get(start) & 0x7f;
      key = start + 1;
      value = base + bytes.getInt(head + 4 + 4 * (nodes + number));
    }

    private int length(int at) {
      return Short.toUnsignedInt(bytes.getShort(at));
    }

    private boolean atEnd() {
      return left == 0;
    }

    private void step() {
      left--;
      if (left > 0) {
        key += Short.BYTES + length(key);
        value += Short.BYTES + length(value);
      } else if (node + 1 < nodes) {
        enterNode(node + 1);
      } else if (page + 1 < pages) {
        enterPage(page + 1);
        enterNode(0);
      }
    }

    /** Orders the flat key of what lies at {@code at} against {@code flat}; equal keys by part. */
    private int compare(int at, byte[] flat) {
      int length = length(at) - PART_NUMBER;
      int from = at + Short.BYTES;
      int common = Math.min(length, flat.length);
      for (int i = 0; i < common; i++) {
        int order = Byte.compareUnsigned(bytes.get(from + i), flat[i]);
        if (order != 0) {
          return order;
        }
      }
      return length != flat.length ? length - flat.length : bytes.getShort(from + length);
    }

    private byte kind() {
      return bytes.get(value + Short.BYTES);
    }

    /** Whether the walk stands on an entry rather than behind the last. */
    boolean valid() {
      return !atEnd();
    }

    private boolean isAt(byte[] flat) {
      return guarded(() -> !atEnd() && compare(key, flat) == 0);
    }

    byte[] key() {
      return guarded(() -> {
        byte[] flat = new byte[length(key) - PART_NUMBER];
        bytes.get(key + Short.BYTES, flat);
        return flat;
      });
    }

    boolean isChild() {
      return guarded(() -> kind() == CHILD);
    }

    Entry entry() {
      return guarded(() ->
          switch (kind()) {
            case WHOLE -> {
              byte[] content = new byte[length(value) - 1];
              bytes.get(value + Short.BYTES + 1, content);
              yield new Entry.Value(content);
            }
            case CHILD -> new Entry.Child(bytes.getLong(value + Short.BYTES + 1));
            case HEAD -> new Entry.Value(parts());
            default -> throw new IndexOutOfBoundsException(kind());
          });
    }

    private byte[] parts() {
      var content = new byte[bytes.getInt(value + Short.BYTES + 1)];
      var walk = new Walk(this);
      int filled = 0;
      int skip = 1 + Integer.BYTES;
      while (filled < content.length) {
        int size = walk.length(walk.value) - skip;
        walk.bytes.get(walk.value + Short.BYTES + skip, content, filled, size);
        filled += size;
        walk.step();
        skip = 1;
      }
      return content;
    }

    void next() {
      guarded(() -> {
        do {
          step();
        } while (!atEnd() && kind() == PART);
        return Boolean.TRUE;
      });
    }
  }
}
