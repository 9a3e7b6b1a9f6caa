package dev.carafe.spi.events;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.mounts.Mount;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What happened. One record for each event that the daemon itself raises, and {@link Foreign} for
 * what clients publish.
 */
public sealed interface Event {
  /** Where the event is published; containerd's topics. */
  String topic();

  /**
   * A container has been made.
   *
   * @param options of its runtime, or null
   */
  record ContainerCreated(String id, String image, String runtime, @Nullable RuntimeOptions options)
      implements Event {
    @Override
    public String topic() {
      return "/containers/create";
    }
  }

  /** A runtime's options with the URL of their type, as the client gave them. */
  record RuntimeOptions(String typeUrl, byte[] value) {
    @Override
    public boolean equals(Object other) {
      return other instanceof RuntimeOptions that
          && typeUrl.equals(that.typeUrl)
          && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
      return 31 * typeUrl.hashCode() + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
      return "RuntimeOptions[" + typeUrl + ", " + value.length + " bytes]";
    }
  }

  record ContainerUpdated(String id, String image, Map<String, String> labels, String snapshotKey)
      implements Event {
    @Override
    public String topic() {
      return "/containers/update";
    }
  }

  record ContainerDeleted(String id) implements Event {
    @Override
    public String topic() {
      return "/containers/delete";
    }
  }

  record ContentCreated(Digest digest, long size) implements Event {
    @Override
    public String topic() {
      return "/content/create";
    }
  }

  record ContentDeleted(Digest digest) implements Event {
    @Override
    public String topic() {
      return "/content/delete";
    }
  }

  record ImageCreated(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/images/create";
    }
  }

  record ImageUpdated(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/images/update";
    }
  }

  record ImageDeleted(String name) implements Event {
    @Override
    public String topic() {
      return "/images/delete";
    }
  }

  record NamespaceCreated(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/namespaces/create";
    }
  }

  record NamespaceUpdated(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/namespaces/update";
    }
  }

  record NamespaceDeleted(String name) implements Event {
    @Override
    public String topic() {
      return "/namespaces/delete";
    }
  }

  record SnapshotPrepared(String key, String parent, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/prepare";
    }
  }

  record SnapshotCommitted(String key, String name, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/commit";
    }
  }

  record SnapshotRemoved(String key, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/remove";
    }
  }

  record SandboxCreated(String id) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/create";
    }
  }

  record SandboxStarted(String id) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/start";
    }
  }

  record SandboxExited(String id, int exitStatus, Instant exitedAt) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/exit";
    }
  }

  record TaskCreated(
      String containerId,
      String bundle,
      List<Mount> rootfs,
      String stdin,
      String stdout,
      String stderr,
      boolean terminal,
      String checkpoint,
      long pid)
      implements Event {
    @Override
    public String topic() {
      return "/tasks/create";
    }
  }

  record TaskStarted(String containerId, long pid) implements Event {
    @Override
    public String topic() {
      return "/tasks/start";
    }
  }

  record TaskDeleted(String containerId, String id, long pid, int exitStatus, Instant exitedAt)
      implements Event {
    @Override
    public String topic() {
      return "/tasks/delete";
    }
  }

  /** {@code id} is the exec id, or the container's id for its first process. */
  record TaskExited(String containerId, String id, long pid, int exitStatus, Instant exitedAt)
      implements Event {
    @Override
    public String topic() {
      return "/tasks/exit";
    }
  }

  record TaskOom(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/oom";
    }
  }

  record TaskExecAdded(String containerId, String execId) implements Event {
    @Override
    public String topic() {
      return "/tasks/exec-added";
    }
  }

  record TaskExecStarted(String containerId, String execId, long pid) implements Event {
    @Override
    public String topic() {
      return "/tasks/exec-started";
    }
  }

  record TaskPaused(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/paused";
    }
  }

  record TaskResumed(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/resumed";
    }
  }

  record TaskCheckpointed(String containerId, String checkpoint) implements Event {
    @Override
    public String topic() {
      return "/tasks/checkpointed";
    }
  }

  /** Somebody else's event: carried byte for byte. */
  record Foreign(String topic, String typeUrl, byte[] value) implements Event {}
}
