package dev.carafe.testkit.runtimes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A root file system with busybox. */
public final class ShellPrograms implements TestPrograms {
  private static final List<String> DIRECTORIES =
      List.of("bin", "proc", "dev", "tmp", "etc", "data");
  private static final List<String> APPLETS =
      List.of(
          "sh", "cat", "echo", "sleep", "true", "false", "stty", "id", "ls", "dd", "env", "kill",
          "head", "nc", "tr", "tty", "seq", "tail", "wc", "touch", "printf");

  /** Fills an empty directory. */
  public ShellPrograms(Path image) throws IOException {
    for (String name : DIRECTORIES) {
      Files.createDirectory(image.resolve(name));
    }
    Files.copy(busybox(), image.resolve("bin/busybox"));
    for (String applet : APPLETS) {
      Files.createSymbolicLink(image.resolve("bin").resolve(applet), Path.of("busybox"));
    }
    Files.writeString(image.resolve("etc/noexec"), "not a program\n");
  }

  private static Path busybox() {
    for (String path : List.of("/bin/busybox", "/usr/bin/busybox")) {
      if (Files.isExecutable(Path.of(path))) {
        return Path.of(path);
      }
    }
    throw new IllegalStateException("busybox-static is not installed");
  }

  private static List<String> script(String script, String... arguments) {
    var all = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    all.addAll(List.of(arguments));
    return List.copyOf(all);
  }

  @Override
  public List<String> exit(int code) {
    return script("exit $1", String.valueOf(code));
  }

  @Override
  public List<String> sleep() {
    return List.of("sleep", "1000");
  }

  @Override
  public List<String> print(String out, String err) {
    return script("printf %s \"$1\"; printf %s \"$2\" >&2", out, err);
  }

  @Override
  public List<String> bytes(int thousands) {
    return List.of("dd", "if=/proc/self/exe", "bs=1000", "count=" + thousands);
  }

  @Override
  public List<String> echo(String last, int code) {
    return script("cat; printf %s \"$1\"; exit $2", last, String.valueOf(code));
  }

  @Override
  public List<String> touch(String path) {
    return List.of("touch", path);
  }

  @Override
  public List<String> allocate() {
    return script("exec tail -c 1000000000 /dev/zero");
  }

  @Override
  public List<String> serve(int port) {
    return List.of("nc", "-ll", "-p", String.valueOf(port), "-e", "cat");
  }

  @Override
  public List<String> spin() {
    return script("echo begun; while true; do true; done");
  }
}
