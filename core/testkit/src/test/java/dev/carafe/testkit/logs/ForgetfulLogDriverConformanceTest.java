package dev.carafe.testkit.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A driver that keeps nothing of what it has taken but sends it on: it does not count. */
class ForgetfulLogDriverConformanceTest extends LogDriverConformance {
  @Override
  protected LogDriverHarness harness() {
    return new Receiver();
  }

  private static final class Receiver implements LogDriverHarness {
    private static final Map<String, List<LogLine>> RECEIVED = new ConcurrentHashMap<>();

    private static List<LogLine> of(Path root, LoggedContainer container) {
      return RECEIVED.computeIfAbsent(
          root + " " + container.id(), _ -> new CopyOnWriteArrayList<>());
    }

    @Override
    public LogDriver open(Path root) {
      return new LogDriver() {
        @Override
        public boolean follows() {
          return true;
        }

        @Override
        public void write(LoggedContainer container, long first, List<LogLine> lines) {
          of(root, container).addAll(lines);
        }
      };
    }

    @Override
    public List<LogLine> arrived(Path root, LoggedContainer container) {
      return of(root, container);
    }

    @Override
    public Set<Behaviour> declines() {
      return EnumSet.of(Behaviour.LEAVES_OUT_WHAT_COMES_AGAIN);
    }
  }
}
