package dev.carafe.integration;

import java.util.ArrayList;
import java.util.List;

/** {@code ctr images}. */
final class CtrImages {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();
  private static final String IMAGE = BUSYBOX.name();
  private static final String COPY = "example.com/copy:1";

  private final CtrScript script;

  CtrImages(CtrScript script) {
    this.script = script;
  }

  void run() {
    script.ctr("images", "ls");
    pull();
    names();
    look();
    mounts();
    push();
    archives();
    convert();
    removal();
  }

  private void pull() {
    script.ctr("images", "pull", "--plain-http", TestRegistry.shared().host() + "/absent:1");
    script.ctr("images", "pull", "not a name");
    script.ctr("images", "pull", "127.0.0.1:1/refused:1");
    script.ctr("images", "pull", "--plain-http", "--platform", "linux/s390x", IMAGE);
    script.ctr("images", "pull", "--plain-http", "--label", "pulled=yes", IMAGE);
    script.ctr("images", "ls");
    if (script.newer()) {
      script.ctr("images", "pull", "--plain-http", "--local", "--print-chainid", IMAGE);
    }
    if (script.newer()) {
      script.ctr("images", "pull", "--plain-http", "--local", "--snapshotter", "native", IMAGE);
    } else {
      script.ctr("images", "pull", "--plain-http", "--snapshotter", "native", IMAGE);
    }
    script.ctr("images", "pull", "--plain-http", "--snapshotter", "absent", IMAGE);
  }

  private void names() {
    script.ctr("images", "tag", IMAGE, COPY);
    script.ctr("images", "tag", IMAGE, COPY);
    script.ctr("images", "tag", "--force", IMAGE, COPY);
    script.ctr("images", "tag", "example.com/absent:1", "example.com/other:1");
    script.ctr("images", "label", COPY, "a=1", "b=2");
    script.ctr("images", "label", COPY, "a=");
    script.ctr("images", "ls", "name==" + COPY);
    script.ctr("images", "label", "--replace-all", COPY, "c=3");
    script.ctr("images", "ls", "-q");
    script.ctr("images", "ls", "labels.c==3");
    script.ctr("images", "ls", "name==");
    script.ctr("images", "label", "example.com/absent:1", "a=1");
    script.ctr("images", "label", COPY, "containerd.io/" + "x".repeat(4096) + "=1");
  }

  private void look() {
    script.ctr("images", "check");
    script.ctr("images", "check", "-q");
    script.ctr("images", "check", "--snapshotter", "native");
    script.ctr("images", "check", "name==example.com/absent:1");
    if (script.newer()) {
      script.ctr("images", "usage", IMAGE);
      script.ctr("images", "usage", "--snapshotter", "native", IMAGE);
      script.ctr("images", "usage", "example.com/absent:1");
      script.ctr("images", "inspect", IMAGE);
      script.ctr("images", "inspect", "--content", IMAGE);
      script.ctr("images", "inspect", "example.com/absent:1");
    }
  }

  private void mounts() {
    for (String flag : List.of("--rw=false", "--rw")) {
      String target = script.file("mount" + flag).toString();
      script.look("mkdir " + flag, Program.of("mkdir", target));
      script.ctr("images", "mount", flag, IMAGE, target);
      script.look("mounted " + flag, Program.of("ls", target));
      script.look("write " + flag, Program.of("touch", target + "/new"));
      script.ctr("images", "mount", flag, IMAGE, target);
      script.ctr("images", "unmount", "--rm", target);
      script.look("unmounted " + flag, Program.of("ls", target));
      script.ctr("images", "unmount", "--rm", target);
    }
    script.ctr("images", "mount", "example.com/absent:1", script.file("mount--rw").toString());
    script.ctr("snapshots", "ls");
  }

  private void push() {
    String pushed = script.repository("compared");
    script.ctr("images", "push", "--plain-http", pushed);
    script.ctr("images", "push", "--plain-http", pushed, IMAGE);
    script.ctr("images", "tag", IMAGE, pushed);
    script.ctr("images", "push", "--plain-http", pushed);
    if (script.newer()) {
      script.ctr("images", "push", "--plain-http", "--local", pushed);
    }
    script.ctr("images", "push", "--plain-http", "--platform", "linux/s390x", pushed);
    script.ctr("images", "rm", pushed);
  }

  private void archives() {
    String whole = script.file("whole.tar").toString();
    export(whole, whole, IMAGE);
    archive("whole", whole);
    String bare = script.file("bare.tar").toString();
    export(bare, "--skip-manifest-json", "--platform", "linux/amd64", bare, COPY);
    archive("bare", bare);
    script.ctr("images", "export", script.file("absent.tar").toString(), "example.com/absent:1");
    script.ctr("images", "export", "--platform", "linux/s390x", script.file("s.tar") + "", IMAGE);
    script.ctr("images", "import", whole);
    script.ctr("images", "import", "--base-name", "example.com/based", whole);
    script.ctr("images", "import", "--digests", "--base-name", "example.com/digest", bare);
    script.ctr("images", "import", "--index-name", "example.com/index:1", bare);
    script.ctr("images", "import", "--no-unpack", "--all-platforms", whole);
    script.ctr("images", "import", script.file("nothing.tar").toString());
    script.look("no archive", Program.of("sh", "-c", "echo rubbish > " + script.file("no.tar")));
    script.ctr("images", "import", script.file("no.tar").toString());
    if (script.newer()) {
      script.ctr("images", "import", "--local", "--index-name", "example.com/index:2", whole);
      String local = script.file("local.tar").toString();
      export(local, "--local", local, IMAGE);
      archive("local", local);
    }
    script.ctr("images", "ls");
  }

  /** ctr 2.1 may end before it has written all that came, from whichever daemon: then once more. */
  private void export(String file, String... more) {
    List<String> words = new ArrayList<>(List.of("images", "export"));
    words.addAll(List.of(more));
    String[] command = words.toArray(String[]::new);
    script.ctr(command);
    Await.until(
        "an archive that is whole",
        () -> {
          Result listed = Program.of("tar", "tf", file).run();
          if (listed.code() == 0 && listed.out().contains("oci-layout")) {
            return true;
          }
          script.program(command).run();
          return false;
        });
  }

  private void archive(String name, String file) {
    script.look("files of " + name, Program.of("sh", "-c", "tar tf " + file + " | sort"));
    for (String document : List.of("index.json", "manifest.json", "oci-layout")) {
      script.look(document + " of " + name, Program.of("tar", "xOf", file, document));
    }
  }

  private void convert() {
    script.ctr("images", "convert", "--oci", IMAGE, "example.com/oci:1");
    script.ctr("images", "convert", "--uncompress", "--oci", IMAGE, "example.com/plain:1");
    script.ctr("images", "convert", "--platform", "linux/s390x", IMAGE, "example.com/s390x:1");
    script.ctr("images", "convert", "example.com/absent:1", "example.com/other:1");
    script.ctr("images", "check", "name==example.com/plain:1");
    script.ctr("images", "ls", "name==example.com/plain:1");
  }

  private void removal() {
    script.ctr("images", "rm", "example.com/absent:1");
    script.ctr("images", "rm", "example.com/plain:1", "example.com/absent:1", "example.com/oci:1");
    script.ctr("images", "rm", "--sync", "example.com/index:1");
    script.ctr("images", "ls", "-q");
    if (script.newer()) {
      script.ctr("images", "prune");
      script.ctr("images", "prune", "--all");
      script.ctr("images", "ls", "-q");
      script.ctr("images", "pull", "--plain-http", IMAGE);
    }
  }
}
