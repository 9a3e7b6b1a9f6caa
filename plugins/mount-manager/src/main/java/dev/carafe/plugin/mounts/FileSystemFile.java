package dev.carafe.plugin.mounts;

import dev.carafe.linux.HelperProgram;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file with an empty file system, as {@code mkfs/} wants it. It comes into being under its name
 * only when it is whole and on the medium; one that is there is left as it is.
 *
 * @param size bytes; the file is sparse
 * @param uuid of the file system, or null for one of its own
 */
record FileSystemFile(Path file, Type type, long size, @Nullable String uuid) {
  static final String PREFIX = "X-containerd.mkfs.";

  private static final Pattern SIZE =
      Pattern.compile("([0-9]{1,15})(?: ?([kmgtp])(?:i?b)?|b)?", Pattern.CASE_INSENSITIVE);
  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final long LARGEST = 64L << 40;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int OUTPUT = 4096;
  private static final List<Path> DIRECTORIES =
      List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"), Path.of("/bin"));

  /** What can be made, and how its program is told. */
  enum Type {
    EXT2("-U"),
    EXT3("-U"),
    EXT4("-U"),
    XFS("-m");

    private final String uuidFlag;

    Type(String uuidFlag) {
      this.uuidFlag = uuidFlag;
    }

    String program() {
      return "mkfs." + name().toLowerCase(Locale.ROOT);
    }

    List<String> arguments(@Nullable String uuid, Path file) {
      List<String> arguments = new ArrayList<>(List.of("-q", this == XFS ? "-f" : "-F"));
      if (uuid != null) {
        arguments.addAll(List.of(uuidFlag, this == XFS ? "uuid=" + uuid : uuid));
      }
      arguments.add(file.toString());
      return arguments;
    }
  }

  /**
   * Reads what a mount wants.
   *
   * @throws InvalidArgumentException if an option is missing, unknown or wrong
   */
  static FileSystemFile of(String source, List<String> options) {
    Map<String, String> values = new java.util.HashMap<>();
    for (String option : options) {
      if (option.startsWith(PREFIX)) {
        String[] pair = option.substring(PREFIX.length()).split("=", 2);
        if (pair.length < 2 || !List.of("size", "fs", "uuid").contains(pair[0])) {
          throw wrong(option);
        }
        values.put(pair[0], pair[1]);
      }
    }
    Path file = Path.of(source);
    if (!file.isAbsolute() || !file.equals(file.normalize()) || file.getFileName() == null) {
      throw new InvalidArgumentException("mkfs: \"" + source + "\" is no absolute path of a file");
    }
    String uuid = values.get("uuid");
    if (uuid != null && !UUID_FORM.matcher(uuid).matches()) {
      throw wrong(PREFIX + "uuid=" + uuid);
    }
    return new FileSystemFile(
        file, type(values.getOrDefault("fs", "")), bytes(values.getOrDefault("size", "")), uuid);
  }

  private static Type type(String name) {
    for (Type type : Type.values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(name)) {
        return type;
      }
    }
    throw wrong(PREFIX + "fs=" + name);
  }

  private static long bytes(String text) {
    Matcher size = SIZE.matcher(text);
    if (!size.matches()) {
      throw wrong(PREFIX + "size=" + text);
    }
    String unit = size.group(2);
    int shift = unit == null ? 0 : 10 * ("kmgtp".indexOf(unit.toLowerCase(Locale.ROOT)) + 1);
    long number = Long.parseLong(size.group(1));
    if (number == 0 || number > LARGEST >> shift) {
      throw wrong(PREFIX + "size=" + text);
    }
    return number << shift;
  }

  private static InvalidArgumentException wrong(String option) {
    return new InvalidArgumentException(
        "mount option " + option.replaceAll("\\p{Cntrl}", "?") + ": not understood");
  }

  /** Makes it, unless it is there. */
  void make(HelperProgram programs) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      requireFile();
      return;
    }
    Path program = program();
    Path part = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
    try (FileChannel channel =
        (FileChannel)
            Files.newByteChannel(
                part,
                java.util.Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rw-------")))) {
      channel.position(size - 1);
      channel.write(java.nio.ByteBuffer.wrap(new byte[1]));
      run(programs, program, part);
      channel.force(true);
      Files.createLink(file, part);
      sync(file.getParent());
    } catch (FileAlreadyExistsException e) {
      requireFile();
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private void requireFile() {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new AlreadyExistsException("mkfs: \"" + file + "\" is there and is no file");
    }
  }

  private static void sync(@Nullable Path directory) throws IOException {
    if (directory != null) {
      try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
        opened.force(true);
      }
    }
  }

  private Path program() {
    for (Path directory : DIRECTORIES) {
      Path candidate = directory.resolve(type.program());
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new UnimplementedException("mkfs: " + type.program() + " is not installed");
  }

  private void run(HelperProgram programs, Path program, Path part) {
    try {
      HelperProgram.Result result =
          programs.run(program, type.arguments(uuid, part), new byte[0], PATIENCE, OUTPUT);
      if (!result.succeeded()) {
        throw new FailedPreconditionException(
            "mkfs: " + type.program() + ": " + result.errorText().strip());
      }
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          "mkfs: " + type.program() + " has not ended in " + PATIENCE.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("mkfs: cancelled", e);
    }
  }
}
