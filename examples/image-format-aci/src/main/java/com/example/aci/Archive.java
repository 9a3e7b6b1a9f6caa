package com.example.aci;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** An ACI as a stream: hostile, and read once. */
final class Archive {
  private static final String ROOT = "rootfs";
  private static final String MANIFEST = "manifest";
  private static final int LARGEST_MANIFEST = 1 << 20;
  private static final int XZ_MEMORY_KIB = 100 << 10;
  private static final int BLOCK = 512;

  /** The archive is damaged or ends too early. */
  static final class BrokenException extends IOException {
    private static final long serialVersionUID = 1;

    BrokenException(String message) {
      super(message);
    }
  }

  private Archive() {}

  /** Whether the first entry is one that only an ACI begins with. */
  static boolean beginsLikeOne(byte[] beginning) {
    try (TarArchiveInputStream tar = tar(decompressed(new ByteArrayInputStream(beginning)))) {
      TarArchiveEntry first = tar.getNextEntry();
      if (first == null) {
        return false;
      }
      String name = plain(first.getName());
      if (name.equals(MANIFEST)) {
        byte[] start = tar.readNBytes(LARGEST_MANIFEST);
        return new String(start, StandardCharsets.UTF_8).contains("ImageManifest");
      }
      return name.equals(ROOT) || name.startsWith(ROOT + "/");
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /**
   * Writes the files below {@code rootfs} as a layer.
   *
   * @return the manifest
   * @throws InvalidArgumentException if it is no ACI
   * @throws BrokenException if it ends too early
   */
  static byte[] split(InputStream archive, OutputStream layer, AciFactory.Config limits)
      throws IOException {
    InputStream unpacked =
        new Bounded(decompressed(new BufferedInputStream(archive)), limits.maxBytes());
    TailOfZeros whole = new TailOfZeros(unpacked);
    TarArchiveInputStream in = tar(whole);
    TarArchiveOutputStream out = new TarArchiveOutputStream(layer, "UTF-8");
    out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    byte[] manifest = null;
    boolean rooted = false;
    long files = 0;
    for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
      if (++files > limits.maxFiles()) {
        throw new ResourceExhaustedException("ACI: more than " + limits.maxFiles() + " files");
      }
      String name = plain(entry.getName());
      if (name.equals(MANIFEST) && manifest == null && entry.isFile()) {
        manifest = in.readNBytes(LARGEST_MANIFEST + 1);
        if (manifest.length > LARGEST_MANIFEST) {
          throw new ResourceExhaustedException("ACI: a manifest of more than a megabyte");
        }
      } else if (name.equals(ROOT) && entry.isDirectory()) {
        rooted = true;
      } else if (name.startsWith(ROOT + "/")) {
        rooted = true;
        write(entry, name.substring(ROOT.length() + 1), in, out);
      } else if (!name.isEmpty()) {
        throw new InvalidArgumentException(
            "ACI: \"" + printable(name) + "\" is neither its manifest nor below rootfs");
      }
    }
    out.finish();
    whole.transferTo(OutputStream.nullOutputStream());
    if (whole.zeros < 2 * BLOCK) {
      throw new BrokenException("ends too early");
    }
    if (manifest == null || !rooted) {
      throw new InvalidArgumentException("ACI: has no " + (manifest == null ? MANIFEST : ROOT));
    }
    return manifest;
  }

  private static void write(
      TarArchiveEntry entry, String name, InputStream in, TarArchiveOutputStream out)
      throws IOException {
    if (name.startsWith(".wh.") || name.contains("/.wh.")) {
      throw new InvalidArgumentException(
          "ACI: \"" + printable(name) + "\" would be a deletion in a layer");
    }
    entry.setName(entry.isDirectory() ? name + "/" : name);
    if (entry.isLink()) {
      String target = plain(entry.getLinkName());
      if (!target.startsWith(ROOT + "/")) {
        throw new InvalidArgumentException("ACI: a link leads out of rootfs: " + printable(name));
      }
      entry.setLinkName(target.substring(ROOT.length() + 1));
    }
    out.putArchiveEntry(entry);
    if (entry.isFile() && !entry.isLink()) {
      in.transferTo(out);
    }
    out.closeArchiveEntry();
  }

  /** A name without what tools put before it. */
  private static String plain(String name) {
    String plain = name;
    while (plain.startsWith("./") || plain.startsWith("/")) {
      plain = plain.substring(plain.indexOf('/') + 1);
    }
    while (plain.endsWith("/")) {
      plain = plain.substring(0, plain.length() - 1);
    }
    for (String part : plain.split("/", -1)) {
      if (part.equals("..") || part.contains("\0")) {
        throw new InvalidArgumentException("ACI: the name \"" + printable(name) + "\"");
      }
    }
    return plain.equals(".") ? "" : plain;
  }

  private static String printable(String text) {
    String cut = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }

  private static TarArchiveInputStream tar(InputStream in) {
    return new TarArchiveInputStream(in, "UTF-8");
  }

  /** By the first bytes, as tools that read ACIs do. */
  private static InputStream decompressed(InputStream in) throws IOException {
    in.mark(8);
    byte[] magic = in.readNBytes(6);
    in.reset();
    if (startsWith(magic, 0x1f, 0x8b)) {
      return GzipCompressorInputStream.builder()
          .setInputStream(in)
          .setDecompressConcatenated(true)
          .get();
    }
    if (startsWith(magic, 'B', 'Z', 'h')) {
      return new BZip2CompressorInputStream(in, true);
    }
    if (startsWith(magic, 0xfd, '7', 'z', 'X', 'Z', 0)) {
      return XZCompressorInputStream.builder()
          .setInputStream(in)
          .setDecompressConcatenated(true)
          .setMemoryLimitKiB(XZ_MEMORY_KIB)
          .get();
    }
    return in;
  }

  private static boolean startsWith(byte[] bytes, int... magic) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  /** Fails when more comes than may. */
  private static final class Bounded extends FilterInputStream {
    private long left;

    Bounded(InputStream in, long most) {
      super(in);
      this.left = most;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      left -= Math.max(read, 0);
      if (left < 0) {
        throw new ResourceExhaustedException("ACI: is larger than images may be");
      }
      return read;
    }

    @Override
    public long skip(long bytes) throws IOException {
      return Math.max(0, read(new byte[(int) Math.min(bytes, 1 << 16)]));
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }

  /** Counts the zeros behind the last other byte: an archive ends with two blocks of them. */
  private static final class TailOfZeros extends FilterInputStream {
    private long zeros;

    TailOfZeros(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      int last = offset + read - 1;
      while (last >= offset && buffer[last] == 0) {
        last--;
      }
      if (read > 0) {
        zeros = last < offset ? zeros + read : offset + read - 1 - last;
      }
      return read;
    }

    @Override
    public long skip(long bytes) throws IOException {
      return Math.max(0, read(new byte[(int) Math.min(bytes, 1 << 16)]));
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
