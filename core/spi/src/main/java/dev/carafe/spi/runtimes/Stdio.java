package dev.carafe.spi.runtimes;

/**
 * Where a process reads and writes: paths of FIFOs or files, or URIs ({@code file:///path}, {@code
 * binary:///path?key=value}); empty for nothing. {@code cri-log:///path} as {@code stdout} is all
 * output in the log format of CRI, with {@code ?stdin=once} or {@code ?stdin=open} for an input
 * that clients attach to, and {@code journal=TAG} for systemd's journal beside the file; not every
 * runtime has it. With a terminal only {@code stdin} and {@code stdout} carry data. No stdio passes
 * through the daemon.
 */
public record Stdio(String stdin, String stdout, String stderr, boolean terminal) {
  public static final Stdio NONE = new Stdio("", "", "", false);
}
