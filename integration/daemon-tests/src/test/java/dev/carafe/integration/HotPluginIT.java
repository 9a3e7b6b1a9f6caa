package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A snapshotter's jar that comes and goes while the packaged daemon runs. */
@ExtendWith(LeakCheck.class)
class HotPluginIT {
  private static final String URI = "io.containerd.snapshotter.v1.hardlink";

  private static Path install(Path folder) throws IOException {
    Path built = Path.of(System.getProperty("carafe.examples", "target/examples"));
    return Files.copy(
        built.resolve("snapshotter-hardlink.jar"), folder.resolve("snapshotter-hardlink.jar"));
  }

  private static boolean isListed(Carafe carafe) {
    return carafe.lines("plugins", "ls").stream().anyMatch(line -> line.contains(" hardlink "));
  }

  @Test
  void aSnapshotterIsLoadedUsedReloadedAndUnloaded(Lab lab) throws IOException {
    // Given a daemon with an empty folder
    Path folder = lab.directory("plugins");
    TestDaemon daemon = lab.daemon("plugin_dirs = [\"%s\"]\n".formatted(folder));
    Carafe carafe = daemon.carafe();
    String image = ImageStock.busybox().name();
    assertFalse(isListed(carafe));
    assertTrue(
        carafe
            .run("pull", "--quiet", "--snapshotter", "hardlink", image)
            .oneLineError()
            .contains("hardlink"));

    // When a jar is put there and loaded
    Path jar = install(folder);
    assertEquals(URI + "\n", carafe.ok("plugins", "load", jar.toString()));

    // Then it is used at once
    assertTrue(isListed(carafe));
    carafe.ok("pull", "--quiet", "--snapshotter", "hardlink", image);
    assertEquals(
        "hello\n",
        carafe.ok("run", "--rm", "--snapshotter", "hardlink", image, "c1", "echo", "hello"));

    // And it stays while there is something in it
    String refused = carafe.run("plugins", "unload", "hardlink").oneLineError();
    assertTrue(refused.contains("snapshots in namespace " + lab.namespace()), refused);

    // And it is reloaded with what it has
    assertEquals(URI + "\n", carafe.ok("plugins", "reload", "hardlink"));
    assertEquals(
        "again\n",
        carafe.ok("run", "--rm", "--snapshotter", "hardlink", image, "c2", "echo", "again"));

    // And a jar that is no jar any more changes nothing
    Files.writeString(jar, "no jar");
    assertTrue(
        carafe.run("plugins", "reload", "hardlink").code(1).err().contains("cannot be opened"));
    assertEquals(
        "third\n",
        carafe.ok("run", "--rm", "--snapshotter", "hardlink", image, "c3", "echo", "third"));

    // When what it holds is gone
    carafe.ok("images", "rm", "--sync", image);
    assertEquals(URI + "\n", carafe.ok("plugins", "unload", URI));

    // Then it is gone too
    assertFalse(isListed(carafe));
    assertTrue(daemon.api().serving());
  }

  @Test
  void onlyJarsInTheFoldersAreLoaded(Lab lab) throws IOException {
    Path folder = lab.directory("plugins");
    Carafe carafe = lab.daemon("plugin_dirs = [\"%s\"]\n".formatted(folder)).carafe();
    Path elsewhere = install(lab.directory("elsewhere"));

    assertTrue(
        carafe
            .run("plugins", "load", elsewhere.toString())
            .oneLineError()
            .contains("is no jar in one of plugin_dirs"));
    assertTrue(
        carafe
            .run("plugins", "load", folder.resolve("no.jar").toString())
            .oneLineError()
            .contains("there is no such file"));
    assertTrue(
        carafe.run("plugins", "unload", "overlayfs").oneLineError().contains("part of the daemon"));
  }
}
