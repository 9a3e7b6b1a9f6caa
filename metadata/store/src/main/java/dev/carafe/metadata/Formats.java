package dev.carafe.metadata;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * The stored form of every record. Fields may be appended under a new version, and never changed.
 */
final class Formats {
  static final Format<BlobRecord> BLOB =
      new Format<>(
          "content",
          1,
          (blob, out) ->
              out.number(blob.size())
                  .time(blob.createdAt())
                  .time(blob.updatedAt())
                  .texts(blob.labels()),
          (_, in) -> new BlobRecord(in.number(), in.time(), in.time(), in.texts()));

  static final Format<IngestRecord> INGEST =
      new Format<>(
          "ingest",
          1,
          (ingest, out) ->
              out.text(ingest.backendRef())
                  .number(ingest.total())
                  .optional(ingest.expected(), Formats::writeDigest)
                  .time(ingest.startedAt())
                  .time(ingest.updatedAt())
                  .optional(ingest.expiresAt(), RecordWriter::time),
          (_, in) ->
              new IngestRecord(
                  in.text(),
                  in.number(),
                  in.optional(Formats::readDigest),
                  in.time(),
                  in.time(),
                  in.optional(RecordReader::time)));

  static final Format<SnapshotRecord> SNAPSHOT =
      new Format<>(
          "snapshot",
          1,
          (snapshot, out) ->
              out.number(snapshot.kind().ordinal())
                  .text(snapshot.backendKey())
                  .optional(snapshot.parent(), RecordWriter::text)
                  .time(snapshot.createdAt())
                  .time(snapshot.updatedAt())
                  .texts(snapshot.labels()),
          (key, in) ->
              new SnapshotRecord(
                  kind(key, in.number()),
                  in.text(),
                  in.optional(RecordReader::text),
                  in.time(),
                  in.time(),
                  in.texts()));

  static final Format<CommitIntent> INTENT =
      new Format<>(
          "commit",
          1,
          (intent, out) ->
              out.text(intent.namespace())
                  .text(intent.snapshotter())
                  .text(intent.key())
                  .text(intent.backendKey())
                  .text(intent.name())
                  .text(intent.backendName())
                  .optional(intent.parent(), RecordWriter::text)
                  .flag(intent.rebased())
                  .texts(intent.labels())
                  .text(intent.lease())
                  .time(intent.at()),
          (_, in) ->
              new CommitIntent(
                  in.text(),
                  in.text(),
                  in.text(),
                  in.text(),
                  in.text(),
                  in.text(),
                  in.optional(RecordReader::text),
                  in.flag(),
                  in.texts(),
                  in.text(),
                  in.time()));

  static final Format<Image> IMAGE =
      new Format<>(
          "image",
          1,
          (image, out) -> {
            out.texts(image.labels());
            writeDescriptor(out, image.target());
            out.time(image.createdAt()).time(image.updatedAt());
          },
          (name, in) -> new Image(name, in.texts(), readDescriptor(in), in.time(), in.time()));

  static final Format<Lease> LEASE =
      new Format<>(
          "lease",
          1,
          (lease, out) -> out.time(lease.createdAt()).texts(lease.labels()),
          (id, in) -> {
            var createdAt = in.time();
            return new Lease(id, in.texts(), createdAt);
          });

  static final Format<Container> CONTAINER =
      new Format<>(
          "container",
          1,
          (container, out) ->
              out.texts(container.labels())
                  .text(container.image())
                  .text(container.runtime().name())
                  .optional(container.runtime().options(), Formats::writeTyped)
                  .optional(container.spec(), Formats::writeTyped)
                  .text(container.snapshotter())
                  .text(container.snapshotKey())
                  .map(container.extensions(), Formats::writeTyped)
                  .text(container.sandboxId())
                  .time(container.createdAt())
                  .time(container.updatedAt()),
          (id, in) ->
              new Container(
                  id,
                  in.texts(),
                  in.text(),
                  new Container.Runtime(in.text(), in.optional(Formats::readTyped)),
                  in.optional(Formats::readTyped),
                  in.text(),
                  in.text(),
                  in.map(Formats::readTyped),
                  in.text(),
                  in.time(),
                  in.time()));

  static final Format<Sandbox> SANDBOX =
      new Format<>(
          "sandbox",
          1,
          (sandbox, out) ->
              out.text(sandbox.runtime().name())
                  .optional(sandbox.runtime().options(), Formats::writeValue)
                  .optional(sandbox.spec(), Formats::writeValue)
                  .texts(sandbox.labels())
                  .map(sandbox.extensions(), Formats::writeValue)
                  .time(sandbox.createdAt())
                  .time(sandbox.updatedAt())
                  .text(sandbox.controller()),
          (id, in) ->
              new Sandbox(
                  id,
                  new Sandbox.Runtime(in.text(), in.optional(Formats::readValue)),
                  in.optional(Formats::readValue),
                  in.texts(),
                  in.map(Formats::readValue),
                  in.time(),
                  in.time(),
                  in.text()));

  static final Format<Activation> ACTIVATION =
      new Format<>(
          "mount activation",
          1,
          (activation, out) ->
              out.text(activation.directory())
                  .text(activation.lease())
                  .list(
                      activation.active(),
                      activation.active().size(),
                      (to, active) -> {
                        writeMount(to, active.mount());
                        to.time(active.mountedAt()).text(active.mountPoint());
                      })
                  .list(activation.system(), activation.system().size(), Formats::writeMount)
                  .texts(activation.labels()),
          (name, in) ->
              new Activation(
                  name,
                  in.text(),
                  in.text(),
                  in.list(from -> new Activation.Active(readMount(from), from.time(), from.text())),
                  in.list(Formats::readMount),
                  in.texts()));

  static final Format<StoredTask> TASK =
      new Format<>(
          "task",
          2,
          (stored, out) -> {
            TaskRecord task = stored.task();
            out.text(stored.snapshotter())
                .text(stored.snapshotKey())
                .text(task.runtime())
                .text(task.bundle().toString())
                .map(task.options().values(), Formats::writeOption)
                .text(task.bootId())
                .map(task.processes(), Formats::writeProcess)
                .optional(task.state(), (to, state) -> to.bytes(state.value()))
                .number(task.memoryKills());
          },
          (id, in) -> {
            String snapshotter = in.text();
            String snapshotKey = in.text();
            TaskRecord task =
                new TaskRecord(
                    id,
                    in.text(),
                    path(id, in.text()),
                    new RuntimeOptions(in.map(from -> readOption(id, from))),
                    in.text(),
                    in.map(Formats::readProcess),
                    in.optional(from -> new RuntimeState(from.bytes())),
                    in.version() < 2 ? 0 : in.number());
            return new StoredTask(task, snapshotter, snapshotKey);
          });

  private static final int TEXT = 1;
  private static final int NUMBER = 2;
  private static final int FLAG = 3;
  private static final int TEXTS = 4;

  private Formats() {}

  private static void writeDigest(RecordWriter out, Digest digest) {
    out.text(digest.toString());
  }

  private static Digest readDigest(RecordReader in) {
    return Digest.parse(in.text());
  }

  private static SnapshotRecord.Kind kind(String key, long position) {
    SnapshotRecord.Kind[] kinds = SnapshotRecord.Kind.values();
    if (position < 0 || position >= kinds.length) {
      throw new DataLossException("snapshot \"" + key + "\": record is damaged: kind " + position);
    }
    return kinds[(int) position];
  }

  private static void writeDescriptor(RecordWriter out, Descriptor target) {
    out.text(target.mediaType());
    writeDigest(out, target.digest());
    out.number(target.size())
        .texts(target.annotations())
        .optional(target.platform(), Formats::writePlatform)
        .text(target.artifactType())
        .list(target.urls(), target.urls().size(), RecordWriter::text);
  }

  private static Descriptor readDescriptor(RecordReader in) {
    return new Descriptor(
        in.text(),
        readDigest(in),
        in.number(),
        in.texts(),
        in.optional(Formats::readPlatform),
        in.text(),
        in.list(RecordReader::text));
  }

  private static void writePlatform(RecordWriter out, Platform platform) {
    out.text(platform.os())
        .text(platform.architecture())
        .text(platform.variant())
        .text(platform.osVersion())
        .list(platform.osFeatures(), platform.osFeatures().size(), RecordWriter::text);
  }

  private static Platform readPlatform(RecordReader in) {
    return new Platform(in.text(), in.text(), in.text(), in.text(), in.list(RecordReader::text));
  }

  private static void writeTyped(RecordWriter out, TypedValue value) {
    out.text(value.typeUrl()).bytes(value.value());
  }

  private static TypedValue readTyped(RecordReader in) {
    return new TypedValue(in.text(), in.bytes());
  }

  private static void writeValue(RecordWriter out, SandboxValue value) {
    out.text(value.typeUrl()).bytes(value.value());
  }

  private static SandboxValue readValue(RecordReader in) {
    return new SandboxValue(in.text(), in.bytes());
  }

  private static void writeMount(RecordWriter out, Mount mount) {
    out.text(mount.type())
        .text(mount.source())
        .text(mount.target())
        .list(mount.options(), mount.options().size(), RecordWriter::text);
  }

  private static Mount readMount(RecordReader in) {
    return new Mount(in.text(), in.text(), in.text(), in.list(RecordReader::text));
  }

  private static void writeProcess(RecordWriter out, TaskRecord.Process process) {
    Stdio stdio = process.stdio();
    out.text(stdio.stdin())
        .text(stdio.stdout())
        .text(stdio.stderr())
        .flag(stdio.terminal())
        .flag(process.started());
  }

  private static TaskRecord.Process readProcess(RecordReader in) {
    return new TaskRecord.Process(new Stdio(in.text(), in.text(), in.text(), in.flag()), in.flag());
  }

  private static void writeOption(RecordWriter out, Object value) {
    switch (value) {
      case String text -> out.number(TEXT).text(text);
      case Long number -> out.number(NUMBER).number(number);
      case Boolean flag -> out.number(FLAG).flag(flag);
      case List<?> texts ->
          out.number(TEXTS).list(texts, texts.size(), (to, text) -> to.text(text.toString()));
      default ->
          throw new InvalidArgumentException(
              "runtime option of type " + value.getClass().getName() + " cannot be stored");
    }
  }

  private static Object readOption(String id, RecordReader in) {
    long type = in.number();
    if (type == TEXT) {
      return in.text();
    } else if (type == NUMBER) {
      return in.number();
    } else if (type == FLAG) {
      return in.flag();
    } else if (type == TEXTS) {
      return in.list(RecordReader::text);
    }
    throw new DataLossException("task \"" + id + "\": record is damaged: option of type " + type);
  }

  private static Path path(String id, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new DataLossException("task \"" + id + "\": record is damaged: " + e.getMessage(), e);
    }
  }
}
