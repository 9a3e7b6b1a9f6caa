package dev.carafe.integration;

import java.nio.charset.StandardCharsets;

/** {@code ctr content}, {@code snapshots}, {@code leases} and {@code namespaces}. */
final class CtrStores {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();
  private static final String IMAGE = BUSYBOX.name();
  private static final String ABSENT = Digests.sha256("absent".getBytes(StandardCharsets.UTF_8));

  private final CtrScript script;

  CtrStores(CtrScript script) {
    this.script = script;
  }

  void run() {
    content();
    remotes();
    snapshots();
    leases();
    namespaces();
  }

  private void content() {
    String blob = "some bytes";
    String manifest = BUSYBOX.image().manifestDigest();
    script.feed(blob, "content", "ingest", "ref1");
    script.feed(blob, "content", "ingest", "--expected-digest", ABSENT, "ref2");
    script.feed(blob, "content", "ingest", "--expected-size", "3", "ref3");
    script.feed(blob, "content", "ingest", "--expected-digest", "rubbish", "ref4");
    script.feed(blob, "content", "ingest");
    script.ctr("content", "active", "ref3");
    script.ctr("content", "get", manifest);
    script.ctr("content", "get", ABSENT);
    script.ctr("content", "get", "rubbish");
    script.ctr("content", "label", manifest, "a=b");
    script.ctr("content", "label", manifest, "a=", "c=d");
    script.ctr("content", "label", ABSENT, "a=b");
    script.ctr("content", "ls", "-q", "digest==" + manifest);
    script.ctr("content", "ls", "labels.c==d");
    script.ctr("content", "ls", "rubbish=");
    script.ctr("content", "edit", "--editor", "sed -i s/:/:/", manifest);
    script.ctr("content", "prune", "references", "--dry");
    script.ctr("content", "rm", ABSENT);
    script.ctr("content", "rm", "rubbish");
  }

  /** Takes a part of the image away: comes last. */
  void damage() {
    String manifest = BUSYBOX.image().manifestDigest();
    script.ctr("content", "rm", manifest, ABSENT);
    script.ctr("content", "get", manifest);
    script.ctr("images", "check", "name==" + IMAGE);
    script.ctr("run", "--rm", IMAGE, "c1", "true");
  }

  private void remotes() {
    String layer = BUSYBOX.image().blobs().getFirst();
    script.ctr("content", "fetch", "--plain-http", IMAGE);
    script.ctr("content", "fetch", "--plain-http", "--metadata-only", IMAGE);
    script.ctr("content", "fetch", "--plain-http", TestRegistry.shared().host() + "/absent:1");
    script.ctr("content", "fetch-object", "--plain-http", IMAGE, ABSENT);
    if (script.newer()) {
      script.look(
          "fetch-blob",
          Program.of(
              "sh",
              "-c",
              String.join(
                      " ",
                      script
                          .program("content", "fetch-blob", "--plain-http", IMAGE, layer)
                          .command())
                  + " | sha256sum"));
    }
    script.ctr(
        "content",
        "push-object",
        "--plain-http",
        script.repository("pushed"),
        layer,
        "application/vnd.oci.image.layer.v1.tar+gzip");
  }

  private void snapshots() {
    String top = BUSYBOX.image().chainIds().getLast();
    String target = script.file("target").toString();
    script.ctr("snapshots", "unpack", BUSYBOX.image().manifestDigest());
    script.ctr("snapshots", "unpack", ABSENT);
    // What was removed until now is collected before there are snapshots that nothing holds.
    Await.pause(500_000_000);
    script.ctr("snapshots", "prepare", "--target", target, "a1", top);
    script.ctr("snapshots", "prepare", "a1", top);
    script.ctr("snapshots", "prepare", "a2", "absent");
    script.ctr("snapshots", "prepare", "--mounts", "a3");
    script.ctr("snapshots", "view", "--target", target, "v1", top);
    script.ctr("snapshots", "label", "v1", "containerd.io/gc.root=now");
    script.ctr("snapshots", "view", "--mounts", "v2");
    script.ctr("snapshots", "label", "v2", "containerd.io/gc.root=now");
    script.ctr("snapshots", "view", "v3", "a1");
    script.ctr("snapshots", "mounts", target, "a1");
    script.ctr("snapshots", "mounts", target, "v1");
    script.ctr("snapshots", "mounts", target, "absent");
    script.ctr("snapshots", "mounts", target, top);
    write(target, "a1");
    script.ctr("snapshots", "label", "a1", "a=b");
    script.ctr("snapshots", "label", "a1", "a=");
    script.ctr("snapshots", "label", "absent", "a=b");
    script.ctr("snapshots", "info", "a1");
    script.ctr("snapshots", "info", "v1");
    script.ctr("snapshots", "info", top);
    script.ctr("snapshots", "info", "absent");
    script.ctr("snapshots", "commit", "n1", "a1");
    script.ctr("snapshots", "commit", "n1", "a3");
    script.ctr("snapshots", "commit", "n2", "v1");
    script.ctr("snapshots", "commit", "n2", "absent");
    script.ctr("snapshots", "info", "n1");
    script.ctr("snapshots", "ls");
    script.ctr("snapshots", "tree");
    script.ctr("snapshots", "usage", "absent");
    script.ctr("snapshots", "usage", "-b", "a3");
    diff(top, "n1");
    diff("n1");
    script.ctr("snapshots", "diff", "absent");
    script.ctr("snapshots", "diff", "--media-type", "rubbish", "n1");
    script.ctr("snapshots", "rm", top);
    script.ctr("snapshots", "rm", "n1", "v1", "v2", "a3");
    script.ctr("snapshots", "rm", "absent");
    script.ctr("snapshots", "--snapshotter", "native", "ls");
    script.ctr("snapshots", "--snapshotter", "native", "prepare", "--target", target, "p1", top);
    script.ctr("snapshots", "--snapshotter", "native", "mounts", target, "p1");
    script.ctr("snapshots", "--snapshotter", "native", "rm", "p1");
    script.ctr("snapshots", "--snapshotter", "absent", "ls");
  }

  private void write(String target, String key) {
    String mount = script.program("snapshots", "mounts", target, key).run().ok().strip();
    script.look(
        "write to " + key,
        Program.of(
            "unshare",
            "--mount",
            "sh",
            "-c",
            "mkdir -p " + target + "; " + mount + "; cd " + target + "; echo 1 > new; rm bin/sh"));
  }

  private void diff(String... keys) {
    String[] words = new String[4 + keys.length];
    System.arraycopy(
        new String[] {
          "snapshots", "diff", "--media-type", "application/vnd.oci.image.layer.v1.tar"
        },
        0,
        words,
        0,
        4);
    System.arraycopy(keys, 0, words, 4, keys.length);
    script.look(
        "snapshots diff " + String.join(" ", keys),
        Program.of(
            "sh",
            "-c",
            "'"
                + String.join("' '", script.program(words).command())
                + "' | tar tv --numeric-owner"));
  }

  private void leases() {
    script.ctr("leases", "create", "--id", "l1");
    script.ctr("leases", "create", "--id", "l1");
    script.ctr("leases", "create", "--id", "l2", "--expires", "1h", "a=b");
    script.ctr("leases", "create", "--id", "l3", "--expires", "0");
    script.ctr("leases", "create", "--id", "not an id");
    script.ctr("leases", "ls");
    script.ctr("leases", "ls", "-q");
    script.ctr("leases", "ls", "id==l3");
    script.ctr("leases", "ls", "id==");
    script.ctr("leases", "rm", "l1");
    script.ctr("leases", "rm", "l1");
    script.ctr("leases", "rm", "--sync", "l2", "l3");
    script.ctr("leases", "ls");
  }

  private void namespaces() {
    String other = script.namespace() + "-other";
    script.ctr("namespaces", "create", other, "a=b", "c=d");
    script.ctr("namespaces", "create", other);
    script.ctr("namespaces", "create", "not a namespace");
    script.ctr("namespaces", "create");
    script.ctr("namespaces", "label", other, "a=", "e=f");
    script.ctr("namespaces", "label", script.namespace() + "-absent", "a=b");
    script.ctr("namespaces", "ls");
    script.ctr("namespaces", "ls", "-q");
    script.ctr("namespaces", "rm", script.namespace());
    script.ctr("namespaces", "rm", other);
    script.ctr("namespaces", "rm", other);
    script.ctr("namespaces", "rm", "--cgroup", other);
  }
}
