package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;

/** What else {@code ctr} has: events, sandboxes, and what a daemon says of itself. */
final class CtrMatters {
  private static final String IMAGE = ImageStock.busybox().name();

  private final CtrScript script;

  CtrMatters(CtrScript script) {
    this.script = script;
  }

  void run() {
    events();
    itself();
    if (script.newer()) {
      sandboxes();
    }
  }

  private void events() {
    try (Program.Running events = script.program("events").start()) {
      Await.until(
          "the subscription is served",
          () -> {
            script.program("images", "label", IMAGE, "probe=1").run();
            return events.out().contains("/images/update");
          });
      script.ctr("run", "--rm", IMAGE, "events", "sh", "-c", "exit 6");
      script.ctr("namespaces", "create", script.namespace() + "-event", "a=b");
      script.ctr("namespaces", "rm", script.namespace() + "-event");
      script.ctr("images", "tag", IMAGE, "example.com/event:1");
      script.ctr("images", "rm", "example.com/event:1");
      Await.until("the last event has come", () -> events.out().contains("/images/delete"));
      List<String> told =
          events.out().lines().filter(line -> !line.contains("/images/update")).sorted().toList();
      script.note("events", String.join("\n", told));
    }
    script.ctr("events", "topic==");
  }

  private void itself() {
    script.ctr("version");
    script.ctr("plugins", "ls");
    script.ctr("plugins", "ls", "-q", "type==io.containerd.snapshotter.v1");
    script.ctr("plugins", "ls", "id==");
    script.ctr("oci", "spec");
    if (script.newer()) {
      script.ctr("deprecations", "list");
      script.ctr("deprecations", "list", "--format", "json");
      script.ctr("info");
      script.ctr("plugins", "inspect-runtime");
      script.ctr("plugins", "inspect-runtime", "--runtime", "io.containerd.absent.v2");
    }
  }

  private void sandboxes() {
    String config = script.file("pod.json").toString();
    try {
      Files.writeString(
          script.file("pod.json"),
          "{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"namespace\":\"default\",\"attempt\":1},"
              + "\"log_directory\":\"/tmp\",\"linux\":{}}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    script.ctr("sandboxes", "ls");
    script.ctr("sandboxes", "rm", "absent");
    script.ctr("sandboxes", "run", config, "s1");
    script.ctr("sandboxes", "ls");
    script.ctr("sandboxes", "rm", "s1");
    script.ctr("sandboxes", "rm", "--force", "s1");
    script.ctr("sandboxes", "ls", "--filters", "id==");
    script.ctr("sandboxes", "ls");
  }
}
