package dev.carafe.metadata;

import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.layer;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A database that is not the latest must not cost anybody data. */
@ExtendWith(LeakCheck.class)
class TrustTest {
  private World world;

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
  }

  private void fill() {
    blob(world.stores(), "a", refs("root", "1"));
    layer(world.stores(), "s", null);
    world.stores().snapshotter(SNAPSHOTTER).updateLabels(key("s"), _ -> refs("root", "1"));
    world.close();
  }

  private void assertBackendsAreLeftAlone() {
    assertTrue(world.metadata().suspicion().isPresent());
    world.collect();
    assertEquals(1, world.backendBlobs().size());
    assertTrue(world.backendSnapshots().size() >= 1);
  }

  @Test
  void freshStartIsTrusted() {
    assertTrue(world.metadata().suspicion().isEmpty());
    world.restart();
    assertTrue(world.metadata().suspicion().isEmpty());
  }

  @Test
  void aBackEndThatSaysNothingDoesNotHoldUpTheStart() {
    CountDownLatch never = new CountDownLatch(1);
    Snapshotter mute =
        (Snapshotter)
            Proxy.newProxyInstance(
                Snapshotter.class.getClassLoader(),
                new Class<?>[] {Snapshotter.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("forEach")) {
                    never.await();
                  }
                  return Calls.invoke(world.snapshotter, method, arguments);
                });
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> world.open(world.database, world.content, Map.of(SNAPSHOTTER, mute)).close());
  }

  @Test
  void lostDatabaseLeavesBackendsAlone() throws IOException {
    fill();
    world.database = new MemoryMetadataDatabase();
    assertBackendsAreLeftAlone();

    world.restart();
    assertBackendsAreLeftAlone();
  }

  @Test
  void lostDatabaseIsSeenWithoutItsWatermarkToo() throws IOException {
    fill();
    world.database = new MemoryMetadataDatabase();
    Files.delete(world.root.resolve("watermark"));
    assertBackendsAreLeftAlone();
    assertEquals(
        "the database is new and there is something in the content store, snapshotter memory",
        world.metadata().suspicion().orElseThrow());
  }

  @Test
  void olderDatabaseIsSeen() throws IOException {
    fill();
    Watermark watermark = new Watermark(world.root.resolve("watermark"));
    Watermark.Mark mark = watermark.read();
    watermark.write(new Watermark.Mark(mark.database(), mark.revision() + 1000));
    assertBackendsAreLeftAlone();
  }

  @Test
  void backendsThatAreAheadAreSeen() {
    fill();
    world.snapshotter.prepare(key("default/999999/later"), null, Map.of());

    world.metadata();
    world.collect();

    assertTrue(world.backendSnapshots().contains("default/999999/later"));
    assertTrue(world.metadata().suspicion().isPresent());
    world.restart();
    world.stores().snapshotter(SNAPSHOTTER).prepare(key("new"), null, Map.of());
    assertTrue(
        world.backendSnapshots().stream().anyMatch(name -> name.matches("default/1[0-9]{6}/new")),
        () -> world.backendSnapshots().toString());
  }

  @Test
  void operatorsWordCounts() {
    fill();
    world.database = new MemoryMetadataDatabase();
    world.metadata();
    world.close();

    world.config =
        new MetadataConfig(
            ContentSharing.SHARED, Duration.ofHours(24), true, Duration.ofSeconds(10));
    assertTrue(world.metadata().suspicion().isEmpty());
    world.collect();

    assertEquals(Set.of(), world.backendBlobs());
    assertEquals(Set.of(), world.backendSnapshots());
    world.config = MetadataConfig.DEFAULT;
    world.restart();
    assertTrue(world.metadata().suspicion().isEmpty());
  }

  @Test
  void lostDatabaseIsFilledAgainFromWhatBackendsHave() {
    fill();
    world.database = new MemoryMetadataDatabase();

    blob(world.stores(), "a", Map.of());
    layer(world.stores(), "s", null);

    assertEquals(1, world.backendBlobs().size());
    assertEquals(2, world.backendSnapshots().size());
  }

  @Test
  void numbersThatABackendKnowsAreSkipped() {
    world.metadata();
    for (int i = 1; i <= 3; i++) {
      world.snapshotter.prepare(key("default/" + i + "/x"), null, Map.of());
    }

    world.stores().snapshotter(SNAPSHOTTER).prepare(key("x"), null, Map.of());

    assertTrue(world.backendSnapshots().contains("default/4/x"));
  }

  @Test
  void damagedWatermarkIsWrittenAnew() throws IOException {
    fill();
    for (String damage : List.of("", "carafe-watermark 1\nx\nmany\n", "x".repeat(5000))) {
      Files.writeString(world.root.resolve("watermark"), damage);
      world.restart();
      assertTrue(world.metadata().suspicion().isEmpty());
      assertTrue(Files.readString(world.root.resolve("watermark")).startsWith("carafe-watermark"));
    }
  }

  @Test
  void newerSchemaIsRefused() {
    world.metadata();
    world.close();
    world.database.write(tx -> Facts.setNumber(tx, Facts.SCHEMA, 7));

    var refused = assertThrows(FailedPreconditionException.class, world::metadata);

    assertEquals(
        "metadata has schema 7, and this daemon knows none newer than 1", refused.getMessage());
  }

  @Test
  void migrationsRunOnceAndInOrder() {
    Ledger ledger = new Ledger(world.database, world.events, new BackendGarbage(), world.clock);
    assertTrue(Migrations.run(ledger, List.of()));
    List<Migrations.Step> steps =
        List.of(
            change -> Facts.setText(change.tx(), "trace", "one"),
            change ->
                Facts.setText(change.tx(), "trace", Facts.text(change.tx(), "trace") + " two"));

    for (int i = 0; i < 2; i++) {
      assertTrue(!Migrations.run(ledger, steps));
      assertEquals("one two", ledger.<String>view(tx -> Facts.text(tx, "trace")));
      assertEquals(3, ledger.<Long>view(tx -> Facts.number(tx, Facts.SCHEMA)));
    }
  }

  @Test
  void failedMigrationIsRepeatedFromWhereItFailed() {
    Ledger ledger = new Ledger(world.database, world.events, new BackendGarbage(), world.clock);
    Migrations.run(ledger, List.of());
    Migrations.Step one = change -> Facts.setText(change.tx(), "trace", "one");
    Migrations.Step broken =
        change -> {
          Facts.setText(change.tx(), "trace", "half");
          throw new FailedPreconditionException("on purpose");
        };

    assertThrows(
        FailedPreconditionException.class, () -> Migrations.run(ledger, List.of(one, broken)));

    assertEquals("one", ledger.<String>view(tx -> Facts.text(tx, "trace")));
    assertEquals(2, ledger.<Long>view(tx -> Facts.number(tx, Facts.SCHEMA)));
  }
}
