package com.example.hardlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardlinkSnapshotterTest {
  private static final FileTime TIME = FileTime.from(Instant.parse("2026-01-02T03:04:05Z"));
  private static final String TEXT = "the same text in all of them";

  @TempDir private Path root;
  private HardlinkSnapshotter snapshots;

  @BeforeEach
  void open() {
    snapshots = HardlinkSnapshotter.open(root, 10);
  }

  private Path prepare(String key, String parent) {
    SnapshotKey below = parent == null ? null : new SnapshotKey(parent);
    return Path.of(
        snapshots.prepare(new SnapshotKey(key), below, Map.of()).getFirst().source());
  }

  private static Path write(Path file) throws IOException {
    Files.writeString(file, TEXT);
    return Files.setLastModifiedTime(file, TIME);
  }

  private void commit(String key, String name) {
    snapshots.commit(new CommitRequest(new SnapshotKey(key), new SnapshotKey(name), null, Map.of()));
  }

  private static Object inode(Path file) throws IOException {
    return Files.getAttribute(file, "unix:ino");
  }

  private long pooled() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("pool"))) {
      return files.count();
    }
  }

  @Test
  void equalFilesOfTwoLayersAreOne() throws IOException {
    // Given
    Path one = write(prepare("a", null).resolve("one"));
    Path other = write(prepare("b", null).resolve("other"));

    // When
    commit("a", "layer a");
    commit("b", "layer b");

    // Then
    assertEquals(inode(one), inode(other));
    assertEquals(1, pooled());
  }

  @Test
  void whatAContainerWritesChangesNoLayer() throws IOException {
    // Given
    Path below = write(prepare("a", null).resolve("f"));
    commit("a", "layer");

    // When
    Path own = prepare("container", "layer").resolve("f");
    Files.writeString(own, "changed");

    // Then
    assertEquals(TEXT, Files.readString(below));
    assertNotEquals(inode(below), inode(own));
  }

  @Test
  void equalFilesOfOneLayerStayTwo() throws IOException {
    // Given
    Path files = prepare("a", null);
    write(files.resolve("one"));
    write(files.resolve("two"));
    commit("a", "layer");

    // When
    Path copy = prepare("container", "layer");
    Files.writeString(copy.resolve("one"), "changed");

    // Then
    assertEquals(TEXT, Files.readString(copy.resolve("two")));
  }

  @Test
  void filesOfOtherModeOrTimeOrWithAttributesAreNotShared() throws IOException {
    // Given
    write(prepare("a", null).resolve("f"));
    commit("a", "layer a");
    Path files = prepare("b", null);
    Path mode = write(files.resolve("mode"));
    Files.setAttribute(mode, "unix:mode", 04755);
    Path time = write(files.resolve("time"));
    Files.setLastModifiedTime(time, FileTime.from(TIME.toInstant().plusNanos(1)));
    Path attribute = write(files.resolve("attribute"));
    Files.getFileAttributeView(attribute, UserDefinedFileAttributeView.class)
        .write("note", ByteBuffer.wrap(new byte[] {1}));

    // When
    commit("b", "layer b");

    // Then
    assertEquals(3, pooled(), "those of other mode and time have their own");
    assertEquals(1, Files.getAttribute(attribute, "unix:nlink"));
  }

  @Test
  void cleanupFreesWhatNoLayerHas() throws IOException {
    // Given
    write(prepare("a", null).resolve("f"));
    commit("a", "layer");
    snapshots.remove(new SnapshotKey("layer"));
    assertEquals(1, pooled());

    // When
    snapshots.cleanup();

    // Then
    assertEquals(0, pooled());
  }
}
