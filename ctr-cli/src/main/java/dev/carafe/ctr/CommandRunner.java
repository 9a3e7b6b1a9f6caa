package dev.carafe.ctr;

/** Runs commands. */
final class CommandRunner {
  private CommandRunner() {}

  static int run(Command command, Session session) throws Exception {
    return switch (command.path()) {
      case "version" -> new SystemCommands(session).version();
      case "plugins ls" -> new PluginCommands(session).list();
      case "plugins load" -> new PluginCommands(session).load();
      case "plugins unload" -> new PluginCommands(session).unload();
      case "plugins reload" -> new PluginCommands(session).reload();
      case "plugins graph" -> new GraphCommand(session).run();
      case "namespaces ls" -> new NamespaceCommands(session).list();
      case "namespaces create" -> new NamespaceCommands(session).create();
      case "namespaces label" -> new NamespaceCommands(session).label();
      case "namespaces rm" -> new NamespaceCommands(session).remove();
      case "pull" -> new PullCommand(session).run();
      case "push" -> new PushCommand(session).run();
      case "import" -> new ArchiveCommands(session).importAll();
      case "export" -> new ArchiveCommands(session).export();
      case "containers cp" -> new CopyCommand(session).run();
      case "images ls" -> new ImageCommands(session).list();
      case "images inspect" -> new ImageDetailCommands(session).inspect();
      case "images check" -> new ImageDetailCommands(session).check();
      case "images usage" -> new ImageDetailCommands(session).usage();
      case "images mount" -> new ImageMountCommands(session).mount();
      case "images unmount" -> new ImageMountCommands(session).unmount();
      case "images convert" -> new ConvertCommand(session).run();
      case "images label" -> new LabelCommands(session).image();
      case "images rm" -> new ImageCommands(session).remove();
      case "images prune" -> new ImageCommands(session).prune();
      case "images tag" -> new ImageCommands(session).tag();
      case "run" -> new RunCommand(session).run();
      case "containers create" -> new RunCommand(session).create();
      case "containers ls" -> new ContainerCommands(session).list();
      case "containers info" -> new ContainerCommands(session).info();
      case "containers checkpoint" -> new CheckpointCommands(session).checkpoint();
      case "containers restore" -> new CheckpointCommands(session).restore();
      case "containers label" -> new LabelCommands(session).container();
      case "containers rm" -> new ContainerCommands(session).remove();
      case "tasks ls" -> new TaskCommands(session).list();
      case "tasks start" -> new TaskCommands(session).start();
      case "tasks ps" -> new TaskCommands(session).processes();
      case "tasks exec" -> new ExecCommand(session).run();
      case "tasks kill" -> new TaskCommands(session).kill();
      case "tasks attach" -> new AttachCommand(session).run();
      case "tasks checkpoint" -> new TaskCommands(session).checkpoint();
      case "tasks pause" -> new TaskCommands(session).pause();
      case "tasks resume" -> new TaskCommands(session).resume();
      case "tasks metrics" -> new TaskCommands(session).metrics();
      case "tasks wait" -> new TaskCommands(session).await();
      case "tasks rm" -> new TaskCommands(session).remove();
      case "content ls" -> new ContentCommands(session).list();
      case "content get" -> new ContentCommands(session).get();
      case "content ingest" -> new ContentCommands(session).ingest();
      case "content active" -> new ContentCommands(session).active();
      case "content label" -> new LabelCommands(session).content();
      case "content rm" -> new ContentCommands(session).remove();
      case "snapshots ls" -> new SnapshotCommands(session).list();
      case "snapshots info" -> new SnapshotCommands(session).info();
      case "snapshots usage" -> new SnapshotCommands(session).usage();
      case "snapshots prepare" -> new SnapshotCommands(session).prepare();
      case "snapshots view" -> new SnapshotCommands(session).view();
      case "snapshots mounts" -> new SnapshotCommands(session).mounts();
      case "snapshots commit" -> new SnapshotCommands(session).commit();
      case "snapshots diff" -> new SnapshotLayerCommands(session).diff();
      case "snapshots unpack" -> new SnapshotLayerCommands(session).unpack();
      case "snapshots tree" -> new SnapshotLayerCommands(session).tree();
      case "snapshots label" -> new LabelCommands(session).snapshot();
      case "snapshots rm" -> new SnapshotCommands(session).remove();
      case "sandboxes create" -> new SandboxCommands(session).create();
      case "sandboxes ls" -> new SandboxCommands(session).list();
      case "sandboxes rm" -> new SandboxCommands(session).remove();
      case "leases ls" -> new LeaseCommands(session).list();
      case "leases create" -> new LeaseCommands(session).create();
      case "leases rm" -> new LeaseCommands(session).remove();
      case "info" -> new SystemCommands(session).info();
      case "deprecations ls" -> new SystemCommands(session).deprecations();
      case "oci spec" -> new SystemCommands(session).specification();
      case "plugins inspect-runtime" -> new PluginCommands(session).runtime();
      case "events" -> new SystemCommands(session).events();
      case "gc" -> new LeaseCommands(session).collect();
      case "batch" -> new SystemCommands(session).batch();
      case "completion" -> Completion.print(session);
      default -> throw new IllegalStateException(command.path());
    };
  }
}
