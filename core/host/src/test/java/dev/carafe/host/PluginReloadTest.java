package dev.carafe.host;

import static dev.carafe.host.FakePlugins.A;
import static dev.carafe.host.FakePlugins.B;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.FakePlugins.Settings;
import dev.carafe.host.FakePlugins.Thing;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.Reloadable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plugin may want without needing it, and what it can take while it runs. */
class PluginReloadTest {
  @TempDir Path directory;
  private final FakePlugins plugins = new FakePlugins();
  private final List<Settings> taken = new ArrayList<>();

  private record Plain(String name) implements Thing {
    @Override
    public void touch() {}
  }

  private final class Taking implements Thing, Reloadable<Settings> {
    @Override
    public String name() {
      return "taking";
    }

    @Override
    public void touch() {}

    @Override
    public void reload(Settings settings) {
      if (settings.retries() == 13) {
        throw new InvalidArgumentException("retries 13 needs a restart");
      }
      taken.add(settings);
    }
  }

  private static PluginDeclaration<Thing, Settings> wanting(String id, PluginType<?> kind) {
    return new PluginDeclaration<>(A, id, List.of(), List.of(kind), false, Settings.DEFAULT);
  }

  private PluginHost start() throws IOException {
    return PluginHost.start(config(), plugins.found());
  }

  private DaemonConfig config(String... lines) throws IOException {
    Path file = Files.writeString(directory.resolve("config.toml"), String.join("\n", lines));
    return ConfigLoader.load(
        new ConfigLoader.Flags(file, directory.resolve("root"), directory.resolve("state"), null));
  }

  @Test
  void whatIsWantedComesFirstAndIsHandedOver() throws IOException {
    plugins
        .add(
            wanting("a1", B),
            (context, settings) -> {
              plugins.note("wanted " + context.wanted(B).keySet());
              return new Plain("a1");
            })
        .add(B, "b1");
    try (PluginHost host = start()) {
      assertEquals(List.of("create b1", "wanted [b1]"), plugins.log);
    }
  }

  @Test
  void whatIsWantedNeedNotBeThere() throws IOException {
    plugins.add(wanting("a1", B), (context, settings) -> new Plain("" + context.wanted(B).size()));
    try (PluginHost host = start()) {
      assertEquals("0", host.require(A).name());
    }
  }

  @Test
  void whatIsWantedAndFailedFailsWhoWantsIt() throws IOException {
    plugins
        .add(wanting("a1", B), (context, settings) -> new Plain("a1"))
        .add(B, "b1")
        .addFailing(B, "b2", false);
    try (PluginHost host = start()) {
      PluginStatus status =
          host.graph().plugins().stream()
              .filter(plugin -> plugin.id().equals("a1"))
              .findFirst()
              .orElseThrow();
      assertEquals(PluginStatus.State.FAILED, status.state());
      assertTrue(String.valueOf(status.error()).startsWith("wants b.v1.b2: "), status.error());
    }
  }

  @Test
  void onlyWhatIsDeclaredIsHandedOver() throws IOException {
    plugins.add(
        A,
        "a1",
        false,
        (context, settings) -> {
          context.wanted(B);
          return new Plain("a1");
        });
    try (PluginHost host = start()) {
      assertEquals(PluginStatus.State.FAILED, host.graph().plugins().getFirst().state());
    }
  }

  @Test
  void aChangedTableIsHandedToWhoCanTakeIt() throws IOException {
    plugins.add(A, "a1", false, (context, settings) -> new Taking()).add(B, "b1");
    try (PluginHost host = start()) {
      DaemonConfig next =
          config("[plugins.\"a.v1.a1\"]", "retries = 9", "[plugins.\"b.v1.b1\"]", "retries = 9");

      assertEquals(
          List.of("a.v1.a1: reloaded", "b.v1.b1: needs a restart"), sorted(host.reload(next)));
      assertEquals(List.of(new Settings("/etc/x", 9)), taken);
      assertEquals(List.of("b.v1.b1: needs a restart"), host.reload(next));
      assertEquals(1, taken.size());
    }
  }

  @Test
  void whatAPluginRefusesIsSaid() throws IOException {
    plugins.add(A, "a1", false, (context, settings) -> new Taking());
    try (PluginHost host = start()) {
      assertEquals(
          List.of("a.v1.a1: not reloaded: retries 13 needs a restart"),
          host.reload(config("[plugins.\"a.v1.a1\"]", "retries = 13")));
      assertEquals(
          List.of("a.v1.a1: deadline_seconds, max_calls and max_waits need a restart"),
          host.reload(config("[plugins.\"a.v1.a1\"]", "max_calls = 7")));
    }
  }

  @Test
  void withAMistakeNothingChanges() throws IOException {
    plugins.add(A, "a1", false, (context, settings) -> new Taking());
    try (PluginHost host = start()) {
      DaemonConfig wrong = config("[plugins.\"a.v1.a1\"]", "retries = 9", "retris = 1");
      assertThrows(InvalidArgumentException.class, () -> host.reload(wrong));
      assertEquals(List.of(), taken);
    }
  }

  private static List<String> sorted(List<String> lines) {
    return lines.stream().sorted().toList();
  }
}
