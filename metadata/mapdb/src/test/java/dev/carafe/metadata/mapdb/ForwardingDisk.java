package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.nio.file.Path;

/** The real disk, with a place to stand before and instead of each call. Forces cost nothing. */
class ForwardingDisk implements Disk {
  private final SystemDisk system = new SystemDisk();

  /** What a call is about to do. */
  enum Kind {
    CREATE,
    WRITE,
    WRITE_DURABLE,
    TRUNCATE,
    SYNC,
    SYNC_DIRECTORY,
    RENAME,
    DELETE
  }

  /** Called before the call; an exception takes its place. */
  void before(Kind kind, Path path, long position, byte[] bytes, int length) throws IOException {}

  /** Called after the call. */
  void after(Kind kind, Path path, long position, byte[] bytes, int length) {}

  /** Whether forces reach the device. */
  boolean forces() {
    return false;
  }

  private interface Call {
    void run() throws IOException;
  }

  private static final byte[] NOTHING = {};

  private void around(Kind kind, Path path, Call call) throws IOException {
    around(kind, path, 0, NOTHING, 0, call);
  }

  private void around(Kind kind, Path path, long position, byte[] bytes, int length, Call call)
      throws IOException {
    before(kind, path, position, bytes, length);
    call.run();
    after(kind, path, position, bytes, length);
  }

  @Override
  public Output create(Path path) throws IOException {
    before(Kind.CREATE, path, 0, NOTHING, 0);
    Output output = system.create(path);
    after(Kind.CREATE, path, 0, NOTHING, 0);
    return forwarding(path, output, Kind.WRITE);
  }

  @Override
  public Output open(Path path) throws IOException {
    return forwarding(path, system.open(path), Kind.WRITE);
  }

  @Override
  public Output openDurable(Path path) throws IOException {
    return forwarding(
        path, forces() ? system.openDurable(path) : system.open(path), Kind.WRITE_DURABLE);
  }

  private Output forwarding(Path path, Output output, Kind write) {
    return new Output() {
      @Override
      public void write(long position, byte[] bytes, int length) throws IOException {
        around(write, path, position, bytes, length, () -> output.write(position, bytes, length));
      }

      @Override
      public void truncate(long length) throws IOException {
        around(Kind.TRUNCATE, path, length, NOTHING, 0, () -> output.truncate(length));
      }

      @Override
      public void sync() throws IOException {
        around(
            Kind.SYNC,
            path,
            () -> {
              if (forces()) {
                output.sync();
              }
            });
      }

      @Override
      public void close() throws IOException {
        output.close();
      }
    };
  }

  @Override
  public void sync(Path path) throws IOException {
    around(
        Kind.SYNC,
        path,
        () -> {
          if (forces()) {
            system.sync(path);
          }
        });
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    around(
        Kind.SYNC_DIRECTORY,
        directory,
        () -> {
          if (forces()) {
            system.syncDirectory(directory);
          }
        });
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    around(Kind.RENAME, to, 0, from.toString().getBytes(), 0, () -> system.rename(from, to));
  }

  @Override
  public void deleteIfExists(Path path) throws IOException {
    around(Kind.DELETE, path, () -> system.deleteIfExists(path));
  }
}
