package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes entries as ustar, with a pax header in front where ustar cannot say it (POSIX, pax). The
 * same entries make the same bytes.
 */
final class TarWriter {
  private static final int NAME = 100;
  private static final long MAX_OCTAL_7 = 07777777L;
  private static final long MAX_OCTAL_11 = 077777777777L;
  private static final int PAX_MODE = 0644;

  private final ArchiveOutput output;

  TarWriter(ArchiveOutput output) {
    this.output = output;
  }

  /** Everything but the body. */
  void header(TarEntry entry) throws InterruptedException {
    TreeMap<String, byte[]> pax = new TreeMap<>();
    if (entry.name().length > NAME) {
      pax.put("path", entry.name());
    }
    if (entry.link().length > NAME) {
      pax.put("linkpath", entry.link());
    }
    numberOver(pax, "size", entry.storedBytes(), MAX_OCTAL_11);
    numberOver(pax, "uid", entry.uid(), MAX_OCTAL_7);
    numberOver(pax, "gid", entry.gid(), MAX_OCTAL_7);
    TarTime modified = entry.modified();
    if (modified.nanos() != 0 || modified.seconds() < 0 || modified.seconds() > MAX_OCTAL_11) {
      pax.put("mtime", ascii(modified.format()));
    }
    entry.xattrs().forEach((name, value) -> pax.put("SCHILY.xattr." + name, value));
    if (!pax.isEmpty()) {
      byte[] body = records(pax);
      output.write(
          block(
              (byte) 'x',
              concat(ascii("PaxHeaders.0/"), last(entry.name())),
              new byte[0],
              PAX_MODE,
              0,
              0,
              body.length,
              0,
              0,
              0));
      output.write(body);
      output.zeros((int) TarInput.padding(body.length));
    }
    output.write(
        block(
            flag(entry.type()),
            entry.name(),
            entry.link(),
            entry.mode(),
            entry.uid(),
            entry.gid(),
            entry.storedBytes(),
            modified.seconds(),
            entry.major(),
            entry.minor()));
  }

  /** The body that belongs to the header just written. */
  void body(Fd file, long length) throws InterruptedException {
    output.copy(file, length);
    output.zeros((int) TarInput.padding(length));
  }

  /** Two blocks of zeros. */
  void finish() throws InterruptedException {
    output.zeros(2 * TarInput.BLOCK);
    output.finish();
  }

  private static void numberOver(Map<String, byte[]> pax, String key, long value, long most) {
    if (value > most) {
      pax.put(key, ascii(Long.toString(value)));
    }
  }

  private static byte[] records(TreeMap<String, byte[]> pax) {
    var body = new ByteArrayOutputStream();
    pax.forEach((key, value) -> {
      byte[] name = key.getBytes(StandardCharsets.UTF_8);
      int rest = name.length + value.length + 3;
      int length = rest + Integer.toString(rest).length();
      if (Integer.toString(length).length() > Integer.toString(rest).length()) {
        length++;
      }
      body.writeBytes(ascii(length + " "));
      body.writeBytes(name);
      body.write('=');
      body.writeBytes(value);
      body.write('\n');
    });
    return body.toByteArray();
  }

  private static byte[] block(
      byte flag,
      byte[] name,
      byte[] link,
      int mode,
      long uid,
      long gid,
      long size,
      long seconds,
      int major,
      int minor) {
    byte[] block = new byte[TarInput.BLOCK];
    System.arraycopy(name, 0, block, 0, Math.min(name.length, NAME));
    octal(block, 100, 8, mode);
    octal(block, 108, 8, uid);
    octal(block, 116, 8, gid);
    octal(block, 124, 12, size);
    octal(block, 136, 12, Math.max(0, seconds));
    block[156] = flag;
    System.arraycopy(link, 0, block, 157, Math.min(link.length, NAME));
    System.arraycopy(ascii("ustar\00000"), 0, block, 257, 8);
    octal(block, 329, 8, major);
    octal(block, 337, 8, minor);
    long sum = 8 * ' ';
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 7, sum);
    block[155] = ' ';
    return block;
  }

  /** Digits and a NUL; zero if the number needs a pax record. */
  private static void octal(byte[] block, int at, int length, long value) {
    boolean fits = value < 1L << 3 * (length - 1);
    long rest = fits ? value : 0;
    for (int i = at + length - 2; i >= at; i--) {
      block[i] = (byte) ('0' + (rest & 7));
      rest >>= 3;
    }
  }

  private static byte flag(EntryType type) {
    return (byte)
        switch (type) {
          case FILE -> '0';
          case HARD_LINK -> '1';
          case SYMLINK -> '2';
          case CHARACTER_DEVICE -> '3';
          case BLOCK_DEVICE -> '4';
          case DIRECTORY -> '5';
          case FIFO -> '6';
        };
  }

  /** The last component, cut to what fits the header. */
  private static byte[] last(byte[] path) {
    int end = path.length > 0 && path[path.length - 1] == '/' ? path.length - 1 : path.length;
    int start = end;
    while (start > 0 && path[start - 1] != '/') {
      start--;
    }
    return Arrays.copyOfRange(path, start, Math.min(end, start + 80));
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
