package dev.carafe.host;

import java.util.List;

/**
 * Parent of every plugin jar's loader: the JDK plus the shared packages, nothing else of the
 * daemon.
 */
final class SpiOnlyClassLoader extends ClassLoader {
  static final List<String> SHARED =
      List.of("dev.carafe.spi.", "org.pf4j.", "org.slf4j.", "org.jspecify.");

  /** What rewritten classes call. */
  private static final String EXITS = PluginExits.class.getName();

  static {
    registerAsParallelCapable();
  }

  private final ClassLoader daemon;

  SpiOnlyClassLoader(ClassLoader daemon) {
    super("spi-only", ClassLoader.getPlatformClassLoader());
    this.daemon = daemon;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    if (isShared(name) || name.equals(EXITS)) {
      return daemon.loadClass(name);
    }
    throw new ClassNotFoundException(name + " is not part of the plugin SPI");
  }

  /** Whether the daemon's copy of a class is the only one. */
  static boolean isShared(String className) {
    for (String prefix : SHARED) {
      if (className.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }
}
