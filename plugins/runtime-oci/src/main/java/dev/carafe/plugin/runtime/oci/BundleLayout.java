package dev.carafe.plugin.runtime.oci;

import java.nio.file.Path;

/**
 * Every file of this plugin in a task's bundle. Directories are 0700, files 0600.
 *
 * <pre>
 * config.json            the specification as the OCI runtime gets it
 * rootfs/                where the root file system is mounted
 * console.sock           where a terminal is delivered, during creation
 * oci/                   this plugin's, also conmon's working directory
 *   intent.json          how to undo a creation that was cut off
 *   monitor.pid          conmon
 *   process.pid          the task's first process
 *   log.json             the OCI runtime's log of its last run
 *   exit/ID              exit code, when it has ended
 *   oom                  conmon saw the kernel out of memory (cgroup version 1)
 *   resources.json       what update asked for
 *   criu/                its logs of the last checkpoint
 *   process.json         execs only: the process to run
 * exec/N/                the same for the Nth exec, with its own console.sock
 * </pre>
 */
record BundleLayout(Path bundle) {
  static final String ROOTFS = "rootfs";

  Path config() {
    return bundle.resolve("config.json");
  }

  Path rootfs() {
    return bundle.resolve(ROOTFS);
  }

  Path intent() {
    return init().resolve("intent.json");
  }

  /** The first process's directory. */
  Path init() {
    return bundle.resolve("oci");
  }

  Path execs() {
    return bundle.resolve("exec");
  }

  Path exec(int number) {
    return execs().resolve(Integer.toString(number));
  }

  /**
   * Files of one process.
   *
   * @param console directory for the socket that delivers a terminal
   */
  record ProcessFiles(Path directory, Path console) {
    Path monitorPid() {
      return directory.resolve("monitor.pid");
    }

    Path processPid() {
      return directory.resolve("process.pid");
    }

    Path log() {
      return directory.resolve("log.json");
    }

    Path exits() {
      return directory.resolve("exit");
    }

    Path oom() {
      return directory.resolve("oom");
    }

    Path process() {
      return directory.resolve("process.json");
    }

    Path resources() {
      return directory.resolve("resources.json");
    }
  }

  ProcessFiles initFiles() {
    return new ProcessFiles(init(), bundle);
  }

  ProcessFiles execFiles(int number) {
    Path directory = exec(number);
    return new ProcessFiles(directory, directory);
  }
}
