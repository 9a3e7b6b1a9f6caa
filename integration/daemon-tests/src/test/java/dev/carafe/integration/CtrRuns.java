package dev.carafe.integration;

/** {@code ctr run}, {@code containers} and {@code tasks}. */
final class CtrRuns {
  private static final String IMAGE = ImageStock.busybox().name();

  private final CtrScript script;

  CtrRuns(CtrScript script) {
    this.script = script;
  }

  void run() {
    runs();
    containers();
    running();
    execs();
    states();
    ends();
    absent();
  }

  private void runs() {
    script.ctr("run", "--rm", IMAGE, "c1", "sh", "-c", "echo out; echo err >&2; exit 7");
    script.ctr("run", "--rm", "example.com/absent:1", "c1", "true");
    script.ctr("run", "--rm", IMAGE, "not an id", "true");
    script.ctr("run", "--rm", IMAGE, "c1", "absent-program");
    script.ctr("run", "--rm", "--runtime", "io.containerd.absent.v2", IMAGE, "c1", "true");
    script.ctr(
        "run", "--rm", "--cwd", "/tmp", "--env", "A=b", IMAGE, "c1", "sh", "-c", "pwd; echo $A");
    script.ctr("run", "--rm", "--read-only", IMAGE, "c1", "touch", "/new");
    script.ctr("run", "--rm", "--privileged", IMAGE, "c1", "grep", "CapEff", "/proc/self/status");
    script.ctr("run", "--rm", "--null-io", IMAGE, "c1", "echo", "unheard");
    script.ctr(
        "run",
        "--rm",
        "--mount",
        "type=bind,src=/etc,dst=/host,options=rbind:ro",
        IMAGE,
        "c1",
        "touch",
        "/host/new");
    script.ctr(
        "run",
        "--rm",
        "--mount",
        "type=bind,src=/absent,dst=/host,options=rbind:ro",
        IMAGE,
        "c1",
        "true");
    script.ctr("run", "--rm", "--net-host", IMAGE, "c1", "readlink", "/proc/self/ns/net");
    script.ctr(
        "run",
        "--rm",
        "--memory-limit",
        "33554432",
        "--cpus",
        "0.5",
        IMAGE,
        "c1",
        "sh",
        "-c",
        "cat /proc/self/cgroup | wc -l; cat /sys/fs/cgroup/memory/memory.limit_in_bytes");
    script.ctr(
        "run",
        "--rm",
        "--cap-drop",
        "CAP_CHOWN",
        IMAGE,
        "c1",
        "grep",
        "CapEff",
        "/proc/self/status");
    script.ctr("run", "--rm", "--rootfs", script.file("absent-root").toString(), "c1", "true");
    script.ctr("run", "--rm", "--runc-binary", "/absent/runc", IMAGE, "c1", "true");
    script.ctr("run", "--rm", "--detach", IMAGE, "c1", "true");
    script.ctr("containers", "ls");
    script.terminal(
        "run", "--rm", "-t", IMAGE, "c1", "sh", "-c", "sleep 0.3; tty; stty size; exit 3");
    script.feed("typed\n", "run", "--rm", IMAGE, "c1", "head", "-n", "1");
    script.typed("typed\n", "run", "--rm", "-t", IMAGE, "c1", "sh", "-c", "sleep 0.3; head -n 1");
    String log = script.file("log").toString();
    script.ctr(
        "run",
        "-d",
        "--log-uri",
        "file://" + log,
        "--pid-file",
        script.file("pid") + "",
        IMAGE,
        "logged",
        "echo",
        "logged");
    Await.until(
        "it has ended", () -> script.program("tasks", "ls").run().out().contains("STOPPED"));
    script.look("log", Program.of("cat", log));
    script.look("pid file", Program.of("test", "-s", script.file("pid").toString()));
    script.ctr("tasks", "ls", "-q");
    script.ctr("tasks", "rm", "logged");
    script.ctr("containers", "rm", "logged");
  }

  private void containers() {
    script.ctr(
        "containers", "create", "--label", "a=b", "--env", "A=b", IMAGE, "c1", "sleep", "1000");
    script.ctr("containers", "create", IMAGE, "c1");
    script.ctr("containers", "create", "--snapshotter", "native", IMAGE, "c2", "true");
    script.ctr("containers", "ls");
    script.ctr("containers", "ls", "-q", "id==c1");
    script.ctr("containers", "ls", "id==");
    script.ctr("containers", "info", "c1");
    script.ctr("containers", "info", "--spec", "c1");
    script.ctr("containers", "info", "absent");
    script.ctr("containers", "label", "c1", "a=", "c=d");
    script.ctr("containers", "label", "absent", "a=b");
    script.ctr("containers", "rm", "--keep-snapshot", "c2");
    script.ctr("containers", "rm", "absent");
    script.ctr("containers", "checkpoint", "c1", "example.com/checkpoint:1");
    script.ctr("containers", "checkpoint", "--rw", "--image", "c1", "example.com/checkpoint:2");
    script.ctr("containers", "checkpoint", "absent", "example.com/checkpoint:3");
    script.ctr("containers", "restore", "--rw", "restored", "example.com/checkpoint:2");
    script.ctr("containers", "info", "restored");
    script.ctr("containers", "restore", "restored2", "example.com/absent:1");
    script.ctr("containers", "rm", "restored");
    script.ctr("images", "rm", "example.com/checkpoint:1", "example.com/checkpoint:2");
  }

  private void running() {
    script.ctr("tasks", "ls");
    script.ctr("tasks", "start", "-d", "c1");
    script.ctr("tasks", "start", "-d", "c1");
    script.ctr("run", "-d", IMAGE, "c1", "true");
    script.ctr("tasks", "ls");
    script.ctr("tasks", "ps", "c1");
    script.ctr("tasks", "rm", "c1");
    script.ctr("containers", "rm", "c1");
    script.ctr("containers", "checkpoint", "--task", "c1", "example.com/checkpoint:4");
    script.ctr("tasks", "checkpoint", "--image-path", script.file("criu").toString(), "c1");
    metrics("c1");
  }

  /** Names of statistics, not the numbers. */
  private void metrics(String... words) {
    String[] all = new String[words.length + 2];
    all[0] = "tasks";
    all[1] = "metrics";
    System.arraycopy(words, 0, all, 2, words.length);
    Result result = script.program(all).run();
    script.note(
        "names of " + String.join(" ", all),
        result.code() + "\n" + result.out().replaceAll("(?<![a-z_])\\d+", "N"));
  }

  private void execs() {
    script.ctr("tasks", "exec", "--exec-id", "e1", "c1", "sh", "-c", "echo x; echo y >&2; exit 9");
    script.ctr("tasks", "exec", "--exec-id", "e1", "c1", "absent-program");
    script.ctr("tasks", "exec", "--exec-id", "not an id", "c1", "true");
    script.ctr(
        "tasks",
        "exec",
        "--exec-id",
        "e1",
        "--cwd",
        "/tmp",
        "--user",
        "nobody",
        "c1",
        "sh",
        "-c",
        "pwd; id");
    script.ctr("tasks", "exec", "--exec-id", "e1", "--user", "absent", "c1", "id");
    script.feed("typed\n", "tasks", "exec", "--exec-id", "e1", "c1", "head", "-n", "1");
    script.terminal(
        "tasks", "exec", "-t", "--exec-id", "e1", "c1", "sh", "-c", "sleep 0.3; tty; stty size");
    script.ctr("tasks", "exec", "-d", "--exec-id", "e2", "c1", "sleep", "1000");
    script.ctr("tasks", "exec", "-d", "--exec-id", "e2", "c1", "sleep", "1000");
    script.ctr("tasks", "ps", "c1");
    script.ctr("tasks", "rm", "--exec-id", "e2", "c1");
    script.ctr("tasks", "kill", "--exec-id", "e2", "-s", "KILL", "c1");
    Await.until(
        "it has ended",
        () ->
            script.program("tasks", "rm", "--exec-id", "e2", "c1").run().code() != 1
                || script.program("tasks", "ps", "c1").run().out().lines().count() == 2);
    script.ctr("tasks", "rm", "--exec-id", "e2", "c1");
    script.ctr("tasks", "kill", "--exec-id", "e2", "c1");
    script.ctr("tasks", "rm", "--exec-id", "absent", "c1");
  }

  private void states() {
    script.ctr("tasks", "resume", "c1");
    script.ctr("tasks", "pause", "c1");
    script.ctr("tasks", "pause", "c1");
    script.ctr("tasks", "ls");
    script.ctr("tasks", "exec", "--exec-id", "e1", "c1", "true");
    script.ctr("tasks", "rm", "c1");
    script.ctr("tasks", "resume", "c1");
    script.ctr("tasks", "ls");
  }

  private void ends() {
    script.ctr("tasks", "kill", "-s", "rubbish", "c1");
    script.ctr("tasks", "kill", "-s", "0", "c1");
    script.ctr("tasks", "kill", "-s", "SIGKILL", "--all", "c1");
    Await.until(
        "it has ended", () -> script.program("tasks", "ls").run().out().contains("STOPPED"));
    script.ctr("tasks", "ls");
    script.ctr("tasks", "ps", "c1");
    script.ctr("tasks", "kill", "c1");
    script.ctr("tasks", "pause", "c1");
    script.ctr("tasks", "resume", "c1");
    script.ctr("tasks", "exec", "--exec-id", "e1", "c1", "true");
    metrics("c1");
    script.ctr("tasks", "start", "c1");
    script.ctr("tasks", "rm", "c1");
    script.ctr("tasks", "rm", "c1");
    script.ctr("containers", "rm", "c1");
    script.ctr("run", "-d", IMAGE, "c3", "sleep", "1000");
    script.ctr("tasks", "rm", "--force", "c3");
    script.ctr("containers", "rm", "c3");
    attached();
  }

  private void attached() {
    script.ctr("run", "-d", "-t", IMAGE, "c4", "sh", "-c", "sleep 1000");
    script.ctr("tasks", "rm", "-f", "c4");
    script.ctr("containers", "rm", "c4");
    script.ctr("run", "-d", IMAGE, "c5", "sh", "-c", "sleep 1; echo late; exit 5");
    script.ctr("tasks", "attach", "c5");
    script.program("tasks", "rm", "c5").run();
    script.ctr("containers", "rm", "c5");
    script.ctr("tasks", "attach", "absent");
    script.ctr("containers", "ls");
    script.ctr("snapshots", "ls");
  }

  private void absent() {
    for (String verb : new String[] {"start", "ps", "kill", "pause", "resume", "metrics", "rm"}) {
      script.ctr("tasks", verb, "absent");
    }
    script.ctr("tasks", "exec", "--exec-id", "e", "absent", "true");
    script.ctr("tasks", "checkpoint", "absent");
  }
}
