package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.SourceOptions;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds which hosts to ask for a host's images, in containerd's order: {@code HOST_PORT_}, {@code
 * HOST:PORT}, {@code _default} in each configured directory; in the folder found, hosts.toml or
 * certificates in Docker's layout; without any, the host itself. Reads the files at every call.
 */
final class HostsDirectory {
  private static final String DOCKER_HUB = "docker.io";
  private static final String DOCKER_HUB_REGISTRY = "registry-1.docker.io";

  private final List<Path> configured;

  HostsDirectory(List<Path> configured) {
    this.configured = List.copyOf(configured);
  }

  /**
   * The hosts for an image at {@code host}, in the order to try them.
   *
   * @throws dev.carafe.spi.errors.FailedPreconditionException if a file cannot be used
   */
  List<RegistryHost> hosts(String host, SourceOptions options) {
    List<Path> roots =
        options.hostDirectory().isEmpty()
            ? configured
            : RegistryConfig.directories(options.hostDirectory());
    Optional<Path> folder = folder(roots, host);
    List<HostsFile.Entry> entries =
        folder
            .flatMap(found -> HostsFile.read(found.resolve(HostsFile.NAME)))
            .orElseGet(() -> List.of(own(folder.map(CertificateFiles::docker))));
    List<RegistryHost> hosts = new ArrayList<>();
    for (HostsFile.Entry entry : entries) {
      hosts.add(
          entry.server().isPresent()
              ? listed(host, entry.server().get(), entry, options)
              : implied(host, entry, options));
    }
    return hosts;
  }

  private static Optional<Path> folder(List<Path> roots, String host) {
    int colon = host.lastIndexOf(':');
    boolean port = colon > 0 && !host.endsWith("]");
    List<String> names =
        port
            ? List.of(
                host.substring(0, colon) + "_" + host.substring(colon + 1) + "_", host, "_default")
            : List.of(host, "_default");
    for (Path root : roots) {
      for (String name : names) {
        Path folder = root.resolve(name);
        if (Files.isDirectory(folder)) {
          return Optional.of(folder);
        }
      }
    }
    return Optional.empty();
  }

  private static HostsFile.Entry own(Optional<TlsSettings> tls) {
    return new HostsFile.Entry(
        Optional.empty(),
        "/v2",
        EnumSet.allOf(RegistryHost.Capability.class),
        tls.orElse(TlsSettings.DEFAULT),
        Optional.empty(),
        Headers.NONE,
        Optional.empty(),
        Optional.empty());
  }

  private static RegistryHost listed(
      String image, URI server, HostsFile.Entry entry, SourceOptions options) {
    boolean http = "http".equalsIgnoreCase(server.getScheme());
    boolean explicitTls = entry.explicitTls() || options.skipVerify();
    RegistryHost.Scheme scheme =
        !http
            ? RegistryHost.Scheme.HTTPS
            : explicitTls && server.getPort() != 80
                ? RegistryHost.Scheme.EITHER
                : RegistryHost.Scheme.HTTP;
    return host(
        scheme, image, server.getRawAuthority(), entry, entry.capabilities(), options.skipVerify());
  }

  /** The image's own host: what it is configured with besides its address holds all the same. */
  private static RegistryHost implied(String image, HostsFile.Entry entry, SourceOptions options) {
    Set<RegistryHost.Capability> all = EnumSet.allOf(RegistryHost.Capability.class);
    if (image.equals(DOCKER_HUB)) {
      return host(
          RegistryHost.Scheme.HTTPS, image, DOCKER_HUB_REGISTRY, entry, all, options.skipVerify());
    }
    String port = port(image);
    boolean explicitTls = entry.explicitTls() || options.skipVerify();
    if (options.plainHttp()) {
      RegistryHost.Scheme scheme =
          explicitTls && !port.equals("80") ? RegistryHost.Scheme.EITHER : RegistryHost.Scheme.HTTP;
      return host(scheme, image, image, entry, all, options.skipVerify());
    }
    if (!Proxies.isLoopback(name(image))) {
      return host(RegistryHost.Scheme.HTTPS, image, image, entry, all, options.skipVerify());
    }
    // This machine: no certificate is asked for, and on an unusual port no TLS either.
    RegistryHost.Scheme scheme =
        switch (port) {
          case "", "443" -> RegistryHost.Scheme.HTTPS;
          case "80" -> RegistryHost.Scheme.HTTP;
          default -> RegistryHost.Scheme.EITHER;
        };
    boolean ownTrust = entry.skipVerify().isPresent() || !entry.tls().authorities().isEmpty();
    return host(scheme, image, image, entry, all, options.skipVerify() || !ownTrust);
  }

  private static RegistryHost host(
      RegistryHost.Scheme scheme,
      String image,
      String authority,
      HostsFile.Entry entry,
      Set<RegistryHost.Capability> capabilities,
      boolean skipVerify) {
    boolean mirror =
        !authority.equals(image)
            && !(image.equals(DOCKER_HUB) && authority.equals(DOCKER_HUB_REGISTRY));
    TlsSettings tls =
        new TlsSettings(
            entry.tls().authorities(),
            entry.tls().clients(),
            entry.skipVerify().orElse(skipVerify));
    return new RegistryHost(
        scheme,
        authority,
        entry.path(),
        capabilities,
        tls,
        entry.headers(),
        entry.dialTimeout(),
        entry.proxy(),
        mirror ? image : "");
  }

  private static String port(String host) {
    int colon = host.lastIndexOf(':');
    return colon < 0 || host.endsWith("]") ? "" : host.substring(colon + 1);
  }

  private static String name(String host) {
    String name = port(host).isEmpty() ? host : host.substring(0, host.lastIndexOf(':'));
    return name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
  }
}
