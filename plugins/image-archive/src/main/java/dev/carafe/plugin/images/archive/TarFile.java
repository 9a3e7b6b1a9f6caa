package dev.carafe.plugin.images.archive;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InputStream;

/** A tar archive at rest: read through once for its names, then each of its files by its place. */
final class TarFile implements Members {
  /** A file's place in the archive. */
  record Place(long start, long size) {}

  private final Fd file;
  private final Names<Place> names;

  private TarFile(Fd file, Names<Place> names) {
    this.file = file;
    this.names = names;
  }

  /** Takes the file over, also where this fails. */
  static TarFile of(Fd file, ImageArchiveConfig limits) throws IOException {
    boolean done = false;
    try {
      FileInput in = new FileInput(file, false, 0, FileCalls.fstat(file).size());
      TarEntries entries = new TarEntries(in, limits);
      Names<Place> names = new Names<>();
      for (TarEntries.Entry entry = entries.next(); entry != null; entry = entries.next()) {
        switch (entry.type()) {
          case FILE -> {
            Place before = names.file(entry.name(), new Place(in.position(), entry.size()));
            if (before != null && !entry.name().contains("/")) {
              throw new InvalidArgumentException(
                  "image archive: has \"" + TarEntries.printable(entry.name()) + "\" twice");
            }
          }
          case SYMLINK, HARD_LINK -> names.link(entry.name(), entry.link());
          case OTHER -> {}
        }
      }
      done = true;
      return new TarFile(file, names);
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  Place find(String name) {
    return names.find(name);
  }

  InputStream open(Place place, long offset) {
    return new FileInput(file, false, place.start() + offset, place.start() + place.size());
  }

  @Override
  public InputStream open(String name, long offset) {
    return open(find(name), offset);
  }

  @Override
  public void close() {
    file.close();
  }
}
