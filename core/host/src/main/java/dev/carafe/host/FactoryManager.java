package dev.carafe.host;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pf4j.AbstractPluginManager;
import org.pf4j.DefaultExtensionFactory;
import org.pf4j.DefaultPluginDescriptor;
import org.pf4j.DefaultPluginFactory;
import org.pf4j.ExtensionFactory;
import org.pf4j.ExtensionFinder;
import org.pf4j.JarPluginLoader;
import org.pf4j.LegacyExtensionFinder;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginDescriptorFinder;
import org.pf4j.PluginFactory;
import org.pf4j.PluginLoader;
import org.pf4j.PluginManager;
import org.pf4j.PluginRepository;
import org.pf4j.PluginStatusProvider;
import org.pf4j.VersionManager;

/**
 * PF4J, cut down to what finds factories: the index {@code META-INF/extensions.idx} of the class
 * path and of each jar, and one isolated class loader per jar. A jar's id is its path; manifests,
 * PF4J's own versions, dependencies, states and life cycle are not used.
 */
final class FactoryManager extends AbstractPluginManager {
  private FactoryManager() {
    super(List.of());
  }

  /** Finds what is on the class path. */
  static FactoryManager ofClassPath() {
    return new FactoryManager();
  }

  /** Finds what is in the one jar that it opens. */
  static FactoryManager ofJar() {
    FactoryManager manager = new FactoryManager();
    manager.extensionFinder = new JarOnly(manager);
    return manager;
  }

  /** Opens a jar and gives its id. */
  String open(Path jar) {
    return loadPlugin(jar);
  }

  /**
   * Class names in the index of a jar, or of the class path if the id is null; sorted. PF4J's own
   * look-up would log and skip what it cannot load.
   */
  Set<String> factoryNames(@Nullable String id) {
    return new TreeSet<>(extensionFinder.findClassNames(id));
  }

  @Override
  protected List<Path> createPluginsRoot() {
    return List.of();
  }

  @Override
  protected PluginLoader createPluginLoader() {
    return new IsolatedJarLoader(this, FactoryManager.class.getClassLoader());
  }

  @Override
  protected ExtensionFinder createExtensionFinder() {
    return new LegacyExtensionFinder(this);
  }

  @Override
  protected ExtensionFactory createExtensionFactory() {
    return new DefaultExtensionFactory();
  }

  @Override
  protected PluginDescriptorFinder createPluginDescriptorFinder() {
    return new PathDescriptors();
  }

  @Override
  protected PluginFactory createPluginFactory() {
    return new DefaultPluginFactory();
  }

  @Override
  protected PluginRepository createPluginRepository() {
    return new NoRepository();
  }

  @Override
  protected PluginStatusProvider createPluginStatusProvider() {
    return new NeverDisabled();
  }

  @Override
  protected VersionManager createVersionManager() {
    return new AnyVersion();
  }

  /** Jars only; each sees itself, the JDK and the shared packages. */
  private static final class IsolatedJarLoader extends JarPluginLoader {
    private final ClassLoader parent;

    IsolatedJarLoader(PluginManager manager, ClassLoader daemon) {
      super(manager);
      this.parent = new SpiOnlyClassLoader(daemon);
    }

    @Override
    protected PluginClassLoader createPluginClassLoader(Path path, PluginDescriptor descriptor) {
      return new JarClassLoader(pluginManager, descriptor, parent);
    }
  }

  /** Does not look at the class path. */
  private static final class JarOnly extends LegacyExtensionFinder {
    JarOnly(PluginManager manager) {
      super(manager);
    }

    @Override
    public Map<String, Set<String>> readClasspathStorages() {
      return Map.of();
    }
  }

  /** The path is the id. */
  private static final class PathDescriptors implements PluginDescriptorFinder {
    @Override
    public boolean isApplicable(Path path) {
      return true;
    }

    @Override
    public PluginDescriptor find(Path path) {
      return new DefaultPluginDescriptor(path.toString(), "", "", "0.0.0", "*", "", "");
    }
  }

  /** The host looks for jars itself: it checks who owns them. */
  private static final class NoRepository implements PluginRepository {
    @Override
    public List<Path> getPluginPaths() {
      return List.of();
    }

    @Override
    public boolean deletePluginPath(Path path) {
      return false;
    }
  }

  /** Plugins are disabled by configuration, by type and id, not by jar. */
  private static final class NeverDisabled implements PluginStatusProvider {
    @Override
    public boolean isPluginDisabled(String id) {
      return false;
    }

    @Override
    public void disablePlugin(String id) {
      throw new IllegalStateException("plugins are disabled in the configuration");
    }

    @Override
    public void enablePlugin(String id) {
      throw new IllegalStateException("plugins are enabled in the configuration");
    }
  }

  /** The class loader decides whether a jar fits: an SPI that does not is a LinkageError. */
  private static final class AnyVersion implements VersionManager {
    @Override
    public boolean checkVersionConstraint(String version, String constraint) {
      return true;
    }

    @Override
    public int compareVersions(String a, String b) {
      return a.compareTo(b);
    }
  }
}
