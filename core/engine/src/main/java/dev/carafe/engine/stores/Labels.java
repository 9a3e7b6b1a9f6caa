package dev.carafe.engine.stores;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Rules and names of labels. */
public final class Labels {
  /** Key and value together, in UTF-8 bytes. */
  public static final int LIMIT = 4096;

  public static final String GC_ROOT = "containerd.io/gc.root";
  public static final String GC_EXPIRE = "containerd.io/gc.expire";
  public static final String GC_FLAT = "containerd.io/gc.flat";
  public static final String GC_REF_CONTENT = "containerd.io/gc.ref.content";
  public static final String GC_REF_SNAPSHOT = "containerd.io/gc.ref.snapshot.";
  public static final String UNCOMPRESSED = "containerd.io/uncompressed";

  /** What {@link #distributionSource} begins with. */
  public static final String DISTRIBUTION_SOURCE = "containerd.io/distribution.source.";

  public static final String SNAPSHOT_REF = "containerd.io/snapshot.ref";
  public static final String SNAPSHOT_PREFIX = "containerd.io/snapshot/";

  private static final Pattern PORT = Pattern.compile(":\\d+$");

  private Labels() {}

  /**
   * The label of a blob that names the repositories it came from. As in containerd it has the
   * registry's host without the port.
   *
   * @param host a registry, with its port if there is one
   */
  public static String distributionSource(String host) {
    String name = PORT.matcher(host).replaceFirst("");
    boolean bracketed = name.startsWith("[") && name.endsWith("]");
    return DISTRIBUTION_SOURCE + (bracketed ? name.substring(1, name.length() - 1) : name);
  }

  /**
   * Returns a sorted copy without empty values (an empty value is never stored).
   *
   * @throws InvalidArgumentException if a label is larger than {@link #LIMIT} or has an empty key
   */
  public static Map<String, String> checked(Map<String, String> labels) {
    Map<String, String> checked = new TreeMap<>();
    labels.forEach((key, value) -> {
      if (key.isEmpty()) {
        throw new InvalidArgumentException("label key must not be empty");
      }
      int size = utf8(key) + utf8(value);
      if (size > LIMIT) {
        String shown = key.length() > 64 ? key.substring(0, 64) + "..." : key;
        throw new InvalidArgumentException(
            "label key and value length ("
                + size
                + " bytes) greater than maximum size ("
                + LIMIT
                + " bytes), key: "
                + shown);
      }
      if (!value.isEmpty()) {
        checked.put(key, value);
      }
    });
    return checked;
  }

  private static int utf8(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
  }
}
