package dev.carafe.plugin.logs;

/** What is left of names that may be anything. */
final class FileNames {
  private static final int LONGEST = 63;

  private FileNames() {}

  /** One part of a path: letters, digits and {@code ._-}, not beginning with a dot. */
  static String safe(String name) {
    String kept = name.replaceAll("[^A-Za-z0-9._-]", "_").replaceFirst("^[.]", "_");
    return kept.isEmpty() ? "_" : kept.substring(0, Math.min(LONGEST, kept.length()));
  }
}
