package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.DirectoryReader.Entry;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DirectoryReaderTest {
  private final Sandbox box = new Sandbox();

  @AfterEach
  void cleanUp() {
    box.close();
  }

  @Test
  void listsEveryNameOnceWithItsType() {
    PathCalls.mkdirat(box.dir, RawPath.of("d"), 0700);
    PathCalls.symlinkat(RawPath.of("x"), box.dir, RawPath.of("..."));
    for (int i = 0; i < 3000; i++) {
      box.create("file-with-a-longer-name-" + i).close();
    }
    Set<String> names = new HashSet<>();
    for (Entry entry : DirectoryReader.list(box.dir, 5000)) {
      assertTrue(names.add(entry.name().toString()));
      int type =
          switch (entry.name().toString()) {
            case "d" -> Entry.DIRECTORY;
            case "..." -> Entry.SYMLINK;
            default -> Entry.REGULAR;
          };
      assertEquals(type, entry.type());
    }
    assertEquals(3002, names.size());
  }

  @Test
  void stopsAtTheLimit() {
    box.create("a").close();
    box.create("b").close();
    assertThrows(IllegalArgumentException.class, () -> DirectoryReader.list(box.dir, 1));
    assertEquals(2, DirectoryReader.list(box.dir, 2).size());
  }

  @Test
  void readsThroughAnOPathDescriptorAndTellsTheInode() {
    try (Fd file = box.create("a");
        Fd path = box.openPath(".")) {
      assertEquals(FileCalls.fstat(file).ino(), DirectoryReader.list(path, 9).getFirst().ino());
    }
  }

  @Test
  void aClosedReaderIsRefused() {
    DirectoryReader reader = DirectoryReader.open(box.dir);
    reader.close();
    reader.close();
    assertThrows(IllegalStateException.class, reader::next);
  }
}
