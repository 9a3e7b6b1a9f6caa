package dev.carafe.daemon;

import dev.carafe.linux.ProcessCalls;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * What signals do: TERM and INT stop (containers go on), USR1 writes all threads to the log, HUP
 * reads the configuration again.
 */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  static void install(Daemon daemon, Reload reload) {
    // What nohup or a shell's "&" ignores is meant for us all the same; Java would leave it
    // ignored.
    ProcessCalls.defaultAction(dev.carafe.linux.Signals.SIGHUP);
    ProcessCalls.defaultAction(dev.carafe.linux.Signals.SIGINT);
    Signal.handle(new Signal("TERM"), signal -> daemon.stop());
    Signal.handle(new Signal("INT"), signal -> daemon.stop());
    Signal.handle(new Signal("HUP"), signal -> Thread.ofVirtual().name("reload").start(reload));
    Signal.handle(new Signal("USR1"), signal -> dump());
  }

  private static void dump() {
    StringBuilder text = new StringBuilder();
    for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
      text.append(thread);
    }
    LOG.info("threads:\n{}", text);
  }
}
