package dev.carafe.ctr;

import dev.carafe.linux.Fd;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * FIFOs for a process's standard streams, in a directory that only this user may enter. This
 * program's ends are open from the beginning, so that the daemon never finds a FIFO without a
 * reader; until {@link #release} the other ends are held open too, so that nothing ends before it
 * has begun.
 */
final class Fifos implements AutoCloseable {
  static final String STDIN = "stdin";
  static final String STDOUT = "stdout";
  static final String STDERR = "stderr";

  private final Path directory;
  private final List<String> names;
  private final List<Closeable> held = new ArrayList<>();
  private boolean linked = true;

  private Fifos(Path directory, List<String> names) {
    this.directory = directory;
    this.names = names;
  }

  /**
   * Makes FIFOs.
   *
   * @param base a directory that the daemon sees under the same name
   */
  static Fifos make(Path base, List<String> names) throws IOException {
    String unique = ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    Fifos fifos = new Fifos(base.resolve("carafe-fifo-" + unique), names);
    try {
      PathCalls.mkdirat(Fd.CWD, RawPath.of(fifos.directory), 0700);
      for (String name : names) {
        PathCalls.mkfifoat(Fd.CWD, RawPath.of(fifos.directory.resolve(name)), 0600);
        fifos.held.add(new RandomAccessFile(fifos.path(name), "rw"));
      }
      return fifos;
    } catch (IOException | RuntimeException e) {
      fifos.close();
      throw e;
    }
  }

  /** Where a FIFO is, or an empty text if there is none of that name. */
  String path(String name) {
    return names.contains(name) ? directory.resolve(name).toString() : "";
  }

  InputStream source(String name) throws IOException {
    return new FileInputStream(path(name));
  }

  OutputStream sink(String name) throws IOException {
    return new FileOutputStream(path(name));
  }

  /** The daemon has opened its ends: from now on streams end with it, and names are of no use. */
  synchronized void release() throws IOException {
    for (Closeable end : held) {
      end.close();
    }
    held.clear();
    if (linked) {
      linked = false;
      for (String name : names) {
        Files.deleteIfExists(directory.resolve(name));
      }
      Files.deleteIfExists(directory);
    }
  }

  @Override
  public void close() throws IOException {
    release();
  }
}
