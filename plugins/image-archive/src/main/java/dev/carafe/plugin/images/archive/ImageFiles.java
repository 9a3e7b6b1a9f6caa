package dev.carafe.plugin.images.archive;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.plugins.Reloadable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.zip.ZipException;

/**
 * Images in files and directories below folders that the administrator names. What is in there is
 * hostile: nothing but regular files is read, and no link leads out.
 */
final class ImageFiles implements ImageSource, Reloadable<ImageFilesConfig> {
  private static final String LAYOUT = "oci";
  private static final String LAYOUT_ARCHIVE = "oci-archive";
  private static final String DOCKER_ARCHIVE = "docker-archive";
  private static final String PREFIX = "unpacked-";
  private static final int CHUNK = 128 << 10;

  private volatile ImageFilesConfig config;
  private final Path unpacked;
  private final Zstd zstd;

  /**
   * @param unpacked a private directory for what is unpacked while it is read
   */
  ImageFiles(ImageFilesConfig config, Path unpacked, Zstd zstd) {
    this.config = config;
    this.unpacked = unpacked;
    this.zstd = zstd;
  }

  /** Forgets what a killed daemon has left. */
  void clean() {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(unpacked, PREFIX + "*")) {
      for (Path leftover : left) {
        Files.deleteIfExists(leftover);
      }
    } catch (IOException e) {
      throw new UnavailableException("\"" + unpacked + "\": " + e.getMessage(), e);
    }
  }

  @Override
  public void reload(ImageFilesConfig next) {
    config = next;
  }

  @Override
  public Set<String> transports() {
    return Set.of(LAYOUT, LAYOUT_ARCHIVE, DOCKER_ARCHIVE);
  }

  @Override
  public Repository open(ImageLocation location, SourceOptions options) {
    if (!(location instanceof ImageFile file) || !transports().contains(file.transport())) {
      throw new InvalidArgumentException("image \"" + location + "\": is in no file");
    }
    try (Folder folder = Folder.open(folder(file))) {
      String path = Path.of(folder.name()).relativize(file.path()).toString();
      return open(folder, path.isEmpty() ? "." : path, file);
    } catch (InterruptedIOException e) {
      throw new CancelledException("\"" + file + "\": cancelled", e);
    } catch (EOFException | ZipException e) {
      throw new DataLossException("\"" + file + "\": " + e.getMessage(), e);
    } catch (IOException | ErrnoException e) {
      throw new UnavailableException("\"" + file + "\": " + e.getMessage(), e);
    }
  }

  /** The configured folder that it is below: of several the innermost. */
  private Path folder(ImageFile file) {
    return config.folders().stream()
        .filter(file.path()::startsWith)
        .max(Comparator.comparingInt(Path::getNameCount))
        .orElseThrow(() ->
            new PermissionDeniedException(
                "\"" + file + "\": is below none of the folders that images may be pulled from"));
  }

  private Repository open(Folder folder, String path, ImageFile file) throws IOException {
    Members members =
        file.transport().equals(LAYOUT) ? folder.folder(path) : archive(folder.file(path));
    boolean done = false;
    try {
      Repository image =
          members instanceof TarFile archive && file.transport().equals(DOCKER_ARCHIVE)
              ? new DockerImage(archive, file)
              : new LayoutImage(members, file);
      done = true;
      return image;
    } finally {
      if (!done) {
        members.close();
      }
    }
  }

  private TarFile archive(Fd packed) throws IOException {
    boolean plain = false;
    try {
      byte[] magic = new byte[4];
      FileIo.pread(packed, magic, 0, magic.length, 0);
      plain = Packing.of(magic) == Packing.NONE;
      return TarFile.of(plain ? packed : unpack(packed), config.limits());
    } finally {
      if (!plain) {
        packed.close();
      }
    }
  }

  /** A file without a name, gone when it is closed. */
  private Fd unpack(Fd packed) throws IOException {
    Path path = Files.createTempFile(unpacked, PREFIX, "");
    Fd whole = PathCalls.open(path, OpenFlags.RDWR, 0);
    boolean done = false;
    try {
      Files.delete(path);
      long size = FileCalls.fstat(packed).size();
      byte[] chunk = new byte[CHUNK];
      try (InputStream in =
          Unpacked.open(new FileInput(packed, false, 0, size), config.limits(), zstd)) {
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
          FileIo.writeFully(whole, ByteBuffer.wrap(chunk, 0, count));
        }
      }
      done = true;
      return whole;
    } finally {
      if (!done) {
        whole.close();
      }
    }
  }
}
