package dev.carafe.spi.mounts;

import java.util.List;
import java.util.Objects;

/**
 * A mount call written down; whoever needs the files performs it.
 *
 * @param type file system type or {@code bind}
 * @param source device, directory, or whatever the type wants
 * @param target path below the root that is being mounted, or empty for the root itself
 * @param options as in {@code mount -o}, one per element, for example {@code ro}, {@code rbind},
 *     {@code lowerdir=...}
 */
public record Mount(String type, String source, String target, List<String> options) {
  public Mount {
    Objects.requireNonNull(type);
    Objects.requireNonNull(source);
    Objects.requireNonNull(target);
    options = List.copyOf(options);
  }

  public Mount(String type, String source, List<String> options) {
    this(type, source, "", options);
  }

  /** Whether the options say {@code ro}. */
  public boolean readOnly() {
    return options.contains("ro");
  }
}
