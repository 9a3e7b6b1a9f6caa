package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives with a few wrong bytes, checksums put right: a tree or a typed error, nothing else. */
@ExtendWith(LeakCheck.class)
class MutatedArchiveTest {
  private static final int ROUNDS = 150;
  private static final String INTERESTING = "\0/.0179-=,\n \u00ff";

  private static byte[] archive() {
    return new TarBuilder()
        .dir("d/")
        .pax("mtime", "1600000000.5")
        .xattr("user.a", "b")
        .pax("path", "d/file")
        .file("f", "hello".repeat(100))
        .hardLink("d/h", "d/file")
        .symlink("s", "d/../d")
        .file("s/through", "x")
        .extension('L', ("d/" + "n".repeat(150) + "\0").getBytes(StandardCharsets.US_ASCII))
        .file("cut", "y")
        .pax("GNU.sparse.map", "0,3,600,2")
        .pax("GNU.sparse.size", "700")
        .file("sparse", "abcde")
        .entry(
            'S',
            "gnu",
            new byte[5],
            h -> h.gnu().octal(386, 12, 512).octal(398, 12, 5).octal(483, 12, 1000))
        .entry('3', "d/null", new byte[0], h -> h.device(1, 3))
        .entry('6', "d/fifo", new byte[0], _ -> {})
        .file("d/.wh.gone", "")
        .file("d/.wh..wh..opq", "")
        .file("end", "z")
        .build();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void wrongBytesEndInATreeOrATypedError(long seed, WorkDirectory work) throws IOException {
    var limits =
        new TarDifferConfig(200, 1 << 16, 64, 100, 1 << 22, 100, 1 << 20, 1 << 16, 512, 2, 1, 1);
    var layers = new Layers(work.path(), limits);
    Path outside = Files.createDirectory(work.path().resolve("outside"));
    Files.writeString(outside.resolve("file"), "untouched");
    Map<String, String> untouched = Tree.of(outside);
    byte[] whole = archive();
    var random = new Random(seed);
    int trees = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] mutated = mutate(whole, random);
      Path root = Files.createDirectory(work.path().resolve("root"));
      Whiteouts whiteouts = random.nextBoolean() ? Whiteouts.DELETE : Whiteouts.OVERLAY;
      try {
        layers.apply(Layers.TAR, mutated, root, whiteouts);
        trees++;
      } catch (DaemonException e) {
        assertTrue(e.getMessage().startsWith("layer sha256:"), e.getMessage());
      }
      Trees.delete(root);
    }
    assertEquals(untouched, Tree.of(outside));
    assertTrue(trees > 0 && trees < ROUNDS, trees + " trees");
  }

  private static byte[] mutate(byte[] whole, Random random) {
    byte[] mutated = whole.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(whole.length - 1024);
      if (random.nextInt(3) > 0) {
        at =
            at / 512 * 512
                + new int[] {0, 1, 2, 100, 108, 124, 130, 134, 156, 157, 329}[random.nextInt(11)];
      }
      mutated[at] =
          random.nextBoolean()
              ? (byte) INTERESTING.charAt(random.nextInt(INTERESTING.length()))
              : (byte) random.nextInt(256);
    }
    byte[] magic = "ustar".getBytes(StandardCharsets.US_ASCII);
    for (int block = 0; block + 512 <= mutated.length; block += 512) {
      if (Arrays.equals(mutated, block + 257, block + 262, magic, 0, magic.length)) {
        seal(mutated, block);
      }
    }
    return mutated;
  }

  private static void seal(byte[] bytes, int block) {
    Arrays.fill(bytes, block + 148, block + 156, (byte) ' ');
    int sum = 0;
    for (int i = block; i < block + 512; i++) {
      sum += bytes[i] & 0xff;
    }
    byte[] digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, bytes, block + 148, 8);
  }
}
