package dev.carafe.plugin.credentials.docker;

import java.util.Locale;
import java.util.Set;

/**
 * A registry as a configuration file names it: {@code HOST[:PORT][/PATH]}, with or without scheme.
 * Docker Hub goes by several names that all mean the same, and {@code /v1} and {@code /v2} are the
 * API's root and no path of images.
 *
 * @param host lower case, with port where given; {@code docker.io} for Docker Hub
 * @param path of images that it holds for, without slashes at its ends; empty for all
 */
record ServerName(String host, String path) {
  static final String HUB = "docker.io";

  /** What Docker and its helpers keep Docker Hub's credentials under. */
  static final String HUB_KEY = "https://index.docker.io/v1/";

  private static final Set<String> HUB_HOSTS =
      Set.of(HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com");

  static ServerName of(String text) {
    String rest = text.strip();
    int scheme = rest.indexOf("://");
    if (scheme >= 0) {
      rest = rest.substring(scheme + 3);
    }
    int slash = rest.indexOf('/');
    String host = (slash < 0 ? rest : rest.substring(0, slash)).toLowerCase(Locale.ROOT);
    String path = slash < 0 ? "" : rest.substring(slash + 1);
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (path.equals("v1") || path.equals("v2")) {
      path = "";
    }
    return new ServerName(HUB_HOSTS.contains(host) ? HUB : host, path);
  }

  /** Whether it is this host, and the repository below its path. */
  boolean covers(ServerName asked, String repository) {
    return host.equals(asked.host)
        && (path.isEmpty() || repository.equals(path) || repository.startsWith(path + "/"));
  }
}
