package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.leases.v1.AddResourceRequest;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.CreateResponse;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.DeleteResourceRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.services.leases.v1.ListResourcesRequest;
import dev.carafe.api.services.leases.v1.ListResourcesResponse;
import dev.carafe.api.services.leases.v1.ListResponse;
import dev.carafe.api.services.leases.v1.Resource;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.LeaseManager;
import dev.carafe.engine.stores.Metadata;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Predicate;

/** Leases: what holds objects against garbage collection. */
final class LeasesService extends LeasesGrpc.LeasesImplBase {
  private final Metadata metadata;

  LeasesService(Metadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public void create(CreateRequest request, StreamObserver<CreateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Lease lease = leases().create(request.getId(), Labels.checked(request.getLabelsMap()));
          return CreateResponse.newBuilder().setLease(proto(lease)).build();
        });
  }

  @Override
  public void delete(DeleteRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          leases().delete(request.getId());
          if (request.getSync()) {
            metadata.collector().collect();
          }
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          ListResponse.Builder response = ListResponse.newBuilder();
          for (Lease lease : leases().list()) {
            if (filter.test(
                Filters.withLabels(
                    lease.labels(), path -> path.equals(List.of("id")) ? lease.id() : null))) {
              response.addLeases(proto(lease));
            }
          }
          return response.build();
        });
  }

  @Override
  public void addResource(AddResourceRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          leases().addResource(request.getId(), resource(request.getResource()));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void deleteResource(DeleteResourceRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          leases().deleteResource(request.getId(), resource(request.getResource()));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void listResources(
      ListResourcesRequest request, StreamObserver<ListResourcesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ListResourcesResponse.Builder response = ListResourcesResponse.newBuilder();
          for (Lease.Resource resource : leases().resources(request.getId())) {
            response.addResources(
                Resource.newBuilder().setId(resource.id()).setType(resource.type()));
          }
          return response.build();
        });
  }

  /** Leases themselves are held by none: the lease header does not apply. */
  private LeaseManager leases() {
    return metadata.stores(Calls.namespace()).leases();
  }

  private static Lease.Resource resource(Resource resource) {
    return new Lease.Resource(resource.getType(), resource.getId());
  }

  private static dev.carafe.api.services.leases.v1.Lease proto(Lease lease) {
    return dev.carafe.api.services.leases.v1.Lease.newBuilder()
        .setId(lease.id())
        .setCreatedAt(Protos.timestamp(lease.createdAt()))
        .putAllLabels(lease.labels())
        .build();
  }
}
