package dev.carafe.integration;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Calls that are made in the same order on two daemons, and what came of each: {@code OK} with what
 * the call found worth telling, or the code and the message.
 */
final class WireScript {
  private final Api api;
  private final boolean newer;
  private final Map<String, String> answers = new LinkedHashMap<>();

  WireScript(Api api, boolean newer) {
    this.api = api;
    this.newer = newer;
  }

  /** Whether the calls that came with containerd 2 are made. */
  boolean newer() {
    return newer;
  }

  /**
   * Runs everything on a daemon.
   *
   * @param newer with the services that came with containerd 2
   */
  static Map<String, String> run(Api api, boolean newer) throws Exception {
    WireScript script = new WireScript(api, newer);
    new WireNames(script).run();
    new WireContent(script).run();
    new WireSnapshots(script).run();
    new WireTasks(script).run();
    if (newer) {
      new WireSandboxes(script).run();
      new WireTransfers(script).run();
    }
    return script.answers;
  }

  Channel namespace(String name) {
    return api.in(name);
  }

  Channel lease(String namespace, String lease) {
    return api.in(namespace, lease);
  }

  Channel bare() {
    return api.bare();
  }

  /** Makes one call; a text that it returns is compared too. */
  void call(String name, Callable<?> call) throws Exception {
    String answer;
    try {
      Object result = call.call();
      answer = result instanceof String text ? "OK " + text : "OK";
    } catch (StatusRuntimeException e) {
      answer = e.getStatus().getCode() + " " + e.getStatus().getDescription();
    }
    if (answers.put(name, answer) != null) {
      throw new AssertionError("two calls are named " + name);
    }
  }
}
