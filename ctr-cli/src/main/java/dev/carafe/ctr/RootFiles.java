package dev.carafe.ctr;

import dev.carafe.api.types.Mount;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.oci.ContainerUser;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A container's user files, read before it runs. They are hostile: only regular files of at most 10 MiB are read (CVE-2026-47262), and no
 * link leads out of the root.
 *
 * <p>The layers' directories are looked into directly; where a link is in the way, the root is mounted, attached nowhere, and the kernel
 * resolves the path inside it.
 */
final class RootFiles implements ContainerUser.Files {
  private static final int LIMIT = 10 << 20;

  private final List<Mount> mounts;

  RootFiles(List<Mount> mounts) {
    this.mounts = List.copyOf(mounts);
  }

  @Override
  public Iterable<String> passwd() {
    return lines("passwd");
  }

  @Override
  public Iterable<String> group() {
    return lines("group");
  }

  private List<String> lines(String name) {
    try {
      byte[] bytes = inLayers(name);
      return new String(bytes, StandardCharsets.ISO_8859_1).lines().toList();
    } catch (LinkInTheWay e) {
      return new String(mounted(name), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A path in a layer is, or leads through, a link. */
  private static final class LinkInTheWay extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private byte[] inLayers(String name) throws IOException, LinkInTheWay {
    for (Path layer : layers()) {
      BasicFileAttributes etc = attributes(layer.resolve("etc"));
      if (etc == null) {
        continue;
      }
      if (!etc.isDirectory()) {
        return missing(etc);
      }
      Path file = layer.resolve("etc").resolve(name);
      BasicFileAttributes found = attributes(file);
      if (found != null) {
        return found.isRegularFile() ? bounded(file, found.size()) : missing(found);
      }
    }
    return new byte[0];
  }

  /** What is no file: a link has to be followed, a whiteout means that there is none. */
  private static byte[] missing(BasicFileAttributes found) throws LinkInTheWay {
    if (found.isSymbolicLink()) {
      throw new LinkInTheWay();
    }
    return new byte[0];
  }

  private static byte[] bounded(Path file, long size) throws IOException {
    if (size > LIMIT) {
      throw new ResourceExhaustedException("/etc/" + file.getFileName() + " of the image has " + size + " bytes, more than " + LIMIT);
    }
    try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return in.readNBytes(LIMIT);
    }
  }

  private static @Nullable BasicFileAttributes attributes(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Directories of the layers, topmost first. */
  private List<Path> layers() throws LinkInTheWay {
    if (mounts.size() != 1) {
      throw new LinkInTheWay();
    }
    Mount mount = mounts.getFirst();
    List<Path> layers = new ArrayList<>();
    switch (mount.getType()) {
      case "bind" -> layers.add(Path.of(mount.getSource()));
      case "overlay" -> {
        for (String option : mount.getOptionsList()) {
          if (option.startsWith("lowerdir=")) {
            for (String directory : option.substring("lowerdir=".length()).split(":")) {
              layers.add(Path.of(directory));
            }
          }
        }
      }
      default -> throw new LinkInTheWay();
    }
    return layers;
  }

  private byte[] mounted(String name) {
    List<dev.carafe.spi.mounts.Mount> records =
        mounts.stream()
            .map(
                m ->
                    new dev.carafe.spi.mounts.Mount(
                        m.getType(), m.getSource(), m.getTarget(), m.getOptionsList()))
            .toList();
    try (Fd root = DetachedMount.open(records);
        Fd file =
            PathCalls.openat2(
                root,
                RawPath.of("etc/" + name),
                OpenFlags.RDONLY | OpenFlags.NONBLOCK,
                0,
                ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS)) {
      Path opened = Path.of("/proc/self/fd/" + file.number());
      BasicFileAttributes found = Files.readAttributes(opened, BasicFileAttributes.class);
      if (!found.isRegularFile()) {
        throw new InvalidArgumentException("/etc/" + name + " of the image is no regular file");
      }
      if (found.size() > LIMIT) {
        throw new ResourceExhaustedException("/etc/" + name + " of the image has " + found.size() + " bytes, more than " + LIMIT);
      }
      try (var in = Files.newInputStream(opened)) {
        return in.readNBytes(LIMIT);
      }
    } catch (ErrnoException e) {
      if (e.is(dev.carafe.linux.Errno.ENOENT) || e.is(dev.carafe.linux.Errno.ENOTDIR)) {
        return new byte[0];
      }
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
