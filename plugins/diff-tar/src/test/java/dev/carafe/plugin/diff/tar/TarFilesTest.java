package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.files.ContainerFiles.Root;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Copies to and from a tree that means harm: outside of it stands a file that nobody may see. */
@ExtendWith(LeakCheck.class)
class TarFilesTest {
  private Path tree;
  private Path outside;
  private TarFiles files;
  private Root root;

  @BeforeEach
  void prepare(WorkDirectory directory) throws IOException {
    tree = Files.createDirectory(directory.path().resolve("tree"));
    outside = Files.createDirectory(directory.path().resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    files = new TarFiles(TarDifferConfig.DEFAULT, new ZstdLibrary(directory.path()));
    root = new Root.Mounted(List.of(Layers.bind(tree)));
  }

  private TreeMap<String, String> read(String path, boolean alone) throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    files.read(root, path, alone, archive);
    TreeMap<String, String> entries = new TreeMap<>();
    try (TarArchiveInputStream in =
        new TarArchiveInputStream(new ByteArrayInputStream(archive.toByteArray()))) {
      for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        entries.put(
            entry.getName(),
            entry.isSymbolicLink()
                ? "-> " + entry.getLinkName()
                : new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
      }
    }
    return entries;
  }

  private void write(String path, boolean owners, TarBuilder archive) {
    files.write(root, path, owners, new ByteArrayInputStream(archive.build()));
  }

  @Test
  void aDirectoryComesWithItsNameAndWhatIsInIt() throws IOException {
    Files.createDirectories(tree.resolve("a/b/c"));
    Files.writeString(tree.resolve("a/b/file"), "x");
    Files.writeString(tree.resolve("a/b/.wh.odd"), "w");
    assertEquals(
        List.of("b/", "b/.wh.odd", "b/c/", "b/file"), List.copyOf(read("/a/b", false).keySet()));
    assertEquals(List.of("b/"), List.copyOf(read("a/b/", true).keySet()));
    assertEquals(List.of("file"), List.copyOf(read("/a/./x/../b/file", false).keySet()));
    assertTrue(read("/", false).containsKey("a/b/file"));
  }

  @Test
  void aLinkIsALinkUnlessThePathEndsLikeADirectory() throws IOException {
    Files.createDirectories(tree.resolve("real"));
    Files.writeString(tree.resolve("real/file"), "x");
    Files.createSymbolicLink(tree.resolve("link"), Path.of("/real"));
    assertEquals("{link=-> /real}", read("/link", false).toString());
    assertEquals(List.of("link/", "link/file"), List.copyOf(read("/link/", false).keySet()));
  }

  @Test
  void linksLeadNowhereOutside() throws IOException {
    Files.createSymbolicLink(tree.resolve("absolute"), outside);
    Files.createSymbolicLink(tree.resolve("relative"), Path.of("../outside"));
    Files.createSymbolicLink(tree.resolve("up"), Path.of("../../../../../../../../.."));
    Files.createDirectories(tree.resolve("etc"));
    for (String path :
        List.of("/absolute/secret", "/relative/secret", "/up" + outside + "/secret")) {
      assertThrows(NotFoundException.class, () -> read(path, false), path);
    }
    assertThrows(
        NotFoundException.class,
        () -> write("/absolute", false, new TarBuilder().file("mine", "x")));
    write("/up", false, new TarBuilder().file("mine", "x"));
    assertEquals("x", Files.readString(tree.resolve("mine")));
    assertFalse(Files.exists(outside.resolve("mine")));
  }

  @Test
  void entriesStayBelowTheDirectory() throws IOException {
    Files.createDirectories(tree.resolve("in"));
    assertThrows(
        InvalidArgumentException.class,
        () -> write("/in", false, new TarBuilder().file("../../outside/mine", "x")));
    write("/in", false, new TarBuilder().symlink("l", outside.toString()).file("l/mine", "x"));
    assertFalse(Files.exists(outside.resolve("mine")));
  }

  @Test
  void namesOfLayersMeanNothingHere() throws IOException {
    Files.createDirectories(tree.resolve("in"));
    Files.writeString(tree.resolve("in/kept"), "k");
    write("/in", false, new TarBuilder().file(".wh.kept", "w").file(".wh..wh..opq", "o"));
    assertEquals("k", Files.readString(tree.resolve("in/kept")));
    assertEquals("w", Files.readString(tree.resolve("in/.wh.kept")));
    assertEquals("o", Files.readString(tree.resolve("in/.wh..wh..opq")));
  }

  @Test
  void ownersAreKeptOnRequestOnly() throws IOException {
    TarBuilder archive = new TarBuilder().file("f", "x", header -> header.owner(1234, 4321));
    write("/", false, archive);
    assertEquals(0, Files.getAttribute(tree.resolve("f"), "unix:uid"));
    write("/", true, archive);
    assertEquals(1234, Files.getAttribute(tree.resolve("f"), "unix:uid"));
    assertEquals(4321, Files.getAttribute(tree.resolve("f"), "unix:gid"));
  }

  @Test
  void whatIsNotThereOrNoDirectoryIsSaid() throws IOException {
    Files.writeString(tree.resolve("file"), "x");
    assertThrows(NotFoundException.class, () -> read("/none", false));
    assertThrows(NotFoundException.class, () -> read("/none/below", false));
    assertThrows(
        InvalidArgumentException.class,
        () -> write("/file", false, new TarBuilder().file("f", "x")));
    assertThrows(InvalidArgumentException.class, () -> read("", false));
    assertThrows(
        NotFoundException.class,
        () ->
            files.read(
                new Root.OfProcess(Integer.MAX_VALUE, 1), "/", true, new ByteArrayOutputStream()));
  }
}
