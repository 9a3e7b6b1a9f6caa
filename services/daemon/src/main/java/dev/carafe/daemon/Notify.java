package dev.carafe.daemon;

import dev.carafe.linux.SystemdNotify;

/** Tells systemd, where it asks (sd_notify(3)). */
final class Notify {
  private Notify() {}

  static void send(String state) {
    String socket = System.getenv("NOTIFY_SOCKET");
    if (socket != null && !socket.isEmpty()) {
      SystemdNotify.send(socket, state);
    }
  }
}
