package dev.carafe.linux;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layers and settings of an overlay, taken apart from {@code
 * lowerdir=A:B,upperdir=C,workdir=D}, where a backslash takes the meaning from the character behind
 * it.
 *
 * @param lower topmost first
 * @param data layers that only hold file contents ({@code A::B})
 * @param settings everything else: {@code key=value} or a word
 */
record OverlayOptions(
    List<RawPath> lower,
    List<RawPath> data,
    @Nullable RawPath upper,
    @Nullable RawPath work,
    List<String> settings) {

  /** What fsconfig(2) takes, NUL left out. */
  private static final int MAX_VALUE = 255;

  static OverlayOptions parse(List<String> options) {
    var lower = new ArrayList<RawPath>();
    var data = new ArrayList<RawPath>();
    RawPath upper = null;
    RawPath work = null;
    var settings = new ArrayList<String>();
    for (String option : options) {
      int equals = option.indexOf('=');
      String value = option.substring(equals + 1);
      switch (equals < 0 ? "" : option.substring(0, equals)) {
        case "lowerdir" -> split(value, lower, data);
        case "lowerdir+" -> lower.add(RawPath.of(value));
        case "datadir+" -> data.add(RawPath.of(value));
        case "upperdir" -> upper = unescape(value);
        case "workdir" -> work = unescape(value);
        default -> settings.add(option);
      }
    }
    return new OverlayOptions(lower, data, upper, work, settings);
  }

  private static void split(String value, List<RawPath> lower, List<RawPath> data) {
    List<RawPath> into = lower;
    int start = 0;
    for (int i = 0; i <= value.length(); i++) {
      if (i + 1 < value.length() && value.charAt(i) == '\\') {
        i++;
      } else if (i == value.length() || value.charAt(i) == ':') {
        if (i > start) {
          into.add(unescape(value.substring(start, i)));
        } else {
          into = data;
        }
        start = i + 1;
      }
    }
  }

  private static RawPath unescape(String value) {
    var plain = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      boolean escape = value.charAt(i) == '\\' && i + 1 < value.length();
      plain.append(value.charAt(escape ? ++i : i));
    }
    return RawPath.of(plain.toString());
  }

  /** Tells an fsopen context everything, layer by layer, so that their number has no limit here. */
  void configure(MountCalls calls, Fd filesystem) {
    for (RawPath layer : lower) {
      directory(calls, filesystem, "lowerdir+", layer);
    }
    for (RawPath layer : data) {
      directory(calls, filesystem, "datadir+", layer);
    }
    if (upper != null) {
      directory(calls, filesystem, "upperdir", upper);
    }
    if (work != null) {
      directory(calls, filesystem, "workdir", work);
    }
  }

  /** A path that is too long, or that the kernel might unescape, goes by way of a descriptor. */
  private static void directory(MountCalls calls, Fd filesystem, String key, RawPath path) {
    if (path.length() <= MAX_VALUE && !contains(path, '\\')) {
      calls.fsconfigString(filesystem, key, path);
      return;
    }
    try (Fd directory = openDirectory(path)) {
      calls.fsconfigString(filesystem, key, directory.procPath());
    }
  }

  private static Fd openDirectory(RawPath path) {
    return PathCalls.openat(Fd.CWD, path, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
  }

  private static boolean contains(RawPath path, char c) {
    for (byte b : path.unsafeBytes()) {
      if (b == c) {
        return true;
      }
    }
    return false;
  }

  /**
   * The same as one string for mount(2), every layer by a descriptor that is added to {@code
   * opened} so that some 180 fit into a page whatever their paths.
   */
  String dataByDescriptors(List<Fd> opened) {
    var text = new ArrayList<>(settings);
    if (!lower.isEmpty()) {
      var layers = new StringBuilder("lowerdir=");
      lower.forEach(layer ->
          layers.append(layer == lower.getFirst() ? "" : ":").append(byDescriptor(layer, opened)));
      data.forEach(layer -> layers.append("::").append(byDescriptor(layer, opened)));
      text.add(layers.toString());
    }
    if (upper != null) {
      text.add("upperdir=" + byDescriptor(upper, opened));
    }
    if (work != null) {
      text.add("workdir=" + byDescriptor(work, opened));
    }
    return String.join(",", text);
  }

  private static RawPath byDescriptor(RawPath path, List<Fd> opened) {
    Fd directory = openDirectory(path);
    opened.add(directory);
    return directory.procPath();
  }
}
