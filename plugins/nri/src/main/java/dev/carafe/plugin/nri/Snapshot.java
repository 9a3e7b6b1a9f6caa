package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.PodSandbox;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import java.util.ArrayList;
import java.util.List;

/** Everything that there is, in messages that are small enough to be sent. */
final class Snapshot {
  /** Leaves room for what is around a message. */
  private static final int MOST = 3 << 20;

  private final int most;
  private final List<SynchronizeRequest> messages = new ArrayList<>();
  private SynchronizeRequest.Builder current = SynchronizeRequest.newBuilder();
  private int size;

  private Snapshot(int most) {
    this.most = most;
  }

  static List<SynchronizeRequest> of(List<PodSandbox> pods, List<Container> containers) {
    return of(pods, containers, MOST);
  }

  /** All but the last message say that more comes. */
  static List<SynchronizeRequest> of(List<PodSandbox> pods, List<Container> containers, int most) {
    var snapshot = new Snapshot(most);
    for (PodSandbox pod : pods) {
      snapshot.room(pod.getSerializedSize());
      snapshot.current.addPods(pod);
    }
    for (Container container : containers) {
      snapshot.room(container.getSerializedSize());
      snapshot.current.addContainers(container);
    }
    snapshot.messages.add(snapshot.current.build());
    return snapshot.messages;
  }

  private void room(int wanted) {
    if (size > 0 && size + wanted > most) {
      messages.add(current.setMore(true).build());
      current = SynchronizeRequest.newBuilder();
      size = 0;
    }
    size += wanted;
  }
}
