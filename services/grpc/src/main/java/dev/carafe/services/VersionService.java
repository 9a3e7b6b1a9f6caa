package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.version.v1.VersionGrpc;
import dev.carafe.api.services.version.v1.VersionResponse;
import io.grpc.stub.StreamObserver;

/** Says which containerd API this is. Clients parse the version. */
final class VersionService extends VersionGrpc.VersionImplBase {
  private final String version;
  private final String revision;

  VersionService(String version, String revision) {
    this.version = version;
    this.revision = revision;
  }

  @Override
  public void version(Empty request, StreamObserver<VersionResponse> observer) {
    Calls.unary(
        observer,
        () -> VersionResponse.newBuilder().setVersion(version).setRevision(revision).build());
  }
}
