package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class NativeBufferTest {
  @Test
  void memoryIsGoneAfterClose() {
    NativeBuffer buffer = NativeBuffer.allocate(4096);
    assertTrue(buffer.bytes().isDirect());
    assertEquals(4096, buffer.bytes().put(0, (byte) 1).remaining());

    buffer.close();
    assertThrows(IllegalStateException.class, () -> buffer.bytes().get(0));
  }
}
