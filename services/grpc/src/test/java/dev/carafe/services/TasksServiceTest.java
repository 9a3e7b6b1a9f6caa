package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.runc.v1.ProcessDetails;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.DeleteResponse;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListPidsRequest;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.MetricsRequest;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.tasks.v1.TasksGrpc.TasksBlockingStub;
import dev.carafe.api.services.tasks.v1.UpdateTaskRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.api.types.v1.Process;
import dev.carafe.api.types.v1.ProcessInfo;
import dev.carafe.api.types.v1.Status;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.events.Event;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.runtimes.MemoryTaskRuntime;
import io.grpc.Status.Code;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A runtime in memory below, a client above. */
@Timeout(60)
class TasksServiceTest extends ServiceTest {
  private final MemoryTaskRuntime runtime = new MemoryTaskRuntime();
  private TasksBlockingStub tasks;

  @Override
  void connect() {
    tasks = TasksGrpc.newBlockingStub(wire.channel());
  }

  @BeforeEach
  void serve(WorkDirectory work) {
    TaskManager manager =
        work.closeLater(
            new TaskManager(
                wire.metadata,
                new RuntimeHandlers(Map.of("oci", runtime), Map.of()),
                Map.of(),
                RuntimeOptionsProtos::decode,
                wire.events,
                work.path().resolve("bundles")));
    Checkpoints checkpoints =
        new Checkpoints(
            manager,
            new LayerApplier(List.of(), List.of(), PullConfig.DEFAULT),
            new DiffWriter(List.of()),
            work.path());
    wire.serve(new TasksService(wire.metadata, manager, checkpoints));
  }

  private void container(String id) {
    wire.stores()
        .containers()
        .create(
            new Container(
                id,
                Map.of(),
                "",
                new Container.Runtime("io.containerd.runc.v2", null),
                new TypedValue(Anys.SPEC, new byte[] {'{', '}'}),
                "",
                "",
                Map.of(),
                "",
                Instant.EPOCH,
                Instant.EPOCH));
    wire.published();
  }

  private CreateTaskResponse create(String id) {
    return tasks.create(CreateTaskRequest.newBuilder().setContainerId(id).build());
  }

  private void running(String id) {
    container(id);
    create(id);
    start(id, "");
  }

  private int start(String id, String execId) {
    return tasks
        .start(StartRequest.newBuilder().setContainerId(id).setExecId(execId).build())
        .getPid();
  }

  private void exec(String id, String execId) {
    tasks.exec(ExecProcessRequest.newBuilder().setContainerId(id).setExecId(execId).build());
  }

  private static WaitRequest waiting(String id, String execId) {
    return WaitRequest.newBuilder().setContainerId(id).setExecId(execId).build();
  }

  private Process get(String id) {
    return tasks.get(GetRequest.newBuilder().setContainerId(id).build()).getProcess();
  }

  private DeleteResponse delete(String id) {
    return tasks.delete(DeleteTaskRequest.newBuilder().setContainerId(id).build());
  }

  private void kill(String id, String execId, int signal) {
    tasks.kill(
        KillRequest.newBuilder().setContainerId(id).setExecId(execId).setSignal(signal).build());
  }

  private List<String> topics() {
    return wire.published().stream().map(Event::topic).toList();
  }

  @Test
  void aTasksLifeIsToldInOrder() {
    // Given
    container("c");

    // When
    CreateTaskResponse created = create("c");
    int started = start("c", "");
    runtime.exit("testing/c", "", 3);
    WaitResponse end = tasks.wait(waiting("c", ""));
    DeleteResponse deleted = delete("c");

    // Then
    assertEquals("c 100", created.getContainerId() + " " + created.getPid());
    assertEquals(100, started);
    assertEquals(3, end.getExitStatus());
    assertEquals(3, end.getExitedAt().getSeconds());
    assertEquals("c 100 3", deleted.getId() + " " + deleted.getPid() + " " + end.getExitStatus());
    assertEquals(
        List.of("/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"), topics());
    refused(Code.NOT_FOUND, "task c not found", () -> get("c"));
    assertEquals(List.of(), runtime.tasks());
  }

  @Test
  void aFurtherProcessLivesBesideTheTask() {
    // Given
    running("c");
    topics();

    // When
    exec("c", "x");
    int pid = start("c", "x");
    kill("c", "x", 9);
    WaitResponse end = tasks.wait(waiting("c", "x"));
    DeleteResponse deleted =
        tasks.deleteProcess(
            DeleteProcessRequest.newBuilder().setContainerId("c").setExecId("x").build());

    // Then
    assertEquals(137, end.getExitStatus());
    assertEquals("x " + pid + " 137", deleted.getId() + " " + deleted.getPid() + " 137");
    assertEquals(List.of("/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"), topics());
    assertEquals(Status.RUNNING, get("c").getStatus());
    refused(Code.NOT_FOUND, "exec \"x\" in task c not found", () -> tasks.wait(waiting("c", "x")));
  }

  @Test
  void namesThatAreMissingTakenOrImpossibleAreRefused() {
    // Given
    running("c");
    exec("c", "x");

    // Then
    refused(
        Code.NOT_FOUND,
        "container \"nobody\" in namespace \"testing\": not found",
        () -> create("nobody"));
    refused(Code.NOT_FOUND, "task nobody not found", () -> start("nobody", ""));
    refused(Code.ALREADY_EXISTS, "task c: already exists", () -> create("c"));
    refused(Code.ALREADY_EXISTS, "exec x in task c: already exists", () -> exec("c", "x"));
    refused(Code.INVALID_ARGUMENT, () -> exec("c", "a b"));
    refused(Code.INVALID_ARGUMENT, () -> exec("c", ""));
    refused(
        Code.INVALID_ARGUMENT,
        "exec id must not be empty",
        () -> tasks.deleteProcess(DeleteProcessRequest.newBuilder().setContainerId("c").build()));
    refused(
        Code.FAILED_PRECONDITION,
        "namespace is required",
        () -> TasksGrpc.newBlockingStub(wire.bare()).list(ListTasksRequest.getDefaultInstance()));
    refused(
        Code.NOT_FOUND,
        "task c not found",
        () ->
            TasksGrpc.newBlockingStub(wire.in("other"))
                .get(GetRequest.newBuilder().setContainerId("c").build()));
  }

  @Test
  void aRuntimesWordsReachTheClientAndNothingStays() {
    // Given
    container("c");
    String words = "OCI runtime create failed: exec: \"nope\": executable file not found in $PATH";
    runtime.before(method -> {
      if (method.equals("create")) {
        throw new UnknownException(words);
      }
    });

    // When
    refused(Code.UNKNOWN, words, () -> create("c"));

    // Then
    assertTrue(runtime.calls().contains("discard testing/c"), () -> "" + runtime.calls());
    assertEquals(0, tasks.list(ListTasksRequest.getDefaultInstance()).getTasksCount());
    assertEquals(List.of(), topics());

    // When it works another time
    runtime.before(_ -> {});
    create("c");

    // Then
    assertEquals(Status.CREATED, get("c").getStatus());
  }

  @Test
  void aWaitMayBeginBeforeTheStartAndEndsForAll() throws Exception {
    // Given
    container("c");
    create("c");
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<WaitResponse>> waits =
          List.of(
              clients.submit(() -> tasks.wait(waiting("c", ""))),
              clients.submit(() -> tasks.wait(waiting("c", ""))));

      // When
      start("c", "");
      runtime.exit("testing/c", "", 42);

      // Then
      for (Future<WaitResponse> wait : waits) {
        assertEquals(42, wait.get(30, TimeUnit.SECONDS).getExitStatus());
      }
      assertEquals(42, tasks.wait(waiting("c", "")).getExitStatus());
    }
  }

  @Test
  void aWaitEndsWithItsDeadlineAndTheTaskGoesOn() {
    // Given
    running("c");

    // When
    refused(
        Code.DEADLINE_EXCEEDED,
        () -> tasks.withDeadlineAfter(50, TimeUnit.MILLISECONDS).wait(waiting("c", "")));

    // Then
    assertEquals(Status.RUNNING, get("c").getStatus());
    runtime.exit("testing/c", "", 1);
    assertEquals(1, tasks.wait(waiting("c", "")).getExitStatus());
  }

  @Test
  void aCallWhoseClientLeavesDoesNotKeepTheTask() throws Exception {
    // Given
    running("c");
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    runtime.before(method -> {
      if (method.equals("pause")) {
        entered.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          left.countDown();
          throw new UnavailableException("interrupted");
        }
      }
    });

    // When
    refused(
        Code.DEADLINE_EXCEEDED,
        () ->
            tasks
                .withDeadlineAfter(2, TimeUnit.SECONDS)
                .pause(PauseTaskRequest.newBuilder().setContainerId("c").build()));

    // Then
    assertTrue(entered.await(30, TimeUnit.SECONDS));
    assertTrue(left.await(30, TimeUnit.SECONDS));
    runtime.before(_ -> {});
    tasks.pause(PauseTaskRequest.newBuilder().setContainerId("c").build());
    assertEquals(Status.PAUSED, get("c").getStatus());
  }

  @Test
  void pausingIsShownAndNotDoneTwice() {
    // Given
    running("c");
    PauseTaskRequest pause = PauseTaskRequest.newBuilder().setContainerId("c").build();
    ResumeTaskRequest resume = ResumeTaskRequest.newBuilder().setContainerId("c").build();
    topics();

    // When
    tasks.pause(pause);

    // Then
    assertEquals(Status.PAUSED, get("c").getStatus());
    refused(Code.FAILED_PRECONDITION, () -> tasks.pause(pause));

    // When
    tasks.resume(resume);

    // Then
    assertEquals(Status.RUNNING, get("c").getStatus());
    refused(Code.FAILED_PRECONDITION, () -> tasks.resume(resume));
    assertEquals(List.of("/tasks/paused", "/tasks/resumed"), topics());
  }

  @Test
  void signalsAndDeletionsKnowWhatHasEnded() {
    // Given
    running("c");

    // Then
    refused(Code.FAILED_PRECONDITION, "cannot delete a running process", () -> delete("c"));

    // When
    kill("c", "", 15);
    tasks.wait(waiting("c", ""));

    // Then
    refused(Code.NOT_FOUND, "process already finished", () -> kill("c", "", 15));
    Process ended = get("c");
    assertEquals(Status.STOPPED, ended.getStatus());
    assertEquals(143, ended.getExitStatus());
    delete("c");
    refused(Code.NOT_FOUND, "task c not found", () -> delete("c"));
  }

  @Test
  void whatIsSaidToAProcessReachesTheRuntime() {
    // Given
    running("c");
    exec("c", "x");

    // When
    tasks.closeIO(CloseIORequest.newBuilder().setContainerId("c").setExecId("x").build());
    tasks.closeIO(
        CloseIORequest.newBuilder().setContainerId("c").setExecId("x").setStdin(true).build());
    tasks.resizePty(
        ResizePtyRequest.newBuilder().setContainerId("c").setWidth(80).setHeight(25).build());
    tasks.update(
        UpdateTaskRequest.newBuilder()
            .setContainerId("c")
            .setResources(Any.newBuilder().setValue(ByteString.copyFromUtf8("{\"cpu\":{}}")))
            .build());
    tasks.checkpoint(
        CheckpointTaskRequest.newBuilder()
            .setContainerId("c")
            .setOptions(Anys.pack(CheckpointOptions.newBuilder().setImagePath("/images").build()))
            .build());

    // Then
    assertEquals(
        List.of(
            "closeStdin testing/c x",
            "resize testing/c 80x25",
            "update testing/c {\"cpu\":{}}",
            "checkpoint testing/c"),
        runtime.calls().stream().skip(3).toList());
  }

  @Test
  void processesNameTheirExec() throws InvalidProtocolBufferException {
    // Given
    running("c");
    exec("c", "x");

    // When
    List<ProcessInfo> processes =
        tasks.listPids(ListPidsRequest.newBuilder().setContainerId("c").build()).getProcessesList();

    // Then
    assertEquals(List.of(100, 101), processes.stream().map(ProcessInfo::getPid).toList());
    assertEquals(false, processes.getFirst().hasInfo());
    assertEquals("containerd.runc.v1.ProcessDetails", processes.getLast().getInfo().getTypeUrl());
    assertEquals(
        "x", ProcessDetails.parseFrom(processes.getLast().getInfo().getValue()).getExecId());
  }

  @Test
  void statisticsOfOneThatHasNoneDoNotKeepThoseOfOthers() {
    // Given
    running("a");
    running("b");
    int[] asked = {0};
    runtime.before(method -> {
      if (method.equals("metrics") && asked[0]++ == 0) {
        throw new UnavailableException("just ended");
      }
    });

    // Then
    assertEquals(1, tasks.metrics(MetricsRequest.getDefaultInstance()).getMetricsCount());
    assertEquals(
        "b",
        tasks
            .metrics(MetricsRequest.newBuilder().addFilters("id==b").build())
            .getMetrics(0)
            .getId());
    refused(
        Code.INVALID_ARGUMENT,
        () -> tasks.metrics(MetricsRequest.newBuilder().addFilters("id=").build()));
  }

  @Test
  void aCheckpointOfAnotherKindIsNotRestored() {
    // Given
    container("c");

    // Then
    refused(
        Code.INVALID_ARGUMENT,
        () ->
            tasks.create(
                CreateTaskRequest.newBuilder()
                    .setContainerId("c")
                    .setCheckpoint(Records.descriptor("x"))
                    .build()));
    refused(
        Code.INVALID_ARGUMENT,
        () ->
            tasks.create(
                CreateTaskRequest.newBuilder()
                    .setContainerId("c")
                    .setOptions(
                        Any.newBuilder()
                            .setTypeUrl("containerd.runc.v1.Options")
                            .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff})))
                    .build()));
    assertEquals(List.of(), runtime.calls());
  }
}
