package dev.carafe.integration.plugins;

import java.util.List;

/**
 * The source of a plugin of one class: an event bus or a differ whose creation and calls do what
 * the test says.
 */
record BusSource(
    String className,
    String kind,
    String id,
    List<String> requires,
    boolean essential,
    String create,
    String publish) {

  /** An event bus that does nothing. */
  static BusSource named(String id) {
    String name = Character.toUpperCase(id.charAt(0)) + id.substring(1) + "Factory";
    return new BusSource("vendor." + name, "EVENT_BUS", id, List.of(), false, "", "");
  }

  BusSource creating(String code) {
    return new BusSource(className, kind, id, requires, essential, code, publish);
  }

  BusSource publishing(String code) {
    return new BusSource(className, kind, id, requires, essential, create, code);
  }

  /** Requires kinds by the names of their constants in PluginTypes. */
  BusSource requiring(String... kinds) {
    return new BusSource(className, kind, id, List.of(kinds), essential, create, publish);
  }

  BusSource asEssential() {
    return new BusSource(className, kind, id, requires, true, create, publish);
  }

  BusSource asDiffer() {
    return new BusSource(className, "DIFFER", id, requires, essential, create, publish);
  }

  String code() {
    String contract = kind.equals("DIFFER") ? "Differ" : "EventBus";
    String simple = className.substring(className.lastIndexOf('.') + 1);
    String required =
        String.join(", ", requires.stream().map(constant -> "PluginTypes." + constant).toList());
    return """
    package vendor;

    import dev.carafe.spi.content.Digest;
    import dev.carafe.spi.diffs.*;
    import dev.carafe.spi.events.*;
    import dev.carafe.spi.plugins.*;
    import java.io.InputStream;
    import java.io.OutputStream;
    import java.util.List;
    import java.util.function.Predicate;

    @dev.carafe.spi.plugins.CarafePlugin
    public class %1$s implements PluginFactory<%2$s, %1$s.Config> {
      public record Config(String text) {}

      @Override
      public PluginDeclaration<%2$s, Config> declaration() {
        return new PluginDeclaration<>(
            PluginTypes.%3$s, "%4$s", List.of(%5$s), %6$s, new Config("default"));
      }

      @Override
      public %2$s create(PluginContext context, Config config) {
        try {
          %7$s
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
        return new Made();
      }

      static class Made implements %2$s, AutoCloseable {
        %8$s
        @Override
        public void close() {
          System.setProperty("carafe.test.closed", "%4$s");
        }
      }
    }
    """
        .formatted(simple, contract, kind, id, required, essential, create, members(contract));
  }

  private String members(String contract) {
    if (contract.equals("Differ")) {
      return """
      @Override
      public AppliedLayer apply(ApplyRequest request, InputStream archive) {
        throw new IllegalStateException();
      }

      @Override
      public Digest diff(DiffRequest request, OutputStream archive) {
        throw new IllegalStateException();
      }
      """;
    }
    return """
    @Override
    public void publish(Envelope envelope) {
      %s
    }

    @Override
    public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
      throw new dev.carafe.spi.errors.NotFoundException("nobody publishes here");
    }
    """
        .formatted(publish);
  }
}
