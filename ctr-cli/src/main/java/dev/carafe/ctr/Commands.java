package dev.carafe.ctr;

import dev.carafe.ctr.Command.Flag;
import java.util.ArrayList;
import java.util.List;

/**
 * All commands with their flags: one place for parsing, help and completion. {@link CommandRunner}
 * runs them.
 */
final class Commands {
  static final List<Flag> GLOBAL =
      List.of(
          value(
              "address",
              "a",
              "SOCKET",
              "the daemon's socket ($CARAFE_ADDRESS, $CONTAINERD_ADDRESS)"),
          value(
              "namespace", "n", "NAME", "the namespace ($CARAFE_NAMESPACE, $CONTAINERD_NAMESPACE)"),
          Command.HELP,
          flag("version", "v", "shows the version of this program"));

  private static final Flag FORMAT =
      value("format", "", "table|json", "tables for people, JSON for programs");
  private static final Flag QUIET = flag("quiet", "q", "names only");
  private static final Flag SNAPSHOTTER =
      value("snapshotter", "", "NAME", "where root file systems are kept ($CARAFE_SNAPSHOTTER)");

  private static final List<Flag> RUN = RunFlags.with(SNAPSHOTTER);

  static final List<Command> ALL =
      List.of(
          command("version", "", 0, 0, "shows the versions of client and daemon", FORMAT),
          command("plugins ls", "", 0, 0, "lists plugins", FORMAT),
          command(
              "plugins inspect-runtime",
              "",
              0,
              0,
              "shows what a runtime says of itself",
              value("runtime", "", "NAME", "runtime handler")),
          command("plugins load", "JAR", 1, 1, "loads a jar from a plugin directory"),
          command("plugins unload", "ID", 1, 1, "unloads a plugin that nothing uses, and its jar"),
          command(
              "plugins reload", "ID", 1, 1, "loads a plugin's jar again, and closes the old one"),
          command(
              "plugins graph",
              "",
              0,
              0,
              "draws plugins and what they require",
              value(
                  "format", "", "tree|json|dot|svg", "for terminals, programs, Graphviz, browsers"),
              value("output", "o", "FILE", "where to, instead of standard output")),
          command("namespaces ls", "", 0, 0, "lists namespaces", FORMAT, QUIET),
          command("namespaces create", "NAME [LABEL=VALUE...]", 1, 99, "creates a namespace"),
          command(
              "namespaces label",
              "NAME LABEL=VALUE...",
              2,
              99,
              "sets or, with no value, removes labels"),
          command("namespaces rm", "NAME...", 1, 99, "removes empty namespaces"),
          command(
              "pull",
              "IMAGE [NAME]",
              1,
              2,
              "pulls an image, or a file such as oci:/DIR:TAG, and unpacks it",
              value("platform", "", "OS/ARCH", "which image of several"),
              flag("all-platforms", "", "fetches all of them"),
              value("user", "u", "USER[:PASSWORD]", "credentials for the image's registry"),
              flag("plain-http", "", "speaks plain HTTP"),
              value("hosts-dir", "", "DIR", "hosts.toml directory"),
              SNAPSHOTTER,
              flag("no-unpack", "", "content only"),
              many("label", "l", "NAME=VALUE", "labels the image"),
              flag("quiet", "q", "no progress")),
          command(
              "push",
              "IMAGE [NAME]",
              1,
              2,
              "pushes an image, under another name if one is given",
              many("platform", "", "OS/ARCH", "which image of several; all if not given"),
              value("user", "u", "USER[:PASSWORD]", "credentials for the image's registry"),
              flag("plain-http", "", "speaks plain HTTP"),
              value("hosts-dir", "", "DIR", "hosts.toml directory"),
              flag("quiet", "q", "no progress")),
          command(
              "import",
              "FILE|-",
              1,
              1,
              "imports images from an OCI or docker save archive",
              value("base-name", "", "NAME", "takes only images of this name, or gives it to them"),
              value("index-name", "", "NAME", "names the archive's index as a whole"),
              flag("digests", "", "names images by their digest, too"),
              flag("skip-digest-for-named", "", "but not those that have another name"),
              value("platform", "", "OS/ARCH", "which image of several"),
              flag("all-platforms", "", "takes all of them"),
              SNAPSHOTTER,
              flag("no-unpack", "", "content only"),
              flag("compress", "", "compresses layers that are not"),
              many("label", "l", "NAME=VALUE", "labels the images"),
              flag("quiet", "q", "no progress")),
          command(
              "export",
              "FILE|- IMAGE...",
              2,
              99,
              "exports images to an archive that OCI tools and docker load read",
              many("platform", "", "OS/ARCH", "which image of several"),
              flag("all-platforms", "", "all of them"),
              flag("skip-manifest-json", "", "leaves out what docker load reads"),
              flag("skip-non-distributable", "", "leaves out layers that may not be passed on"),
              flag("quiet", "q", "no progress")),
          command("images ls", "[FILTER...]", 0, 99, "lists images", FORMAT, QUIET),
          command(
              "images label",
              "IMAGE LABEL=VALUE...",
              2,
              99,
              "sets or, with no value, removes labels",
              flag("replace-all", "r", "removes all that are not given")),
          command(
              "images prune",
              "",
              0,
              0,
              "shows the images that no container was made of",
              flag("all", "", "and removes them")),
          command(
              "images rm",
              "IMAGE...",
              1,
              99,
              "removes images",
              flag("sync", "", "waits for garbage collection")),
          command(
              "images tag",
              "IMAGE NAME",
              2,
              2,
              "gives an image a further name",
              flag("force", "", "replaces")),
          command(
              "images inspect", "IMAGE", 1, 1, "shows what an image is made of as a tree", FORMAT),
          command(
              "images check",
              "[FILTER...]",
              0,
              99,
              "shows whether images are complete; exits with 1 if one is not",
              FORMAT,
              QUIET,
              SNAPSHOTTER),
          command(
              "images usage", "[IMAGE...]", 0, 99, "shows what images take", FORMAT, SNAPSHOTTER),
          command(
              "images mount",
              "IMAGE DIR",
              2,
              2,
              "mounts an image's files, read-only",
              value("platform", "", "OS/ARCH", "which image of several"),
              flag("rw", "", "writable, in a snapshot of its own"),
              SNAPSHOTTER),
          command(
              "images unmount",
              "DIR",
              1,
              1,
              "unmounts an image",
              flag("rm", "", "removes the snapshot that was mounted"),
              SNAPSHOTTER),
          command(
              "images convert",
              "IMAGE NAME",
              2,
              2,
              "makes another image of one",
              flag("uncompress", "", "unpacks layers"),
              flag("zstd", "", "packs layers with zstd; OCI media types"),
              flag("oci", "", "OCI media types instead of Docker's"),
              many("platform", "", "OS/ARCH", "keeps only this one of several"),
              flag("all-platforms", "", "keeps all of them")),
          new Command("run", "IMAGE ID [COMMAND...]", 2, -1, "runs a container", RUN),
          command("containers ls", "[FILTER...]", 0, 99, "lists containers", FORMAT, QUIET),
          command(
              "containers info",
              "ID",
              1,
              1,
              "shows a container as JSON",
              flag("spec", "", "only its specification")),
          command(
              "containers checkpoint",
              "ID NAME",
              2,
              2,
              "makes an image of a container; its task stands still meanwhile",
              flag("image", "", "with the container's image"),
              flag("rw", "", "with the files that it has changed"),
              flag("task", "", "with the state of its processes, taken by criu")),
          command(
              "containers restore",
              "ID NAME",
              2,
              2,
              "makes a container of a checkpoint and runs it",
              flag("rw", "", "with the changed files"),
              flag("live", "", "goes on where its processes were, by criu"),
              flag("interactive", "i", "passes standard input on"),
              flag("detach", "d", "does not wait for its end"),
              value("pid-file", "", "FILE", "writes the process id"),
              value("log-uri", "", "URI", "where output goes with -d")),
          command(
              "containers label",
              "ID LABEL=VALUE...",
              2,
              99,
              "sets or, with no value, removes labels"),
          command(
              "containers rm",
              "ID...",
              1,
              99,
              "removes containers and their snapshots",
              flag("keep-snapshot", "", "keeps the snapshot")),
          command(
              "containers cp",
              "ID:/PATH FILE|- , or FILE|- ID:/DIR",
              2,
              2,
              "copies files from or to a container as a tar archive",
              flag("no-walk", "", "a directory without what is in it"),
              flag("archive", "a", "keeps owners")),
          new Command(
              "containers create",
              "IMAGE ID [COMMAND...]",
              2,
              -1,
              "creates a container without running it",
              RUN),
          command("tasks ls", "", 0, 0, "lists tasks", FORMAT, QUIET),
          command(
              "tasks start",
              "ID",
              1,
              1,
              "starts the task of a container",
              flag("interactive", "i", "passes standard input on"),
              flag("detach", "d", "does not wait for its end"),
              value("pid-file", "", "FILE", "writes the process id"),
              value("log-uri", "", "URI", "where output goes with -d")),
          command("tasks ps", "ID", 1, 1, "lists the processes of a task", FORMAT),
          new Command(
              "tasks exec",
              "ID COMMAND...",
              2,
              -1,
              "runs a further process in a task",
              List.of(
                  value("exec-id", "", "ID", "its name"),
                  flag("tty", "t", "gives it a terminal"),
                  flag("interactive", "i", "passes standard input on"),
                  flag("detach", "d", "does not wait for its end"),
                  many("env", "e", "NAME=VALUE", "sets a variable"),
                  value("cwd", "w", "DIR", "working directory"),
                  value("user", "u", "USER[:GROUP]", "who it runs as"))),
          command(
              "tasks kill",
              "ID",
              1,
              1,
              "signals a task",
              value("signal", "s", "NAME", "TERM or what the image names, if not given"),
              flag("all", "a", "all processes"),
              value("exec-id", "", "ID", "a further process")),
          command(
              "tasks attach",
              "ID",
              1,
              1,
              "shows the output of a detached task, passes signals on, and exits with its code",
              flag("interactive", "i", "passes standard input on")),
          command(
              "tasks checkpoint",
              "ID",
              1,
              1,
              "saves the state of a task with criu",
              value("image-path", "", "DIR", "where to, instead of an image's content"),
              value("work-path", "", "DIR", "where criu leaves its logs"),
              flag("exit", "", "ends the task afterwards")),
          command("tasks pause", "ID", 1, 1, "stops all processes where they are"),
          command("tasks resume", "ID", 1, 1, "lets them go on"),
          command("tasks metrics", "ID", 1, 1, "shows statistics", FORMAT),
          command(
              "tasks wait",
              "ID",
              1,
              1,
              "waits for the end and exits with its code",
              value("exec-id", "", "ID", "a further process")),
          command(
              "tasks rm",
              "ID...",
              1,
              99,
              "removes tasks that have ended",
              flag("force", "f", "kills first"),
              value("exec-id", "", "ID", "a further process instead")),
          command("content ls", "[FILTER...]", 0, 99, "lists blobs", FORMAT, QUIET),
          command("content get", "DIGEST", 1, 1, "writes a blob to standard output"),
          command(
              "content ingest",
              "REF",
              1,
              1,
              "makes a blob from standard input",
              value("expected-digest", "", "DIGEST", "what it must be"),
              value("expected-size", "", "BYTES", "how long it must be")),
          command("content active", "", 0, 0, "lists unfinished blobs", FORMAT),
          command(
              "content label",
              "DIGEST LABEL=VALUE...",
              2,
              99,
              "sets or, with no value, removes labels"),
          command("content rm", "DIGEST...", 1, 99, "removes blobs"),
          command(
              "snapshots ls", "[FILTER...]", 0, 99, "lists snapshots", FORMAT, QUIET, SNAPSHOTTER),
          command("snapshots info", "KEY", 1, 1, "shows a snapshot as JSON", SNAPSHOTTER),
          command(
              "snapshots usage",
              "[KEY...]",
              0,
              99,
              "shows what snapshots take",
              FORMAT,
              SNAPSHOTTER),
          command(
              "snapshots prepare", "KEY [PARENT]", 1, 2, "makes a writable snapshot", SNAPSHOTTER),
          command(
              "snapshots view", "KEY [PARENT]", 1, 2, "makes a read-only snapshot", SNAPSHOTTER),
          command(
              "snapshots mounts",
              "TARGET KEY",
              2,
              2,
              "shows the mount commands of a snapshot",
              SNAPSHOTTER),
          command("snapshots commit", "NAME KEY", 2, 2, "makes a snapshot immutable", SNAPSHOTTER),
          command(
              "snapshots diff",
              "KEY [NEWER]",
              1,
              2,
              "writes what a snapshot adds to its parent, or another to it, as a layer",
              value("media-type", "", "TYPE", "of the layer; decides its compression"),
              SNAPSHOTTER),
          command(
              "snapshots unpack",
              "IMAGE",
              1,
              1,
              "makes snapshots of an image's layers",
              value("platform", "", "OS/ARCH", "which image of several"),
              SNAPSHOTTER),
          command("snapshots tree", "", 0, 0, "lists snapshots below their parents", SNAPSHOTTER),
          command(
              "snapshots label",
              "KEY LABEL=VALUE...",
              2,
              99,
              "sets or, with no value, removes labels",
              SNAPSHOTTER),
          command("snapshots rm", "KEY...", 1, 99, "removes snapshots", SNAPSHOTTER),
          command(
              "sandboxes create",
              "ID",
              1,
              1,
              "makes a sandbox and starts it",
              value("sandboxer", "", "NAME", "its controller, pod if not given"),
              value("runtime", "", "NAME", "runtime handler of its containers"),
              value("netns", "", "PATH", "a ready network namespace"),
              value("options", "", "FILE", "the controller's options as JSON"),
              value("options-type", "", "URL", "their type"),
              many("annotation", "", "NAME=VALUE", "annotates it"),
              many("label", "l", "NAME=VALUE", "labels its record")),
          command("sandboxes ls", "[FILTER...]", 0, 99, "lists sandboxes", FORMAT, QUIET),
          command(
              "sandboxes rm",
              "ID...",
              1,
              99,
              "stops sandboxes and removes them",
              flag("force", "f", "removes the record whatever its controller says")),
          command("leases ls", "", 0, 0, "lists leases", FORMAT, QUIET),
          command(
              "leases create",
              "[LABEL=VALUE...]",
              0,
              99,
              "creates a lease",
              value("id", "", "ID", "its name"),
              value("expires", "", "DURATION", "when it ends, for example 24h")),
          command(
              "leases rm",
              "ID...",
              1,
              99,
              "ends leases",
              flag("sync", "", "waits for garbage collection")),
          command("info", "", 0, 0, "shows the daemon's process and id"),
          command("deprecations ls", "", 0, 0, "lists what clients use that will go", FORMAT),
          command("oci spec", "", 0, 0, "shows the specification that containers begin with"),
          command("events", "[FILTER...]", 0, 99, "prints events as they happen", FORMAT),
          command("gc", "", 0, 0, "collects garbage now"),
          command("batch", "", 0, 0, "runs the command lines on standard input"),
          command("completion", "bash|zsh|fish", 1, 1, "prints a completion script"));

  private Commands() {}

  /**
   * The command that the words begin with, the longest name first; {@code c} is short for {@code
   * containers} and so on.
   */
  static Command find(List<String> words) {
    if (words.isEmpty()) {
      throw new UsageException("no command given");
    }
    String first = alias(words.getFirst());
    String second = words.size() > 1 ? alias(words.get(1)) : "";
    if (first.equals("sandboxes") && second.equals("run")) {
      second = "create";
    }
    for (Command command : ALL) {
      if (command.path().equals(first + " " + second) || command.path().equals(first)) {
        return command;
      }
    }
    List<String> below = new ArrayList<>();
    for (Command command : ALL) {
      if (command.path().startsWith(first + " ")) {
        below.add(command.path().substring(first.length() + 1));
      }
    }
    if (below.isEmpty()) {
      throw new UsageException("unknown command \"" + words.getFirst() + "\"");
    }
    throw new UsageException(first + ": expected one of " + String.join(", ", below));
  }

  private static String alias(String word) {
    return switch (word) {
      case "c", "container" -> "containers";
      case "i", "image" -> "images";
      case "t", "task" -> "tasks";
      case "ns", "namespace" -> "namespaces";
      case "snapshot" -> "snapshots";
      case "s", "sb", "sandbox" -> "sandboxes";
      case "lease" -> "leases";
      case "plugin" -> "plugins";
      case "event" -> "events";
      case "list" -> "ls";
      case "remove", "delete", "del" -> "rm";
      default -> word;
    };
  }

  private static Command command(
      String path, String operands, int min, int max, String help, Flag... flags) {
    return new Command(path, operands, min, max, help, List.of(flags));
  }

  static Flag flag(String name, String letter, String help) {
    return new Flag(name, letter, "", help, false);
  }

  static Flag value(String name, String letter, String value, String help) {
    return new Flag(name, letter, value, help, false);
  }

  static Flag many(String name, String letter, String value, String help) {
    return new Flag(name, letter, value, help, true);
  }
}
