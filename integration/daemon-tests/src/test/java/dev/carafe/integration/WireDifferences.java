package dev.carafe.integration;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Calls that are answered otherwise than by containerd, by reason. docs/compatibility.md tells. */
final class WireDifferences {
  /** The code is the same, the message says more, or does not show a back end's names. */
  private static final List<String> WORDS =
      List.of(
          "controller: create by absent",
          "controller: metrics by absent",
          "controller: metrics by shim",
          "controller: shutdown by absent",
          "controller: shutdown by shim",
          "controller: start by absent",
          "controller: status by absent",
          "controller: stop by absent",
          "controller: update by absent",
          "controller: wait by absent",
          "controller: wait by shim",
          "plugin info: absent",
          "plugin info: nothing",
          "sandbox: create twice",
          "sandbox: delete before any",
          "sandbox: delete missing",
          "sandbox: delete twice",
          "sandbox: delete unnamed",
          "sandbox: get before any",
          "sandbox: get missing",
          "sandbox: get unnamed",
          "sandbox: update before any",
          "sandbox: update missing",
          "transfer: no export stream",
          "transfer: no import stream",
          "transfer: no progress stream",
          "transfer: pull an absent name",
          "container: delete missing",
          "container: delete unnamed",
          "container: update missing",
          "content: status absent",
          "content: status unnamed",
          "commit: from the start",
          "commit: nothing",
          "commit: wrong size",
          "diff: apply absent",
          "diff: apply odd type",
          "publish without namespace",
          "snapshot: commit absent",
          "snapshot: commit committed",
          "snapshot: commit view",
          "snapshot: mounts of absent",
          "snapshot: mounts of committed",
          "snapshot: prepare on absent",
          "snapshot: reference that is there",
          "snapshot: remove absent",
          "snapshot: remove with children",
          "snapshot: stat absent",
          "snapshot: stat of key",
          "snapshot: update absent",
          "snapshot: usage of absent",
          "snapshot: view on absent",
          "task: close io",
          "task: delete",
          "task: delete process",
          "task: exec",
          "task: get",
          "task: kill",
          "task: pause",
          "task: pids",
          "task: resize",
          "task: resume",
          "task: start",
          "task: update",
          "task: wait",
          "write: ref in use",
          "write: status after commit",
          "write: status of known",
          "write: status of known later");

  /**
   * A name that cannot be right is refused as such; containerd does not find it, or says UNKNOWN.
   */
  private static final List<String> REFUSED_SOONER =
      List.of(
          "controller: start by shim",
          "sandbox: create with a bad label",
          "sandbox: create with a nameless extension",
          "sandbox: update unnamed",
          "stream: end before the first message",
          "stream: open by an unknown type",
          "stream: open by broken bytes",
          "stream: open by something else",
          "stream: open twice",
          "stream: open unnamed",
          "stream: without namespace",
          "transfer: import rubbish",
          "transfer: pull a bad name",
          "transfer: tag without a name",
          "transfer: unknown destination",
          "transfer: unknown source",
          "container: create without spec",
          "forward without time",
          "snapshot: commit without name",
          "snapshot: list by bad filter",
          "snapshot: mounts of unnamed",
          "snapshot: prepare unnamed",
          "snapshot: remove unnamed",
          "snapshot: stat unnamed",
          "subscribe by bad filter",
          "task: create unnamed",
          "task: metrics by bad filter",
          "write: bad expected",
          "write: odd action");

  /** The total that a client gave at first is kept, and another one later is refused. */
  private static final List<String> TOTAL_IS_KEPT =
      List.of(
          "status afterwards: total",
          "write: go on",
          "write: half",
          "write: other total",
          "write: start over",
          "write: status");

  /** A part says where in the blob it begins, as the API describes it; containerd counts from 0. */
  private static final List<String> OFFSETS =
      List.of("content: read over the end", "content: read part");

  /** Events of namespaces need no header; containerd refuses a change that it has made. */
  private static final List<String> NAMESPACE_EVENTS =
      List.of(
          "namespace: create",
          "namespace: update all",
          "namespace: update by mask",
          "namespace: update missing",
          "namespace: delete missing");

  /** More than containerd does. */
  private static final List<String> MORE =
      List.of(
          "content: list size==12",
          "controller: platform",
          "controller: platform by absent",
          "controller: platform by shim",
          "image: list  name == i ",
          "sandbox: list runtime.name==io.containerd.runc.v2",
          "sandbox: list sandboxer==shim",
          "snapshot: cleanup");

  /** What an update leaves out is gone; containerd keeps options and extensions that were there. */
  private static final List<String> REPLACED =
      List.of(
          "sandbox: get afterwards",
          "sandbox: update runtime by path",
          "sandbox: update with another sandboxer");

  /** containerd has made a sandbox with a label that is too large. */
  private static final List<String> AFTER_A_LARGE_LABEL =
      List.of(
          "sandbox: list ",
          "sandbox: list in the end",
          "sandbox: list labels.a",
          "sandbox: list labels.a==1");

  /** containerd 1.6 differs from containerd 2, which this daemon follows. */
  private static final List<String> OLD_PEER = List.of("snapshot: prepare twice under lease");

  /** containerd 2 has made a container without a spec before: its name is taken, and so on. */
  private static final List<String> AFTER_A_CONTAINER_WITHOUT_SPEC =
      List.of(
          "container: create",
          "container: spec is kept",
          "container: update by label mask",
          "container: update label away",
          "container: update spec away");

  private static final Map<String, String> CALLS = calls();

  private WireDifferences() {}

  /** Whether a call is to be answered otherwise than by containerd 1.6, or by containerd 2. */
  static boolean wanted(String call, boolean newer) {
    return CALLS.containsKey(call) || (newer && AFTER_A_CONTAINER_WITHOUT_SPEC.contains(call));
  }

  /** Whether the code is the same, but not the message. */
  static boolean words(String call) {
    return WORDS.contains(call);
  }

  private static Map<String, String> calls() {
    Map<String, String> calls = new HashMap<>();
    REFUSED_SOONER.forEach(call -> calls.put(call, "refused sooner"));
    TOTAL_IS_KEPT.forEach(call -> calls.put(call, "total is kept"));
    OFFSETS.forEach(call -> calls.put(call, "offsets"));
    NAMESPACE_EVENTS.forEach(call -> calls.put(call, "namespace events"));
    MORE.forEach(call -> calls.put(call, "more"));
    REPLACED.forEach(call -> calls.put(call, "replaced"));
    AFTER_A_LARGE_LABEL.forEach(call -> calls.put(call, "after a large label"));
    OLD_PEER.forEach(call -> calls.put(call, "old peer"));
    return Map.copyOf(calls);
  }
}
