package dev.carafe.ctr;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.CreateContainerResponse;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerResponse;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.ApplyResponse;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.CreateImageResponse;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.GetImageResponse;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.CreateResponse;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.Lease;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.MountsResponse;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.GetResponse;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import dev.carafe.spi.content.Digest;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Names and bytes as a daemon has them, and what was asked of it. */
final class FakeDaemon {
  final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  final Map<String, Image> images = new ConcurrentHashMap<>();
  final Map<String, Container> containers = new ConcurrentHashMap<>();
  final List<Object> asked = new CopyOnWriteArrayList<>();

  /** What is wrong with tasks. */
  Status tasks = Status.FAILED_PRECONDITION.withDescription("criu is not there");

  Descriptor blob(String mediaType, byte[] bytes) {
    String digest = Digest.of(bytes).toString();
    blobs.put(digest, bytes);
    return Descriptor.newBuilder()
        .setMediaType(mediaType)
        .setDigest(digest)
        .setSize(bytes.length)
        .build();
  }

  /** The first request of a type. */
  <T> T asked(Class<T> type) {
    return asked.stream().filter(type::isInstance).map(type::cast).findFirst().orElseThrow();
  }

  BindableService[] services() {
    return new BindableService[] {
      new Images(),
      new Containers(),
      new Content(),
      new Snapshots(),
      new Leases(),
      new Diffs(),
      new Tasks()
    };
  }

  private static <T> void answer(StreamObserver<T> observer, @Nullable T answer) {
    if (answer == null) {
      observer.onError(Status.NOT_FOUND.withDescription("not found").asRuntimeException());
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  private final class Images extends ImagesGrpc.ImagesImplBase {
    @Override
    public void get(GetImageRequest request, StreamObserver<GetImageResponse> observer) {
      Image image = images.get(request.getName());
      answer(
          observer, image == null ? null : GetImageResponse.newBuilder().setImage(image).build());
    }

    @Override
    public void create(CreateImageRequest request, StreamObserver<CreateImageResponse> observer) {
      images.put(request.getImage().getName(), request.getImage());
      answer(observer, CreateImageResponse.newBuilder().setImage(request.getImage()).build());
    }
  }

  private final class Containers extends ContainersGrpc.ContainersImplBase {
    @Override
    public void get(GetContainerRequest request, StreamObserver<GetContainerResponse> observer) {
      Container container = containers.get(request.getId());
      answer(
          observer,
          container == null
              ? null
              : GetContainerResponse.newBuilder().setContainer(container).build());
    }

    @Override
    public void create(
        CreateContainerRequest request, StreamObserver<CreateContainerResponse> observer) {
      asked.add(request);
      containers.put(request.getContainer().getId(), request.getContainer());
      answer(
          observer,
          CreateContainerResponse.newBuilder().setContainer(request.getContainer()).build());
    }

    @Override
    public void delete(DeleteContainerRequest request, StreamObserver<Empty> observer) {
      asked.add(request);
      containers.remove(request.getId());
      answer(observer, Empty.getDefaultInstance());
    }
  }

  private final class Content extends ContentGrpc.ContentImplBase {
    @Override
    public void read(ReadContentRequest request, StreamObserver<ReadContentResponse> observer) {
      byte[] bytes = blobs.get(request.getDigest());
      answer(
          observer,
          bytes == null
              ? null
              : ReadContentResponse.newBuilder().setData(ByteString.copyFrom(bytes)).build());
    }

    @Override
    public StreamObserver<WriteContentRequest> write(
        StreamObserver<WriteContentResponse> observer) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      return new StreamObserver<>() {
        @Override
        public void onNext(WriteContentRequest request) {
          bytes.writeBytes(request.getData().toByteArray());
          if (request.getAction() == WriteAction.COMMIT) {
            asked.add(request);
            blobs.put(request.getExpected(), bytes.toByteArray());
          }
          observer.onNext(WriteContentResponse.getDefaultInstance());
        }

        @Override
        public void onError(Throwable gone) {}

        @Override
        public void onCompleted() {
          observer.onCompleted();
        }
      };
    }
  }

  private final class Snapshots extends SnapshotsGrpc.SnapshotsImplBase {
    private final List<Mount> mounts =
        new ArrayList<>(List.of(Mount.newBuilder().setType("bind").setSource("/x").build()));

    @Override
    public void prepare(
        PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> observer) {
      asked.add(request);
      answer(observer, PrepareSnapshotResponse.newBuilder().addAllMounts(mounts).build());
    }

    @Override
    public void mounts(MountsRequest request, StreamObserver<MountsResponse> observer) {
      answer(observer, MountsResponse.newBuilder().addAllMounts(mounts).build());
    }

    @Override
    public void remove(RemoveSnapshotRequest request, StreamObserver<Empty> observer) {
      asked.add(request);
      answer(observer, Empty.getDefaultInstance());
    }
  }

  private final class Leases extends LeasesGrpc.LeasesImplBase {
    @Override
    public void create(CreateRequest request, StreamObserver<CreateResponse> observer) {
      answer(observer, CreateResponse.newBuilder().setLease(Lease.newBuilder().setId("l")).build());
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<Empty> observer) {
      asked.add(request);
      answer(observer, Empty.getDefaultInstance());
    }
  }

  private final class Diffs extends DiffGrpc.DiffImplBase {
    @Override
    public void apply(ApplyRequest request, StreamObserver<ApplyResponse> observer) {
      asked.add(request);
      answer(observer, ApplyResponse.newBuilder().setApplied(request.getDiff()).build());
    }
  }

  private final class Tasks extends TasksGrpc.TasksImplBase {
    @Override
    public void create(CreateTaskRequest request, StreamObserver<CreateTaskResponse> observer) {
      asked.add(request);
      observer.onError(tasks.asRuntimeException());
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> observer) {
      answer(observer, null);
    }
  }
}
