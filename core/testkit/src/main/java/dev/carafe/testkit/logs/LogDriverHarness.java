package dev.carafe.testkit.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** How to open a driver under test, and how to see what it did. */
public interface LogDriverHarness {
  /**
   * Opens the driver so that what it takes gets somewhere below {@code root}, or to something that
   * the harness has running. A second time on the same root stands for a new daemon.
   */
  LogDriver open(Path root) throws Exception;

  /**
   * What has arrived of a container so far, in order. Asked repeatedly for some seconds. Of times
   * only the seconds are compared.
   */
  default List<LogLine> arrived(Path root, LoggedContainer container) throws Exception {
    return List.of();
  }

  /** Behaviours that this driver declines; the kit then checks that it refuses as documented. */
  default Set<Behaviour> declines() {
    return EnumSet.noneOf(Behaviour.class);
  }

  /** What not every driver does. */
  enum Behaviour {
    /** Takes lines; else it only names destinations, or not even that. */
    FOLLOWS,
    /** Leaves out lines that come again after a crash. */
    LEAVES_OUT_WHAT_COMES_AGAIN,
    /** Keeps bytes that are not UTF-8 as they are. */
    KEEPS_ANY_BYTES
  }
}
