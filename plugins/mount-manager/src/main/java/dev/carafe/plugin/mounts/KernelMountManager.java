package dev.carafe.plugin.mounts;

import dev.carafe.engine.mounts.MountManager;
import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.HelperProgram;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Mounts in the daemon's namespace, each below {@code STATE/NAMESPACE/DIRECTORY/}. The record is
 * written when all is mounted, and removed before anything is unmounted: whatever has no record is
 * left over, and {@link MountSweeper} unmounts it.
 */
final class KernelMountManager implements MountManager, AutoCloseable {
  private final Path state;
  private final Mounter mounter;
  private final Clock clock;
  private final MountSweeper sweeper;
  private final HelperProgram programs = new HelperProgram();

  private KernelMountManager(Path state, Mounter mounter, Clock clock, MountSweeper sweeper) {
    this.state = state;
    this.mounter = mounter;
    this.clock = clock;
    this.sweeper = sweeper;
  }

  /** Takes up what an earlier daemon left. */
  static KernelMountManager open(Metadata metadata, Path state, Mounter mounter, Clock clock) {
    MountSweeper sweeper = new MountSweeper(metadata, state, mounter);
    sweeper.start();
    return new KernelMountManager(state, mounter, clock, sweeper);
  }

  @Override
  public Activation activate(
      Stores stores,
      String name,
      List<Mount> mounts,
      Map<String, String> labels,
      boolean temporary) {
    Plan plan = Plan.of(mounts, temporary);
    requireFree(stores, name);
    String directory = UUID.randomUUID().toString();
    Path root = state.resolve(stores.namespace().name()).resolve(directory);
    sweeper.begin(directory);
    try {
      List<Activation.Active> made = new ArrayList<>();
      List<Mount> left = new ArrayList<>();
      for (Plan.Step step : plan.steps()) {
        Mount mount = prepared(step, made);
        if (made.size() < plan.made()) {
          made.add(mount(mount, root, made));
        } else {
          left.add(mount);
        }
      }
      if (temporary) {
        String result = top(made).mountPoint();
        left.add(new Mount("bind", result, List.of("rbind")));
      }
      return stores.activations().create(new Activation(name, directory, "", made, left, labels));
    } catch (ErrnoException e) {
      sweeper.unmount(root, e);
      throw new FailedPreconditionException(
          "mount activation \"" + name + "\": " + e.getMessage(), e);
    } catch (IOException e) {
      sweeper.unmount(root, e);
      throw new UncheckedIOException("mount activation \"" + name + "\"", e);
    } catch (RuntimeException | Error e) {
      sweeper.unmount(root, e);
      throw e;
    } finally {
      sweeper.end(directory);
    }
  }

  private static void requireFree(Stores stores, String name) {
    try {
      stores.activations().get(name);
    } catch (NotFoundException free) {
      return;
    }
    throw new AlreadyExistsException("mount activation \"" + name + "\": already exists");
  }

  private Mount prepared(Plan.Step step, List<Activation.Active> made) throws IOException {
    Mount mount = step.mount();
    if (step.format()) {
      mount =
          new Mount(
              mount.type(),
              Template.fill(mount.source(), made),
              Template.fill(mount.target(), made),
              mount.options().stream().map(option -> Template.fill(option, made)).toList());
    }
    if (step.mkfs()) {
      FileSystemFile.of(mount.source(), mount.options()).make(programs);
    }
    if (!step.mkdir() && !step.mkfs()) {
      return mount;
    }
    List<String> options = new ArrayList<>();
    for (String option : mount.options()) {
      if (step.mkdir() && option.startsWith(Directories.OPTION)) {
        Directories.make(option, made);
      } else if (!step.mkfs() || !option.startsWith(FileSystemFile.PREFIX)) {
        options.add(option);
      }
    }
    return new Mount(mount.type(), mount.source(), mount.target(), options);
  }

  /** A mount with a target goes into the one before it. */
  private Activation.Active mount(Mount mount, Path root, List<Activation.Active> made)
      throws IOException {
    Path place;
    if (mount.type().equals(Plan.LOOP)) {
      place = Files.createDirectories(root).resolve(Integer.toString(made.size()));
      LoopLink.attach(mount, place);
      return new Activation.Active(mount, clock.instant(), place.toString());
    }
    if (mount.target().isEmpty() || mount.target().equals("/")) {
      place = Files.createDirectories(root.resolve(Integer.toString(made.size())));
    } else if (made.isEmpty()) {
      throw new InvalidArgumentException(
          "mount activation: the first mount has a target and there is nothing to mount it in");
    } else {
      place = Path.of(top(made).mountPoint());
      if (LoopLink.isLink(place)) {
        throw new InvalidArgumentException(
            "mount activation: a mount has a target and the one before it is a device");
      }
    }
    try {
      mounter.mount(List.of(mount), place);
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("mount activation: " + e.getMessage(), e);
    }
    return new Activation.Active(mount, clock.instant(), place.toString());
  }

  private static Activation.Active top(List<Activation.Active> made) {
    return made.getLast();
  }

  @Override
  public void deactivate(Stores stores, String name) {
    Activation activation = stores.activations().get(name);
    stores.activations().delete(name);
    sweeper.unmount(state.resolve(stores.namespace().name()).resolve(activation.directory()), null);
  }

  /** Mounts stay: they are their clients'. */
  @Override
  public void close() {
    sweeper.close();
    programs.close();
  }
}
