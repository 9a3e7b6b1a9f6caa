package dev.carafe.plugin.runtime.wasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Fd;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.testkit.runtimes.WasmModules;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a module reaches of files, and what it must not. */
class GuestFilesTest extends TaskCase {
  private static final int NO_ENTRY = 44;

  private Path outside;

  @BeforeEach
  void secret() throws Exception {
    outside = Files.createDirectory(sandbox.directory().resolve("outside"));
    Files.writeString(outside.resolve("secret"), "the host's");
    Files.writeString(sandbox.image().resolve("etc/own"), "the image's");
  }

  private void link(String name, String target) throws Exception {
    Files.createSymbolicLink(sandbox.image().resolve(name), Path.of(target));
  }

  @Test
  void filesOfTheImageAreRead() throws Exception {
    assertEquals(new Outcome(0, "the image's"), run(WasmModules.read("etc/own")));
    assertEquals(NO_ENTRY, run(WasmModules.read("etc/none")).code());
  }

  @Test
  void linksAreFollowedInsideTheRoot() throws Exception {
    // Given
    link("absolute", "/etc/own");
    link("relative", "etc/own");
    link("directory", "/etc");
    link("up", "../../../../etc/own");

    // Then
    for (String path : new String[] {"absolute", "relative", "directory/own", "up"}) {
      assertEquals(new Outcome(0, "the image's"), run(WasmModules.read(path)), path);
    }
  }

  @Test
  void noLinkLeadsToTheHost() throws Exception {
    // Given
    link("file", outside.resolve("secret").toString());
    link("directory", outside.toString());
    link("up", "../../../../../../../../.." + outside.resolve("secret"));
    link("magic", "/proc/self/root" + outside.resolve("secret"));
    link("circle", "circle");

    // Then
    for (String path :
        new String[] {
          "file",
          "directory/secret",
          "up",
          "magic",
          "circle",
          "../outside/secret",
          "etc/../../outside/secret",
          outside.resolve("secret").toString()
        }) {
      Outcome outcome = run(WasmModules.read(path));
      assertNotEquals(0, outcome.code(), path);
      assertEquals("", outcome.output(), path);
    }
  }

  @Test
  void nothingIsMadeOrRemovedOutside() throws Exception {
    // Given
    link("directory", outside.toString());
    link("new", outside.resolve("made").toString());

    // When
    for (byte[] module :
        new byte[][] {
          WasmModules.touch("directory/made"),
          WasmModules.touch("new"),
          WasmModules.write("directory/secret", "changed"),
          WasmModules.makeDirectory("directory/made"),
          WasmModules.unlink("directory/secret")
        }) {
      assertNotEquals(0, run(module).code());
    }

    // Then
    assertEquals("the host's", Files.readString(outside.resolve("secret")));
    assertFalse(Files.exists(outside.resolve("made")));
  }

  @Test
  void devicesAndFifosOfAnImageAreNotOpened() throws Exception {
    // Given the machine's /dev/zero, and a FIFO that nobody writes to
    int characterDevice = 0020666;
    PathCalls.mknodat(Fd.CWD, RawPath.of(sandbox.image().resolve("zero")), characterDevice, 1, 5);
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(sandbox.image().resolve("fifo")), 0666);

    // Then
    for (String path : new String[] {"zero", "fifo"}) {
      Outcome outcome = run(WasmModules.read(path));
      assertNotEquals(0, outcome.code(), path);
      assertEquals("", outcome.output(), path);
    }
  }

  @Test
  void filesAreWrittenAndDirectoriesMade() throws Exception {
    assertEquals(0, run(WasmModules.write("data/x", "text")).code());
    assertEquals(0, run(WasmModules.makeDirectory("data/d")).code());
    Path upper = sandbox.directory().resolve("layers/a/upper/data");
    assertEquals("text", Files.readString(upper.resolve("x")));
    assertTrue(Files.isDirectory(upper.resolve("d")));
    assertEquals(0, run(WasmModules.unlink("data/x")).code());
    assertEquals(NO_ENTRY, run(WasmModules.read("data/x")).code());
  }

  @Test
  void directoriesAndFilesAreBound() throws Exception {
    // When
    var directory = bind(outside, "/made/here", "rbind", "rw");
    var file = bind(outside.resolve("secret"), "/etc/given", "bind", "ro");

    // Then
    assertEquals(
        new Outcome(0, "the host's"),
        run(directory, programs.add(WasmModules.read("made/here/secret"))));
    assertEquals(
        new Outcome(0, "the host's"), run(file, programs.add(WasmModules.read("etc/given"))));
    assertEquals(
        0, run(directory, programs.add(WasmModules.write("made/here/new", "mine"))).code());
    assertEquals("mine", Files.readString(outside.resolve("new")));
  }

  @Test
  void whatIsBoundReadOnlyStaysAsItIs() throws Exception {
    // When
    Outcome outcome =
        run(
            bind(outside, "/here", "rbind", "ro"),
            programs.add(WasmModules.write("here/secret", "mine")));

    // Then
    assertNotEquals(0, outcome.code());
    assertEquals("the host's", Files.readString(outside.resolve("secret")));
  }

  @Test
  void aMountDoesNotLeaveTheRootThroughALink() throws Exception {
    // Given
    Path target = Files.createDirectory(outside.resolve("target"));
    link("out", outside.toString());

    // When
    try {
      run(bind(sandbox.image(), "/out/target", "rbind"), programs.exit(0));
    } catch (RuntimeException e) {
      runtime.discard(sandbox.location("a"));
    }

    // Then
    try (var entries = Files.list(target)) {
      assertEquals(0, entries.count());
    }
  }

  @Test
  void aReadOnlyRootIsOneAndWhatIsMountedBelowIsNot() throws Exception {
    // When
    Outcome root = run(GuestFilesTest::readOnly, programs.add(WasmModules.touch("etc/new")));
    Outcome below =
        run(
            spec -> {
              readOnly(spec);
              bind(outside, "/data", "rbind").accept(spec);
            },
            programs.add(WasmModules.touch("data/new")));

    // Then
    assertNotEquals(0, root.code());
    assertEquals(0, below.code());
    assertTrue(Files.exists(outside.resolve("new")));
  }

  private static void readOnly(ObjectNode spec) {
    spec.withObject("/root").put("readonly", true);
  }

  @Test
  void aTemporaryFileSystemIsTheTasksOwn() throws Exception {
    assertEquals(
        0,
        run(
                spec ->
                    spec.withArray("mounts")
                        .addObject()
                        .put("destination", "/tmp")
                        .put("type", "tmpfs")
                        .put("source", "tmpfs")
                        .withArray("options")
                        .add("size=64k"),
                programs.add(WasmModules.touch("tmp/new")))
            .code());
    assertFalse(Files.exists(sandbox.directory().resolve("layers/a/upper/tmp/new")));
  }

  @Test
  void noModuleOpensFilesWithoutEnd() throws Exception {
    Outcome outcome = run(WasmModules.openForEver());
    assertEquals(WasmTask.TRAPPED, outcome.code());
    assertEquals("carafe: wasm trap: more than 1024 open files\n", outcome.output());
  }

  @Test
  void aBufferThatIsNotInMemoryIsAFault() throws Exception {
    assertEquals(21, run(WasmModules.readIntoNowhere()).code());
  }
}
