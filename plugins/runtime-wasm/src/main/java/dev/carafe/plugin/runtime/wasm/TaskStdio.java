package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.CriLogTarget;
import dev.carafe.spi.runtimes.Stdio;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a module reads and writes. A FIFO is opened for both: so neither this side nor a module
 * that writes waits for a client to come, nor is one that leaves an error. All waits end when the
 * thread is interrupted.
 */
final class TaskStdio implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private InputStream stdin = InputStream.nullInputStream();
  private OutputStream stdout = OutputStream.nullOutputStream();
  private OutputStream stderr = OutputStream.nullOutputStream();
  private @Nullable FileChannel stdinKeeper;
  private @Nullable CriLogFile log;

  private TaskStdio() {}

  /**
   * Opens what the names say.
   *
   * @throws InvalidArgumentException if a name is none
   * @throws NotFoundException if there is no such file
   * @throws UnimplementedException for a terminal, a logging binary and systemd's journal
   */
  static TaskStdio open(Stdio names) {
    if (names.terminal()) {
      throw new UnimplementedException("terminal: a WebAssembly task has none");
    }
    TaskStdio stdio = new TaskStdio();
    boolean done = false;
    try {
      Optional<CriLogTarget> target = CriLogTarget.of(names);
      if (target.isPresent()) {
        stdio.openLog(target.get());
      } else {
        stdio.openFiles(names);
      }
      done = true;
      return stdio;
    } catch (NoSuchFileException e) {
      throw new NotFoundException("stdio \"" + e.getFile() + "\": not found", e);
    } catch (IOException e) {
      throw new FailedPreconditionException("stdio: " + e.getMessage(), e);
    } finally {
      if (!done) {
        stdio.close();
      }
    }
  }

  private void openLog(CriLogTarget target) throws IOException {
    if (!target.journal().isEmpty()) {
      throw new UnimplementedException("stdio: a WebAssembly task does not write to the journal");
    }
    CriLogFile file = keep(new CriLogFile(target.path()));
    log = file;
    stdout = file.stream(false);
    stderr = file.stream(true);
  }

  private void openFiles(Stdio names) throws IOException {
    if (!names.stdin().isEmpty()) {
      stdin = input(path(names.stdin()));
    }
    if (!names.stdout().isEmpty()) {
      stdout = output(names.stdout());
    }
    if (!names.stderr().isEmpty()) {
      stderr = names.stderr().equals(names.stdout()) ? stdout : output(names.stderr());
    }
  }

  private InputStream input(Path path) throws IOException {
    if (!isFifo(path)) {
      return new ChannelInput(keep(FileChannel.open(path, StandardOpenOption.READ)), null);
    }
    stdinKeeper = keep(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    FileChannel channel = keep(FileChannel.open(path, StandardOpenOption.READ));
    return new ChannelInput(channel, keep(new FileInputStream(path.toFile())));
  }

  private OutputStream output(String name) throws IOException {
    Path path = path(name);
    if (name.startsWith("file:")) {
      Files.createDirectories(path.getParent());
      return new ChannelOutput(
          keep(
              FileChannel.open(
                  path,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.APPEND)));
    }
    return new ChannelOutput(
        keep(
            isFifo(path)
                ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.APPEND)));
  }

  private static boolean isFifo(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).isOther();
  }

  private static Path path(String name) {
    if (name.startsWith("/")) {
      return Path.of(name);
    }
    try {
      URI uri = new URI(name);
      String path = uri.getPath();
      boolean absolute = uri.getAuthority() == null && path != null && path.length() > 1;
      if (absolute && "binary".equals(uri.getScheme())) {
        throw new UnimplementedException("stdio: a WebAssembly task starts no logging binary");
      }
      if (absolute && "file".equals(uri.getScheme()) && path.indexOf(0) < 0) {
        return Path.of(path);
      }
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("stdio \"" + name + "\": " + e.getMessage(), e);
    }
    throw new InvalidArgumentException("stdio \"" + name + "\": neither a path nor a known URI");
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  InputStream stdin() {
    return stdin;
  }

  OutputStream stdout() {
    return stdout;
  }

  OutputStream stderr() {
    return stderr;
  }

  /** From now on standard input ends when its last writer leaves. */
  synchronized void closeStdin() {
    if (stdinKeeper != null) {
      close(stdinKeeper);
    }
  }

  /**
   * Opens the log anew.
   *
   * @throws UnimplementedException if output is no log
   */
  void reopenLog() {
    if (log == null) {
      throw new UnimplementedException("the task's output is no log");
    }
    try {
      log.reopen();
    } catch (IOException e) {
      throw new FailedPreconditionException("log: " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized void close() {
    open.forEach(TaskStdio::close);
    open.clear();
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception _) {
      // Nothing was buffered.
    }
  }

  private static final class ChannelInput extends InputStream {
    private final FileChannel channel;
    private final @Nullable FileInputStream size;

    /**
     * @param size the same FIFO, to be asked how much is there
     */
    private ChannelInput(FileChannel channel, @Nullable FileInputStream size) {
      this.channel = channel;
      this.size = size;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return channel.read(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public int available() throws IOException {
      return size == null ? 1 : size.available();
    }
  }

  private static final class ChannelOutput extends OutputStream {
    private final FileChannel channel;

    private ChannelOutput(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }
  }
}
