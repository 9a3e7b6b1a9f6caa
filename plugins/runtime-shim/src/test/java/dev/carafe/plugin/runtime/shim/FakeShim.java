package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Empty;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Timestamp;
import dev.carafe.api.task.v3.ConnectResponse;
import dev.carafe.api.task.v3.CreateTaskRequest;
import dev.carafe.api.task.v3.CreateTaskResponse;
import dev.carafe.api.task.v3.DeleteRequest;
import dev.carafe.api.task.v3.DeleteResponse;
import dev.carafe.api.task.v3.KillRequest;
import dev.carafe.api.task.v3.ShutdownRequest;
import dev.carafe.api.task.v3.StartRequest;
import dev.carafe.api.task.v3.StartResponse;
import dev.carafe.api.task.v3.StateRequest;
import dev.carafe.api.task.v3.StateResponse;
import dev.carafe.api.task.v3.WaitRequest;
import dev.carafe.api.task.v3.WaitResponse;
import dev.carafe.api.types.v1.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A task service without tasks: remembers what it was asked, and runs nothing. */
final class FakeShim {
  static final int PID = 4711;

  volatile @Nullable CreateTaskRequest created;
  volatile boolean shutDown;
  private volatile Status status = Status.CREATED;
  private final CountDownLatch killed = new CountDownLatch(1);

  /** Answers by the argument's type, which names the method. */
  MessageLite answer(MessageLite argument) throws InterruptedException {
    return switch (argument) {
      case CreateTaskRequest request -> {
        created = request;
        yield CreateTaskResponse.newBuilder().setPid(PID).build();
      }
      case StartRequest ignored -> {
        status = Status.RUNNING;
        yield StartResponse.newBuilder().setPid(PID).build();
      }
      case StateRequest ignored ->
          StateResponse.newBuilder()
              .setStatus(status)
              .setPid(PID)
              .setExitStatus(9)
              .setExitedAt(Timestamp.newBuilder().setSeconds(1000))
              .build();
      case KillRequest ignored -> {
        status = Status.STOPPED;
        killed.countDown();
        yield Empty.getDefaultInstance();
      }
      case WaitRequest ignored -> {
        killed.await();
        yield WaitResponse.newBuilder()
            .setExitStatus(9)
            .setExitedAt(Timestamp.newBuilder().setSeconds(1000))
            .build();
      }
      case DeleteRequest ignored -> DeleteResponse.newBuilder().setPid(PID).build();
      case ShutdownRequest ignored -> {
        shutDown = true;
        yield Empty.getDefaultInstance();
      }
      default -> ConnectResponse.getDefaultInstance();
    };
  }

  /** Writes a shim's program. */
  static Path program(Path directory, String script) throws IOException {
    Path program = directory.resolve("containerd-shim-fake-v1");
    Files.writeString(program, "#!/bin/sh\n" + script, StandardCharsets.UTF_8);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program;
  }
}
