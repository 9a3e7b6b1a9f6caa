package dev.carafe.cri.streaming;

import java.io.IOException;
import java.io.OutputStream;

/** One direction of one stream towards a client. */
interface Outlet {
  /** Returns when the bytes are sent: at most a piece of them is held at a time. */
  void write(byte[] bytes, int offset, int length) throws IOException;

  /** Half-closes the stream, where the protocol can; later writes fail. */
  void end() throws IOException;

  default OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        Outlet.this.write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        Outlet.this.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        end();
      }
    };
  }
}
