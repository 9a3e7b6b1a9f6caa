package dev.carafe.testkit.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * The smallest foreign format: an image is {@code TEXT-IMAGE}, a line's end, a text, and a last
 * line {@code END}; it becomes an OCI image with that text in the file {@code text}.
 */
public final class TextImageFormat implements ImageFormat {
  public static final String MEDIA_TYPE = "application/vnd.example.text-image.v1";

  private static final byte[] START = "TEXT-IMAGE\n".getBytes(UTF_8);
  private static final byte[] END = "\nEND\n".getBytes(UTF_8);
  private static final int LIMIT = 1 << 20;
  private static final String OCI = "application/vnd.oci.image.";

  /** An image of a text. */
  public static byte[] of(String text) {
    return (new String(START, UTF_8) + text + new String(END, UTF_8)).getBytes(UTF_8);
  }

  @Override
  public Set<String> mediaTypes() {
    return Set.of(MEDIA_TYPE);
  }

  @Override
  public Descriptor convert(Descriptor target, ImageSource.Repository from, ContentStore content) {
    byte[] document = all(from.fetch(target, 0));
    if (!Digest.of(document).equals(target.digest())) {
      throw new DataLossException("text image " + target.digest() + ": is not what came");
    }
    return image(text(document), content);
  }

  @Override
  public boolean recognises(byte[] beginning) {
    return beginning.length >= START.length
        && Arrays.equals(beginning, 0, START.length, START, 0, START.length);
  }

  @Override
  public Descriptor read(InputStream archive, ContentStore content) {
    Descriptor image = image(text(all(archive)), content);
    return store(
        content,
        OCI + "index.v1+json",
        "{\"schemaVersion\":2,\"manifests\":[" + json(image) + "]}");
  }

  private static byte[] all(InputStream in) {
    try (in) {
      byte[] bytes = in.readNBytes(LIMIT + 1);
      if (bytes.length > LIMIT) {
        throw new ResourceExhaustedException("text image: more than " + LIMIT + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw new UnavailableException("text image: " + e.getMessage(), e);
    }
  }

  private static byte[] text(byte[] image) {
    int end = image.length - END.length;
    if (end < START.length || !Arrays.equals(image, end, image.length, END, 0, END.length)) {
      throw new DataLossException("text image: has no end");
    }
    if (!Arrays.equals(image, 0, START.length, START, 0, START.length)) {
      throw new InvalidArgumentException("text image: does not begin like one");
    }
    return Arrays.copyOfRange(image, START.length, end);
  }

  private static Descriptor image(byte[] text, ContentStore content) {
    Descriptor layer = store(content, OCI + "layer.v1.tar", tar(text));
    Descriptor config =
        store(
            content,
            OCI + "config.v1+json",
            "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
                + "\"diff_ids\":[\""
                + layer.digest()
                + "\"]}}");
    return store(
        content,
        OCI + "manifest.v1+json",
        "{\"schemaVersion\":2,\"mediaType\":\""
            + OCI
            + "manifest.v1+json\",\"config\":"
            + json(config)
            + ",\"layers\":["
            + json(layer)
            + "]}");
  }

  private static String json(Descriptor descriptor) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(descriptor.mediaType(), descriptor.digest(), descriptor.size());
  }

  private static Descriptor store(ContentStore content, String mediaType, String document) {
    return store(content, mediaType, document.getBytes(UTF_8));
  }

  private static Descriptor store(ContentStore content, String mediaType, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    IngestRequest request = new IngestRequest("text-image-" + digest, bytes.length, digest);
    try (ContentWriter writer = content.writer(request)) {
      writer.truncate();
      writer.write(ByteBuffer.wrap(bytes));
      writer.commit(bytes.length, digest, Map.of());
    } catch (AlreadyExistsException e) {
      // From an image before.
    }
    return new Descriptor(mediaType, digest, bytes.length);
  }

  /** An archive of one file (POSIX ustar). */
  private static byte[] tar(byte[] text) {
    byte[] tar = new byte[512 + (text.length + 511) / 512 * 512 + 1024];
    put(tar, 0, "text");
    put(tar, 100, "0000644");
    put(tar, 108, "0000000");
    put(tar, 116, "0000000");
    put(tar, 124, "%011o".formatted(text.length));
    put(tar, 136, "00000000000");
    put(tar, 148, "        ");
    put(tar, 156, "0");
    put(tar, 257, "ustar");
    put(tar, 263, "00");
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += tar[i] & 0xff;
    }
    put(tar, 148, "%06o\0".formatted(sum));
    System.arraycopy(text, 0, tar, 512, text.length);
    return tar;
  }

  private static void put(byte[] tar, int at, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    System.arraycopy(bytes, 0, tar, at, bytes.length);
  }
}
