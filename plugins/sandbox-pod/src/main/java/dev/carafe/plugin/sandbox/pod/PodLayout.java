package dev.carafe.plugin.sandbox.pod;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.sandboxes.SandboxKey;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Where things lie in the plugin's state directory.
 *
 * <pre>
 * NAMESPACE/ID/
 *   sandbox.json        what is known of the sandbox; written whole and renamed into place
 *   sandbox.json.new    the same, being written
 *   ns/net, ipc, uts    mount points of its namespaces
 * </pre>
 */
record PodLayout(Path state) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,254}");

  Path sandbox(SandboxKey key) {
    return state.resolve(checked(key.namespace())).resolve(checked(key.id()));
  }

  Path record(SandboxKey key) {
    return sandbox(key).resolve("sandbox.json");
  }

  Path pins(SandboxKey key) {
    return sandbox(key).resolve("ns");
  }

  Path pin(SandboxKey key, PodNamespace namespace) {
    return pins(key).resolve(namespace.file());
  }

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidArgumentException(
          "sandbox name \"" + name.replaceAll("\\p{Cntrl}", "?") + "\" is not an identifier");
    }
    return name;
  }
}
