package dev.carafe.host;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.security.CodeSource;
import java.security.cert.Certificate;
import org.pf4j.ClassLoadingStrategy;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginManager;

/** The classes of one jar, which see themselves, the JDK and the shared packages. */
final class JarClassLoader extends PluginClassLoader {
  JarClassLoader(PluginManager manager, PluginDescriptor descriptor, ClassLoader parent) {
    super(manager, descriptor, parent, ClassLoadingStrategy.PDA);
  }

  @Override
  protected boolean shouldDelegateToParent(String className) {
    return SpiOnlyClassLoader.isShared(className);
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    URL resource = findResource(name.replace('.', '/') + ".class");
    byte[] bytes = resource == null ? new byte[0] : read(name, resource);
    if (!ExitRewriter.mayExit(bytes)) {
      return super.findClass(name);
    }
    try {
      byte[] rewritten = ExitRewriter.rewrite(bytes, this);
      CodeSource source = new CodeSource(getURLs()[0], (Certificate[]) null);
      return defineClass(name, rewritten, 0, rewritten.length, source);
    } catch (IllegalArgumentException e) {
      throw new ClassNotFoundException(name + ": " + e.getMessage(), e);
    }
  }

  private static byte[] read(String name, URL resource) throws ClassNotFoundException {
    try {
      URLConnection connection = resource.openConnection();
      if (connection instanceof JarURLConnection) {
        connection.setUseCaches(true);
      }
      try (InputStream in = connection.getInputStream()) {
        return in.readAllBytes();
      }
    } catch (IOException e) {
      throw new ClassNotFoundException(name + ": " + e.getMessage(), e);
    }
  }
}
