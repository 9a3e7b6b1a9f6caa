package dev.carafe.host;

/**
 * What plugins call where their classes said {@code System.exit}, {@code Runtime.exit} or {@code
 * Runtime.halt}. Public, since plugins' class loaders hand it to rewritten classes; of no use to
 * anybody else.
 */
public final class PluginExits {
  private PluginExits() {}

  /** In place of {@link System#exit}. */
  public static void exit(int status) {
    throw new SecurityException(
        "System.exit(" + status + ") is called, and a plugin does not end the daemon");
  }

  /** In place of {@link Runtime#exit}. */
  public static void exit(Runtime runtime, int status) {
    exit(status);
  }

  /** In place of {@link Runtime#halt}. */
  public static void halt(Runtime runtime, int status) {
    throw new SecurityException(
        "Runtime.halt(" + status + ") is called, and a plugin does not end the daemon");
  }
}
