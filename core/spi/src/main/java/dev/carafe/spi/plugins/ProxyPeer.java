package dev.carafe.spi.plugins;

import java.nio.file.Path;
import java.util.Set;

/**
 * The other process, as the table {@code [proxy_plugins.NAME]} describes it.
 *
 * @param name of the plugin
 * @param remoteName what the other process calls it
 * @param address Unix socket that it serves gRPC on
 * @param contentAddress Unix socket of the content service that it shares with the daemon
 * @param capabilities what it can do beyond the contract, in containerd's words
 * @param namespace sent instead of the caller's, or empty
 * @param lease sent instead of the caller's; empty for the caller's, or with a namespace for none
 */
public record ProxyPeer(
    String name,
    String remoteName,
    Path address,
    Path contentAddress,
    Set<String> capabilities,
    String namespace,
    String lease) {
  public ProxyPeer {
    capabilities = Set.copyOf(capabilities);
  }

  /** The same process under another socket. */
  public ProxyPeer at(Path otherAddress) {
    return new ProxyPeer(
        name, remoteName, otherAddress, contentAddress, capabilities, namespace, lease);
  }
}
