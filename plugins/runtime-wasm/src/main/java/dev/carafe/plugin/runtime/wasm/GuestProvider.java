package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.mounts.RootFileSystems.Found;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a module does to files. Chicory follows links by the machine's root and hands whole paths to
 * the kernel; so that neither leads out of the task's root, each operation first finds its file, or
 * the directory that the file is in, by {@link RootFileSystems#find}, and then works on what was
 * found.
 *
 * <p>Only files and directories are opened: a device in an image is the machine's device, since no
 * control group stands before a thread of the daemon.
 */
final class GuestProvider extends FileSystemProvider {
  private final GuestFileSystem files;
  private final RootFileSystems roots;
  private final Path root;

  GuestProvider(GuestFileSystem files, RootFileSystems roots, Path root) {
    this.files = files;
    this.roots = roots;
    this.root = root;
  }

  private Found find(Path path, boolean follow) throws IOException {
    try {
      return roots.find(root, path.toString(), follow);
    } catch (NotFoundException e) {
      throw new NoSuchFileException(path.toString());
    } catch (DaemonException e) {
      throw new FileSystemException(path.toString(), null, e.getMessage());
    }
  }

  private Found parent(Path path) throws IOException {
    Path parent = path.getParent();
    return find(parent == null ? files.root() : parent, true);
  }

  private static String name(Path path) throws IOException {
    Path name = path.getFileName();
    if (name == null) {
      throw new FileAlreadyExistsException(path.toString());
    }
    return name.toString();
  }

  private static boolean follows(LinkOption... options) {
    return !List.of(options).contains(LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    boolean makes =
        options.contains(StandardOpenOption.CREATE)
            || options.contains(StandardOpenOption.CREATE_NEW);
    Set<OpenOption> known = new HashSet<>(options);
    known.remove(StandardOpenOption.CREATE);
    known.remove(StandardOpenOption.CREATE_NEW);
    try (Found found = find(path, !options.contains(LinkOption.NOFOLLOW_LINKS))) {
      if (options.contains(StandardOpenOption.CREATE_NEW)) {
        throw new FileAlreadyExistsException(path.toString());
      }
      if (!Files.isRegularFile(found.path())) {
        throw new AccessDeniedException(path.toString(), null, "is no file");
      }
      known.remove(LinkOption.NOFOLLOW_LINKS);
      return FileChannel.open(found.path(), known);
    } catch (NoSuchFileException e) {
      if (!makes) {
        throw e;
      }
    }
    known.add(StandardOpenOption.CREATE_NEW);
    known.add(LinkOption.NOFOLLOW_LINKS);
    try (Found parent = parent(path)) {
      return FileChannel.open(parent.path().resolve(name(path)), known);
    }
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path path, DirectoryStream.Filter<? super Path> filter) throws IOException {
    try (Found found = find(path, true)) {
      return new Children(path, Files.newDirectoryStream(found.path()));
    }
  }

  /** A directory's entries under the names that the module knows. */
  private record Children(Path directory, DirectoryStream<Path> entries)
      implements DirectoryStream<Path> {
    @Override
    public Iterator<Path> iterator() {
      Iterator<Path> all = entries.iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return all.hasNext();
        }

        @Override
        public Path next() {
          return directory.resolve(String.valueOf(all.next().getFileName()));
        }
      };
    }

    @Override
    public void close() throws IOException {
      entries.close();
    }
  }

  @Override
  public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
    try (Found parent = parent(path)) {
      Files.createDirectory(parent.path().resolve(name(path)));
    }
  }

  /** The link says what the module said; only following it is confined. */
  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    try (Found parent = parent(link)) {
      Files.createSymbolicLink(parent.path().resolve(name(link)), Path.of(target.toString()));
    }
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    try (Found from = parent(existing);
        Found to = parent(link)) {
      Files.createLink(to.path().resolve(name(link)), from.path().resolve(name(existing)));
    }
  }

  /** Where the link leads, seen from the directory that it is in. */
  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    try (Found parent = parent(link)) {
      Path target = Files.readSymbolicLink(parent.path().resolve(name(link)));
      Path directory = link.getParent();
      return (directory == null ? files.root() : directory).resolve(target.toString());
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    try (Found parent = parent(path)) {
      Files.delete(parent.path().resolve(name(path)));
    }
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    try (Found from = parent(source);
        Found to = parent(target)) {
      Files.move(
          from.path().resolve(name(source)),
          to.path().resolve(name(target)),
          StandardCopyOption.ATOMIC_MOVE);
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isSameFile(Path one, Path other) throws IOException {
    try (Found first = find(one, true);
        Found second = find(other, true)) {
      return Files.isSameFile(first.path(), second.path());
    }
  }

  @Override
  public boolean isHidden(Path path) {
    return false;
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    find(path, true).close();
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    try (Found found = find(path, follows(options))) {
      return Files.readAttributes(found.path(), type);
    }
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    try (Found found = find(path, follows(options))) {
      return Files.readAttributes(found.path(), attributes);
    }
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return type == BasicFileAttributeView.class
        ? type.cast(new Attributes(path, follows(options)))
        : null;
  }

  private final class Attributes implements BasicFileAttributeView {
    private final Path path;
    private final boolean follow;

    private Attributes(Path path, boolean follow) {
      this.path = path;
      this.follow = follow;
    }

    @Override
    public String name() {
      return "basic";
    }

    @Override
    public BasicFileAttributes readAttributes() throws IOException {
      try (Found found = find(path, follow)) {
        return Files.readAttributes(found.path(), BasicFileAttributes.class);
      }
    }

    @Override
    public void setTimes(
        @Nullable FileTime modified, @Nullable FileTime accessed, @Nullable FileTime created)
        throws IOException {
      try (Found found = find(path, follow)) {
        Files.getFileAttributeView(found.path(), BasicFileAttributeView.class)
            .setTimes(modified, accessed, null);
      }
    }
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getScheme() {
    return "guest";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException();
  }
}
