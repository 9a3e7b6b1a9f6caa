package dev.carafe.integration;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Calls that are answered otherwise than by containerd, by reason. docs/compatibility.md tells. */
final class WireDifferences {
  /** The code is the same, the message says more, or does not show a back end's names. */
  private static final List<String> WORDS =
      List.of(
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
      List.of("content: list size==12", "image: list  name == i ", "snapshot: cleanup");

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

  private static Map<String, String> calls() {
    Map<String, String> calls = new HashMap<>();
    WORDS.forEach(call -> calls.put(call, "words"));
    REFUSED_SOONER.forEach(call -> calls.put(call, "refused sooner"));
    TOTAL_IS_KEPT.forEach(call -> calls.put(call, "total is kept"));
    OFFSETS.forEach(call -> calls.put(call, "offsets"));
    NAMESPACE_EVENTS.forEach(call -> calls.put(call, "namespace events"));
    MORE.forEach(call -> calls.put(call, "more"));
    OLD_PEER.forEach(call -> calls.put(call, "old peer"));
    return Map.copyOf(calls);
  }
}
