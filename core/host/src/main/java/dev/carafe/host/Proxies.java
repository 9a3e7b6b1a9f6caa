package dev.carafe.host;

import dev.carafe.host.config.DaemonConfig;
import dev.carafe.host.config.NearestMatch;
import dev.carafe.host.config.ProxyPlugin;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The kinds of proxy plugin that were found, and the plugins that the configuration makes. */
final class Proxies {
  /** A proxy plugin's own table has the keys that every plugin's table has, and no other. */
  record None() {}

  /** A factory of proxy plugins, and where it is from. */
  record Source(
      String kind,
      ProxyFactory<?> factory,
      String jar,
      @Nullable ClassLoader loader,
      List<String> warnings) {
    static Source of(ProxyFactory<?> factory, String jar, boolean isolated, List<String> warnings) {
      return new Source(
          factory.kind(),
          factory,
          jar,
          isolated ? factory.getClass().getClassLoader() : null,
          warnings);
    }
  }

  private final Map<String, Source> sources = new TreeMap<>();

  /** The first of a kind counts: bundled ones come first. */
  void add(Source source) {
    sources.putIfAbsent(source.kind(), source);
  }

  /**
   * One for each table.
   *
   * @throws InvalidArgumentException one line for each mistake
   */
  List<Candidate> candidates(DaemonConfig config) {
    List<Candidate> candidates = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    new TreeMap<>(config.proxyPlugins())
        .forEach((name, proxy) -> {
          Source source = sources.get(proxy.type());
          if (source == null) {
            problems.add(
                "proxy_plugins."
                    + name
                    + ".type: \""
                    + proxy.type()
                    + "\" is none of "
                    + String.join(", ", sources.keySet())
                    + NearestMatch.hint(proxy.type(), sources.keySet()));
            return;
          }
          try {
            candidates.add(candidate(source.factory(), source, name, proxy, config));
          } catch (IllegalArgumentException e) {
            problems.add("proxy_plugins." + name + ": " + e.getMessage());
          }
        });
    if (!problems.isEmpty()) {
      throw new InvalidArgumentException(String.join("\n", problems));
    }
    return candidates;
  }

  private static <T> Candidate candidate(
      ProxyFactory<T> factory, Source source, String name, ProxyPlugin proxy, DaemonConfig config) {
    PluginDeclaration<T, None> declaration =
        new PluginDeclaration<>(factory.type(), name, List.of(), false, new None());
    ProxyPeer peer =
        new ProxyPeer(
            name,
            proxy.snapshotter().isEmpty() ? name : proxy.snapshotter(),
            Path.of(proxy.address()),
            proxy.contentAddress().isEmpty()
                ? config.grpc().address()
                : Path.of(proxy.contentAddress()),
            Set.copyOf(proxy.capabilities()),
            proxy.namespace(),
            proxy.lease());
    return new Candidate(
        (context, _) -> create(factory, context, proxy, peer),
        declaration,
        source.jar(),
        source.loader(),
        source.warnings());
  }

  private static <T> @Nullable T create(
      ProxyFactory<T> factory, PluginContext context, ProxyPlugin proxy, ProxyPeer peer) {
    proxy.exports().forEach(context::export);
    context.export("address", proxy.address());
    if (!proxy.platform().isEmpty()) {
      context.export("platform", proxy.platform());
    }
    proxy.capabilities().forEach(context::capability);
    return factory.create(context, peer);
  }
}
