package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.linux.ErrnoException;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FifosTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  @TempDir Path base;

  private List<Path> left() throws IOException {
    try (Stream<Path> entries = Files.walk(base)) {
      return entries.filter(entry -> !entry.equals(base)).toList();
    }
  }

  @Test
  void outputIsNotLostWhenTheWriterIsFast() throws Exception {
    try (Fifos fifos = Fifos.make(base, List.of(Fifos.STDOUT));
        InputStream source = fifos.source(Fifos.STDOUT)) {
      try (OutputStream daemon = new FileOutputStream(fifos.path(Fifos.STDOUT))) {
        daemon.write(HELLO);
      }
      fifos.release();

      assertArrayEquals(HELLO, source.readAllBytes());
    }
  }

  @Test
  void inputEndsWithItsWriter() throws Exception {
    try (Fifos fifos = Fifos.make(base, List.of(Fifos.STDIN));
        OutputStream sink = fifos.sink(Fifos.STDIN);
        InputStream daemon = new FileInputStream(fifos.path(Fifos.STDIN))) {
      fifos.release();
      sink.write(HELLO);
      sink.close();

      assertArrayEquals(HELLO, daemon.readAllBytes());
    }
  }

  @Test
  void readerEndsWhereNobodyEverWrote() throws Exception {
    try (Fifos fifos = Fifos.make(base, List.of(Fifos.STDOUT));
        InputStream source = fifos.source(Fifos.STDOUT)) {
      fifos.close();

      assertEquals(0, source.readAllBytes().length);
    }
  }

  @Test
  void namesAreGoneOnceBothSidesAreOpen() throws Exception {
    try (Fifos fifos = Fifos.make(base, List.of(Fifos.STDIN, Fifos.STDOUT, Fifos.STDERR))) {
      assertEquals(4, left().size());
      fifos.release();
      assertEquals(List.of(), left());
    }
  }

  @Test
  void onlyThisUserMayEnter() throws Exception {
    try (Fifos fifos = Fifos.make(base, List.of(Fifos.STDOUT))) {
      Path fifo = Path.of(fifos.path(Fifos.STDOUT));
      assertEquals(
          "rwx------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(fifo.getParent())));
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(fifo)));
      assertEquals("", fifos.path(Fifos.STDERR));
    }
  }

  @Test
  void failureLeavesNothingBehind() throws Exception {
    assertThrows(ErrnoException.class, () -> Fifos.make(base, List.of("a", "no/such")));

    assertEquals(List.of(), left());
  }
}
