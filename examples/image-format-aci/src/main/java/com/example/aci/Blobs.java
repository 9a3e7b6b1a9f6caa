package com.example.aci;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.UUID;

/** Puts what an image is made of into the content store. */
final class Blobs {
  static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  private final ContentStore content;

  Blobs(ContentStore content) {
    this.content = content;
  }

  Descriptor document(String mediaType, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    try (ContentWriter writer =
        content.writer(new IngestRequest("aci-" + digest, bytes.length, digest))) {
      writer.truncate();
      writer.write(ByteBuffer.wrap(bytes));
      writer.commit(bytes.length, digest, Map.of());
    } catch (AlreadyExistsException e) {
      // From an image before.
    }
    return new Descriptor(mediaType, digest, bytes.length);
  }

  Layer layer() {
    return new Layer("aci-layer-" + UUID.randomUUID());
  }

  /** A layer in the making. Closing it before it is stored leaves nothing. */
  final class Layer implements AutoCloseable {
    private final String ref;
    private final ContentWriter writer;
    private long size;
    private boolean stored;

    private Layer(String ref) {
      this.ref = ref;
      this.writer = content.writer(new IngestRequest(ref, 0, null));
    }

    OutputStream out() {
      return new OutputStream() {
        @Override
        public void write(int b) {
          write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
          writer.write(ByteBuffer.wrap(bytes, offset, length));
          size += length;
        }
      };
    }

    Descriptor store() {
      Digest digest = writer.digest();
      try {
        writer.commit(size, digest, Map.of());
      } catch (AlreadyExistsException e) {
        // From an image before.
      }
      stored = true;
      return new Descriptor(LAYER, digest, size);
    }

    @Override
    public void close() {
      writer.close();
      if (!stored) {
        content.abort(ref);
      }
    }
  }
}
