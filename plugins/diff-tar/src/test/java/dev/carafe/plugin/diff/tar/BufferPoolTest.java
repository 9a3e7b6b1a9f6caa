package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
  private final BufferPool pool = new BufferPool(4096, 2);

  @Test
  void lastJobFreesAllButAFew() {
    var first = pool.lend();
    var second = pool.lend();
    ByteBuffer surplus = first.allocate();
    for (int i = 0; i < 5; i++) {
      first.allocate();
    }

    first.close();
    assertEquals(6, pool.idle());

    second.close();
    assertEquals(2, pool.idle());
    assertThrows(IllegalStateException.class, () -> surplus.put(0, (byte) 1));
  }

  @Test
  void bufferServesOneJobAfterTheOther() {
    var first = pool.lend();
    first.allocate().put((byte) 1);
    first.close();

    var second = pool.lend();
    assertEquals(4096, second.allocate().remaining());
    assertEquals(0, pool.idle());
    second.close();
  }
}
