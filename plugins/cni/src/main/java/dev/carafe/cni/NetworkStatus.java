package dev.carafe.cni;

/**
 * Whether pods can be given a network.
 *
 * @param ready for the condition {@code NetworkReady}
 * @param reason a word for machines; empty if ready
 * @param message for people; empty if ready
 * @param lastLoad how the configuration was last read: {@code OK}, or what is wrong with it
 */
public record NetworkStatus(boolean ready, String reason, String message, String lastLoad) {
  static final String NOT_READY = "NetworkPluginNotReady";
  static final String LOADED = "OK";

  static NetworkStatus ready(String lastLoad) {
    return new NetworkStatus(true, "", "", lastLoad);
  }

  static NetworkStatus notReady(String message, String lastLoad) {
    return new NetworkStatus(
        false, NOT_READY, "Network plugin returns error: " + message, lastLoad);
  }
}
