package dev.carafe.ctr;

import static dev.carafe.ctr.Commands.flag;
import static dev.carafe.ctr.Commands.many;
import static dev.carafe.ctr.Commands.value;

import dev.carafe.ctr.Command.Flag;
import java.util.List;

/** The flags of {@code run} and {@code containers create}. */
final class RunFlags {
  private RunFlags() {}

  static List<Flag> with(Flag snapshotter) {
    return List.of(
        flag("rm", "", "removes the container and its snapshot when it has ended"),
        flag("tty", "t", "gives it a terminal"),
        flag("interactive", "i", "passes standard input on"),
        flag("detach", "d", "does not wait for its end"),
        many("env", "e", "NAME=VALUE", "sets a variable"),
        value("env-file", "", "FILE", "sets the variables of a file, one on each line"),
        many("mount", "", "type=T,src=S,dst=D,options=A:B", "adds a mount"),
        value("cwd", "w", "DIR", "working directory"),
        value("user", "u", "USER[:GROUP]", "who it runs as"),
        value("memory", "m", "BYTES", "memory limit, with K, M or G"),
        value("cpus", "", "NUMBER", "limit of CPU time, for example 1.5"),
        value("cpu-shares", "", "NUMBER", "weight of CPU time, 1024 for one like any other"),
        value("cpu-quota", "", "MICROSECONDS", "CPU time in each period"),
        value("cpu-period", "", "MICROSECONDS", "how long a period is"),
        value("cpuset-cpus", "", "LIST", "CPUs that it may use, for example 0-3,7"),
        value("cpuset-mems", "", "LIST", "memory nodes that it may use"),
        value("pids-limit", "", "NUMBER", "limit of processes"),
        many("device", "", "PATH", "passes a device of the host on"),
        flag("net-host", "", "shares the host's network"),
        many("host-namespace", "", "KIND", "shares pid, ipc or uts with the host"),
        many("with-ns", "", "KIND:PATH", "joins a namespace, for example network:/run/netns/x"),
        value("sandbox", "", "ID", "the sandbox that it belongs to"),
        value("cgroup", "", "PATH", "its cgroup"),
        value("hostname", "", "NAME", "its host name"),
        value("runtime", "", "NAME", "runtime handler"),
        value("runc-binary", "", "PATH", "OCI runtime for this container"),
        value("runc-root", "", "DIR", "where that keeps its state"),
        flag("runc-systemd-cgroup", "", "has systemd make the cgroup"),
        flag(
            "no-pivot",
            "",
            "changes the root without pivot_root, for a root in an initial RAM disk"),
        snapshotter,
        value("platform", "", "OS/ARCH", "which image of several"),
        flag("privileged", "", "lifts all confinement"),
        flag("read-only", "", "root file system is read-only"),
        value("rootfs-propagation", "", "KIND", "private, slave or shared, or r and one of them"),
        many("cap-add", "", "NAME", "adds a capability, or ALL"),
        many("cap-drop", "", "NAME", "takes a capability, or ALL, away"),
        flag("allow-new-privs", "", "allows to gain privileges"),
        many("label", "l", "NAME=VALUE", "labels the container"),
        many("annotation", "", "NAME=VALUE", "annotates the specification"),
        value("log-uri", "", "URI", "where output goes with -d, for example file:///var/log/x"),
        value("pid-file", "", "FILE", "writes the process id"),
        value("config", "", "FILE", "a ready config.json; then IMAGE is left out"),
        value("rootfs", "", "DIR", "a prepared directory as root; then IMAGE is left out"));
  }
}
