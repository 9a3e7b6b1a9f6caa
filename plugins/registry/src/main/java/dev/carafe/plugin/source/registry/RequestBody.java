package dev.carafe.plugin.source.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What a request carries; opened anew for each time that it is sent. */
interface RequestBody {
  RequestBody NONE = of(new byte[0]);

  static RequestBody of(byte[] bytes) {
    return new RequestBody() {
      @Override
      public long length() {
        return bytes.length;
      }

      @Override
      public InputStream open() {
        return new ByteArrayInputStream(bytes);
      }
    };
  }

  /** How many bytes {@link #open} yields. */
  long length();

  InputStream open() throws IOException;
}
