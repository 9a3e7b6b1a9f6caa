package dev.carafe.testkit.check;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import dev.carafe.testkit.diffs.DifferConformance;
import dev.carafe.testkit.events.EventBusConformance;
import dev.carafe.testkit.metadata.MetadataDatabaseConformance;
import dev.carafe.testkit.metadata.MetadataDatabaseHarness;
import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import dev.carafe.testkit.sandboxes.SandboxControllerConformance;
import dev.carafe.testkit.sandboxes.SandboxControllerHarness;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The suites that need nothing but a directory to open a plugin over. */
final class Suites {
  private static final String SURVIVES_RESTART = "SURVIVES_RESTART";
  private static final String KEEPS_LABELS = "KEEPS_LABELS";

  private static final Map<String, Class<?>> BY_TYPE =
      Map.of(
          PluginTypes.SNAPSHOTTER.name(), OfSnapshotter.class,
          PluginTypes.CONTENT_STORE.name(), OfContentStore.class,
          PluginTypes.METADATA_DATABASE.name(), OfMetadataDatabase.class,
          PluginTypes.SANDBOX_CONTROLLER.name(), OfSandboxController.class,
          PluginTypes.EVENT_BUS.name(), OfEventBus.class,
          PluginTypes.DIFFER.name(), OfDiffer.class,
          PluginTypes.TASK_RUNTIME.name(), OfTaskRuntime.class);

  private Suites() {}

  static Optional<Class<?>> of(String type) {
    return Optional.ofNullable(BY_TYPE.get(type));
  }

  static class OfSnapshotter extends SnapshotterConformance {
    @Override
    protected SnapshotterHarness harness() {
      return new SnapshotterHarness() {
        @Override
        public Snapshotter open(Path root) {
          return Subject.current().open(PluginTypes.SNAPSHOTTER, root);
        }

        @Override
        public TestMounter mounter() {
          return TestMounter.available();
        }
      };
    }
  }

  static class OfContentStore extends ContentStoreConformance {
    @Override
    protected ContentStoreHarness harness() {
      return new ContentStoreHarness() {
        @Override
        public ContentStore open(Path root) {
          return Subject.current().open(PluginTypes.CONTENT_STORE, root);
        }

        @Override
        public boolean keepsLabels() {
          return Subject.current().does(KEEPS_LABELS);
        }

        @Override
        public boolean survivesRestart() {
          return Subject.current().does(SURVIVES_RESTART);
        }
      };
    }
  }

  static class OfMetadataDatabase extends MetadataDatabaseConformance {
    @Override
    protected MetadataDatabaseHarness harness() {
      return new MetadataDatabaseHarness() {
        @Override
        public MetadataDatabase open(Path root) {
          return Subject.current().open(PluginTypes.METADATA_DATABASE, root);
        }

        @Override
        public boolean survivesRestart() {
          return Subject.current().does(SURVIVES_RESTART);
        }
      };
    }
  }

  static class OfSandboxController extends SandboxControllerConformance {
    @Override
    protected SandboxControllerHarness harness() {
      return new SandboxControllerHarness() {
        @Override
        public SandboxController open(Path root) {
          return Subject.current().open(PluginTypes.SANDBOX_CONTROLLER, root);
        }

        @Override
        public boolean survivesRestart() {
          return Subject.current().does(SURVIVES_RESTART);
        }
      };
    }
  }

  static class OfEventBus extends EventBusConformance {
    @Override
    protected EventBus open(Path directory) {
      return Subject.current().open(PluginTypes.EVENT_BUS, directory);
    }
  }

  static class OfDiffer extends DifferConformance {
    @Override
    protected Differ open(Path directory) {
      return Subject.current().open(PluginTypes.DIFFER, directory);
    }
  }

  static class OfTaskRuntime extends TaskRuntimeConformance {
    @Override
    protected TaskRuntimeHarness harness() {
      return new TaskRuntimeHarness() {
        @Override
        public TaskRuntime open(Path state) {
          return Subject.current().open(PluginTypes.TASK_RUNTIME, state);
        }

        @Override
        public Set<Behaviour> declines() {
          return Subject.current().declinesOf(Behaviour.class);
        }
      };
    }
  }
}
