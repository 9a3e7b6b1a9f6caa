package dev.carafe.integration;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A layer of an image.
 *
 * @param entries what it says, in this order
 * @param archive the same as a tar archive
 */
record Layer(List<Entry> entries, byte[] archive, Compression compression) {
  enum Compression {
    NONE(""),
    GZIP("+gzip"),
    ZSTD("+zstd"),

    /** A gzip archive with one added to each byte: only a stream processor can open it. */
    SEALED("+gzip+sealed");

    private final String suffix;

    Compression(String suffix) {
      this.suffix = suffix;
    }
  }

  static Layer of(Entry... entries) {
    return of(Arrays.asList(entries));
  }

  static Layer of(List<Entry> entries) {
    return new Layer(List.copyOf(entries), tar(entries), Compression.GZIP);
  }

  Layer compressed(Compression with) {
    return new Layer(entries, archive, with);
  }

  String mediaType() {
    return "application/vnd.oci.image.layer.v1.tar" + compression.suffix;
  }

  /** The archive as it is stored. */
  byte[] blob() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        switch (compression) {
          case NONE -> bytes;
          case GZIP -> new GZIPOutputStream(bytes);
          case ZSTD -> new ZstdOutputStream(bytes);
          case SEALED -> new GZIPOutputStream(sealed(bytes));
        }) {
      out.write(archive);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static OutputStream sealed(OutputStream out) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        out.write(b + 1);
      }
    };
  }

  private static byte[] tar(List<Entry> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (Entry entry : entries) {
        TarArchiveEntry header = header(entry);
        tar.putArchiveEntry(header);
        if (entry.kind() == Entry.Kind.FILE) {
          tar.write(entry.content());
        }
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static TarArchiveEntry header(Entry entry) {
    TarArchiveEntry header = new TarArchiveEntry(entry.archiveName(), type(entry.kind()), true);
    header.setMode(entry.mode());
    header.setIds(entry.uid(), entry.gid());
    header.setNames("", "");
    header.setModTime(Date.from(entry.time()));
    header.setSize(entry.kind() == Entry.Kind.FILE ? entry.content().length : 0);
    switch (entry.kind()) {
      case SYMLINK -> header.setLinkName(entry.target());
      case LINK -> header.setLinkName(entry.target().substring(1));
      case CHARACTER, BLOCK -> {
        header.setDevMajor(entry.major());
        header.setDevMinor(entry.minor());
      }
      default -> {}
    }
    Map<String, String> pax = new HashMap<>();
    pax.put(
        "mtime", entry.time().getEpochSecond() + "." + "%09d".formatted(entry.time().getNano()));
    entry
        .attributes()
        .forEach((name, value) ->
            pax.put("SCHILY.xattr." + name, new String(value, StandardCharsets.UTF_8)));
    pax.forEach(header::addPaxHeader);
    return header;
  }

  private static byte type(Entry.Kind kind) {
    return switch (kind) {
      case FILE, WHITEOUT, OPAQUE -> TarConstants.LF_NORMAL;
      case DIRECTORY -> TarConstants.LF_DIR;
      case SYMLINK -> TarConstants.LF_SYMLINK;
      case LINK -> TarConstants.LF_LINK;
      case FIFO -> TarConstants.LF_FIFO;
      case CHARACTER -> TarConstants.LF_CHR;
      case BLOCK -> TarConstants.LF_BLK;
    };
  }
}
