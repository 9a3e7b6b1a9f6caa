package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import dev.carafe.api.plugins.v1.ChangeResponse;
import dev.carafe.api.plugins.v1.LoadRequest;
import dev.carafe.api.plugins.v1.ReloadRequest;
import dev.carafe.api.plugins.v1.UnloadRequest;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.CreateContainerResponse;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerResponse;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.containers.v1.ListContainersResponse;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.containers.v1.UpdateContainerResponse;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.InfoResponse;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListContentResponse;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.ListStatusesResponse;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.api.services.content.v1.UpdateResponse;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.ApplyResponse;
import dev.carafe.api.services.diff.v1.DiffRequest;
import dev.carafe.api.services.diff.v1.DiffResponse;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.CreateImageResponse;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.GetImageResponse;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.ListImagesResponse;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.services.images.v1.UpdateImageResponse;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginInfoResponse;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.services.introspection.v1.PluginsResponse;
import dev.carafe.api.services.introspection.v1.ServerResponse;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.CreateResponse;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.services.leases.v1.ListResponse;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceResponse;
import dev.carafe.api.services.namespaces.v1.DeleteNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesResponse;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceResponse;
import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerCreateResponse;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopResponse;
import dev.carafe.api.services.sandbox.v1.StoreCreateRequest;
import dev.carafe.api.services.sandbox.v1.StoreCreateResponse;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteResponse;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.services.sandbox.v1.StoreListResponse;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.MountsResponse;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.UsageResponse;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotResponse;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.CheckpointTaskResponse;
import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.DeleteResponse;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.GetResponse;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListPidsRequest;
import dev.carafe.api.services.tasks.v1.ListPidsResponse;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.ListTasksResponse;
import dev.carafe.api.services.tasks.v1.MetricsRequest;
import dev.carafe.api.services.tasks.v1.MetricsResponse;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.StartResponse;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.services.version.v1.VersionResponse;
import dev.carafe.api.types.Envelope;
import dev.carafe.ctr.grpc.Method;

/**
 * The remote procedures that commands call. One nested class for each service, so that a command
 * loads only what it needs.
 */
final class Api {
  private Api() {}

  static final class Version {
    static final Method<Empty, VersionResponse> VERSION =
        Method.of("containerd.services.version.v1.Version", "Version", VersionResponse.parser());

    private Version() {}
  }

  static final class Introspection {
    private static final String SERVICE = "containerd.services.introspection.v1.Introspection";
    static final Method<PluginsRequest, PluginsResponse> PLUGINS =
        Method.of(SERVICE, "Plugins", PluginsResponse.parser());
    static final Method<Empty, ServerResponse> SERVER =
        Method.of(SERVICE, "Server", ServerResponse.parser());
    static final Method<PluginInfoRequest, PluginInfoResponse> PLUGIN_INFO =
        Method.of(SERVICE, "PluginInfo", PluginInfoResponse.parser());

    private Introspection() {}
  }

  static final class Plugins {
    private static final String SERVICE = "dev.carafe.plugins.v1.Plugins";
    static final Method<LoadRequest, ChangeResponse> LOAD =
        Method.of(SERVICE, "Load", ChangeResponse.parser());
    static final Method<UnloadRequest, ChangeResponse> UNLOAD =
        Method.of(SERVICE, "Unload", ChangeResponse.parser());
    static final Method<ReloadRequest, ChangeResponse> RELOAD =
        Method.of(SERVICE, "Reload", ChangeResponse.parser());

    private Plugins() {}
  }

  static final class Namespaces {
    private static final String SERVICE = "containerd.services.namespaces.v1.Namespaces";
    static final Method<ListNamespacesRequest, ListNamespacesResponse> LIST =
        Method.of(SERVICE, "List", ListNamespacesResponse.parser());
    static final Method<CreateNamespaceRequest, CreateNamespaceResponse> CREATE =
        Method.of(SERVICE, "Create", CreateNamespaceResponse.parser());
    static final Method<UpdateNamespaceRequest, UpdateNamespaceResponse> UPDATE =
        Method.of(SERVICE, "Update", UpdateNamespaceResponse.parser());
    static final Method<DeleteNamespaceRequest, Empty> DELETE =
        Method.of(SERVICE, "Delete", Empty.parser());

    private Namespaces() {}
  }

  static final class Images {
    private static final String SERVICE = "containerd.services.images.v1.Images";
    static final Method<GetImageRequest, GetImageResponse> GET =
        Method.of(SERVICE, "Get", GetImageResponse.parser());
    static final Method<ListImagesRequest, ListImagesResponse> LIST =
        Method.of(SERVICE, "List", ListImagesResponse.parser());
    static final Method<CreateImageRequest, CreateImageResponse> CREATE =
        Method.of(SERVICE, "Create", CreateImageResponse.parser());
    static final Method<UpdateImageRequest, UpdateImageResponse> UPDATE =
        Method.of(SERVICE, "Update", UpdateImageResponse.parser());
    static final Method<DeleteImageRequest, Empty> DELETE =
        Method.of(SERVICE, "Delete", Empty.parser());

    private Images() {}
  }

  static final class Containers {
    private static final String SERVICE = "containerd.services.containers.v1.Containers";
    static final Method<GetContainerRequest, GetContainerResponse> GET =
        Method.of(SERVICE, "Get", GetContainerResponse.parser());
    static final Method<ListContainersRequest, ListContainersResponse> LIST =
        Method.of(SERVICE, "List", ListContainersResponse.parser());
    static final Method<CreateContainerRequest, CreateContainerResponse> CREATE =
        Method.of(SERVICE, "Create", CreateContainerResponse.parser());
    static final Method<UpdateContainerRequest, UpdateContainerResponse> UPDATE =
        Method.of(SERVICE, "Update", UpdateContainerResponse.parser());
    static final Method<DeleteContainerRequest, Empty> DELETE =
        Method.of(SERVICE, "Delete", Empty.parser());

    private Containers() {}
  }

  static final class Content {
    private static final String SERVICE = "containerd.services.content.v1.Content";
    static final Method<ListContentRequest, ListContentResponse> LIST =
        Method.of(SERVICE, "List", ListContentResponse.parser());
    static final Method<ReadContentRequest, ReadContentResponse> READ =
        Method.of(SERVICE, "Read", ReadContentResponse.parser());
    static final Method<WriteContentRequest, WriteContentResponse> WRITE =
        Method.of(SERVICE, "Write", WriteContentResponse.parser());
    static final Method<ListStatusesRequest, ListStatusesResponse> STATUSES =
        Method.of(SERVICE, "ListStatuses", ListStatusesResponse.parser());
    static final Method<DeleteContentRequest, Empty> DELETE =
        Method.of(SERVICE, "Delete", Empty.parser());
    static final Method<InfoRequest, InfoResponse> INFO =
        Method.of(SERVICE, "Info", InfoResponse.parser());
    static final Method<UpdateRequest, UpdateResponse> UPDATE =
        Method.of(SERVICE, "Update", UpdateResponse.parser());

    private Content() {}
  }

  static final class Snapshots {
    private static final String SERVICE = "containerd.services.snapshots.v1.Snapshots";
    static final Method<PrepareSnapshotRequest, PrepareSnapshotResponse> PREPARE =
        Method.of(SERVICE, "Prepare", PrepareSnapshotResponse.parser());
    static final Method<ViewSnapshotRequest, ViewSnapshotResponse> VIEW =
        Method.of(SERVICE, "View", ViewSnapshotResponse.parser());
    static final Method<MountsRequest, MountsResponse> MOUNTS =
        Method.of(SERVICE, "Mounts", MountsResponse.parser());
    static final Method<CommitSnapshotRequest, Empty> COMMIT =
        Method.of(SERVICE, "Commit", Empty.parser());
    static final Method<UpdateSnapshotRequest, UpdateSnapshotResponse> UPDATE =
        Method.of(SERVICE, "Update", UpdateSnapshotResponse.parser());
    static final Method<StatSnapshotRequest, StatSnapshotResponse> STAT =
        Method.of(SERVICE, "Stat", StatSnapshotResponse.parser());
    static final Method<ListSnapshotsRequest, ListSnapshotsResponse> LIST =
        Method.of(SERVICE, "List", ListSnapshotsResponse.parser());
    static final Method<UsageRequest, UsageResponse> USAGE =
        Method.of(SERVICE, "Usage", UsageResponse.parser());
    static final Method<RemoveSnapshotRequest, Empty> REMOVE =
        Method.of(SERVICE, "Remove", Empty.parser());

    private Snapshots() {}
  }

  static final class Diff {
    private static final String SERVICE = "containerd.services.diff.v1.Diff";
    static final Method<ApplyRequest, ApplyResponse> APPLY =
        Method.of(SERVICE, "Apply", ApplyResponse.parser());
    static final Method<DiffRequest, DiffResponse> DIFF =
        Method.of(SERVICE, "Diff", DiffResponse.parser());

    private Diff() {}
  }

  static final class Sandboxes {
    private static final String STORE = "containerd.services.sandbox.v1.Store";
    private static final String CONTROLLER = "containerd.services.sandbox.v1.Controller";
    static final Method<StoreCreateRequest, StoreCreateResponse> CREATE =
        Method.of(STORE, "Create", StoreCreateResponse.parser());
    static final Method<StoreListRequest, StoreListResponse> LIST =
        Method.of(STORE, "List", StoreListResponse.parser());
    static final Method<StoreDeleteRequest, StoreDeleteResponse> DELETE =
        Method.of(STORE, "Delete", StoreDeleteResponse.parser());
    static final Method<ControllerCreateRequest, ControllerCreateResponse> MAKE =
        Method.of(CONTROLLER, "Create", ControllerCreateResponse.parser());
    static final Method<ControllerStartRequest, ControllerStartResponse> START =
        Method.of(CONTROLLER, "Start", ControllerStartResponse.parser());
    static final Method<ControllerStopRequest, ControllerStopResponse> STOP =
        Method.of(CONTROLLER, "Stop", ControllerStopResponse.parser());
    static final Method<ControllerShutdownRequest, ControllerShutdownResponse> SHUTDOWN =
        Method.of(CONTROLLER, "Shutdown", ControllerShutdownResponse.parser());

    private Sandboxes() {}
  }

  static final class Leases {
    private static final String SERVICE = "containerd.services.leases.v1.Leases";
    static final Method<CreateRequest, CreateResponse> CREATE =
        Method.of(SERVICE, "Create", CreateResponse.parser());
    static final Method<ListRequest, ListResponse> LIST =
        Method.of(SERVICE, "List", ListResponse.parser());
    static final Method<DeleteRequest, Empty> DELETE = Method.of(SERVICE, "Delete", Empty.parser());

    private Leases() {}
  }

  static final class Tasks {
    private static final String SERVICE = "containerd.services.tasks.v1.Tasks";
    static final Method<CreateTaskRequest, CreateTaskResponse> CREATE =
        Method.of(SERVICE, "Create", CreateTaskResponse.parser());
    static final Method<StartRequest, StartResponse> START =
        Method.of(SERVICE, "Start", StartResponse.parser());
    static final Method<DeleteTaskRequest, DeleteResponse> DELETE =
        Method.of(SERVICE, "Delete", DeleteResponse.parser());
    static final Method<DeleteProcessRequest, DeleteResponse> DELETE_PROCESS =
        Method.of(SERVICE, "DeleteProcess", DeleteResponse.parser());
    static final Method<GetRequest, GetResponse> GET =
        Method.of(SERVICE, "Get", GetResponse.parser());
    static final Method<ListTasksRequest, ListTasksResponse> LIST =
        Method.of(SERVICE, "List", ListTasksResponse.parser());
    static final Method<KillRequest, Empty> KILL = Method.of(SERVICE, "Kill", Empty.parser());
    static final Method<ExecProcessRequest, Empty> EXEC =
        Method.of(SERVICE, "Exec", Empty.parser());
    static final Method<ResizePtyRequest, Empty> RESIZE =
        Method.of(SERVICE, "ResizePty", Empty.parser());
    static final Method<CloseIORequest, Empty> CLOSE_IO =
        Method.of(SERVICE, "CloseIO", Empty.parser());
    static final Method<PauseTaskRequest, Empty> PAUSE =
        Method.of(SERVICE, "Pause", Empty.parser());
    static final Method<CheckpointTaskRequest, CheckpointTaskResponse> CHECKPOINT =
        Method.of(SERVICE, "Checkpoint", CheckpointTaskResponse.parser());
    static final Method<ResumeTaskRequest, Empty> RESUME =
        Method.of(SERVICE, "Resume", Empty.parser());
    static final Method<ListPidsRequest, ListPidsResponse> LIST_PIDS =
        Method.of(SERVICE, "ListPids", ListPidsResponse.parser());
    static final Method<MetricsRequest, MetricsResponse> METRICS =
        Method.of(SERVICE, "Metrics", MetricsResponse.parser());
    static final Method<WaitRequest, WaitResponse> WAIT =
        Method.of(SERVICE, "Wait", WaitResponse.parser());

    private Tasks() {}
  }

  static final class Events {
    static final Method<SubscribeRequest, Envelope> SUBSCRIBE =
        Method.of("containerd.services.events.v1.Events", "Subscribe", Envelope.parser());

    private Events() {}
  }

  static final class Transfer {
    static final Method<TransferRequest, Empty> TRANSFER =
        Method.of("containerd.services.transfer.v1.Transfer", "Transfer", Empty.parser());
    static final Method<Any, Any> STREAM =
        Method.of("containerd.services.streaming.v1.Streaming", "Stream", Any.parser());

    private Transfer() {}
  }
}
