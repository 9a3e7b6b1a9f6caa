package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A plugin that another process serves on a Unix socket, under the name of its table. */
public record ProxyPlugin(
    @Description("What it is: snapshot, content, diff or sandbox.") String type,
    @Description("Unix socket that it serves gRPC on; at most 107 bytes. It need not be there yet.")
        String address,
    @Description("What it is for, as os/architecture; shown, and empty for this machine's.")
        String platform,
    @Description("Values to show in the list of plugins.") Map<String, String> exports,
    @Description(
            "What it can do beyond the contract, for example rebase: a snapshotter that takes its"
                + " parent at commit and leaves whiteouts in overlayfs's form alone.")
        List<String> capabilities,
    @Description(
            "Namespace that it is told. Empty for the caller's; to be set where the other process"
                + " keeps namespaces apart itself, as containerd does.")
        String namespace,
    @Description(
            "Lease that it is told; only with a namespace. For processes that collect garbage, as"
                + " containerd does: the lease must be there and must not expire.")
        String lease,
    @Description(
            "For a snapshotter or sandbox controller: the name that the other process knows it by."
                + " Empty for the name of this table.")
        String snapshotter,
    @Description(
            "For a differ: Unix socket of the content service that layers are passed through."
                + " Empty for this daemon's own.")
        String contentAddress) {
  static final ProxyPlugin DEFAULT =
      new ProxyPlugin("", "", "", Map.of(), List.of(), "", "", "", "");

  /** The room that {@code sockaddr_un} has (unix(7)). */
  private static final int LONGEST = 107;

  private static final int MOST = 64;
  private static final Pattern PLATFORM = Pattern.compile("[a-z0-9_]+(/[a-z0-9_.]+){1,2}");
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9]+([._-][A-Za-z0-9]+)*");

  public ProxyPlugin {
    exports = Map.copyOf(exports);
    capabilities = List.copyOf(capabilities);
    requireSocket("address", address);
    requireSocket("content_address", contentAddress);
    requireForm("platform", platform, PLATFORM);
    requireForm("namespace", namespace, NAME);
    requireForm("lease", lease, NAME);
    if (!lease.isEmpty() && namespace.isEmpty()) {
      throw new InvalidArgumentException("lease: has no meaning without namespace");
    }
    if (exports.size() > MOST || capabilities.size() > MOST) {
      throw new InvalidArgumentException(
          "exports and capabilities: must not be more than " + MOST + " each");
    }
    requireForm("snapshotter", snapshotter, NAME);
    requireMeaning("snapshotter", snapshotter, Set.of("snapshot", "sandbox"), type);
    requireMeaning("content_address", contentAddress, Set.of("diff"), type);
  }

  /** What must be said, was not, and has no default. */
  Optional<String> incomplete(String name) {
    String missing = type.isEmpty() ? "type" : address.isEmpty() ? "address" : "";
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("proxy_plugins." + name + ": key \"" + missing + "\" is missing");
  }

  static void requireSocket(String key, String path) {
    if (!path.isEmpty() && (!path.startsWith("/") || path.indexOf('\0') >= 0)) {
      throw new InvalidArgumentException(key + ": \"" + path + "\" is not an absolute path");
    }
    if (path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw new InvalidArgumentException(
          key + ": \"" + path + "\" is longer than " + LONGEST + " bytes");
    }
  }

  private static void requireMeaning(String key, String value, Set<String> where, String type) {
    if (!value.isEmpty() && !type.isEmpty() && !where.contains(type)) {
      throw new InvalidArgumentException(key + ": has no meaning where type is \"" + type + "\"");
    }
  }

  static void requireForm(String key, String value, Pattern form) {
    if (!value.isEmpty() && (value.length() > 76 || !form.matcher(value).matches())) {
      throw new InvalidArgumentException(key + ": \"" + value + "\" is not of the form " + form);
    }
  }
}
