package dev.carafe.spi.plugins;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a plugin is and needs.
 *
 * @param type the kind
 * @param id unique within the kind, for example {@code overlayfs}
 * @param requires kinds that must be up before: all plugins of each kind are created first; a kind
 *     with none is a start-up error that names the chain, a cycle likewise
 * @param wants kinds that are up before where there are any: none installed or all disabled is
 *     fine, but one that failed fails this plugin too, since what it would have said is unknown
 * @param essential whether the daemon refuses to start without it
 * @param defaults the configuration where the file says nothing; also names the configuration's
 *     record type
 */
public record PluginDeclaration<T, C extends Record>(
    PluginType<T> type,
    String id,
    List<PluginType<?>> requires,
    List<PluginType<?>> wants,
    boolean essential,
    C defaults) {
  private static final Pattern ID = Pattern.compile("[a-z0-9]+([._-][a-z0-9]+)*");

  public PluginDeclaration {
    Objects.requireNonNull(type);
    Objects.requireNonNull(defaults);
    if (!ID.matcher(id).matches() || id.length() > 76) {
      throw new IllegalArgumentException("plugin id \"" + id + "\" is not of the form " + ID);
    }
    requires = List.copyOf(requires);
    wants = List.copyOf(wants);
  }

  /** A plugin that wants nothing besides what it requires. */
  public PluginDeclaration(
      PluginType<T> type, String id, List<PluginType<?>> requires, boolean essential, C defaults) {
    this(type, id, requires, List.of(), essential, defaults);
  }

  /** The name in configuration, logs and dependency lists: {@code TYPE.ID}. */
  public String uri() {
    return type.name() + "." + id;
  }
}
