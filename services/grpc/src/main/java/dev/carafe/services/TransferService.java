package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import dev.carafe.api.services.transfer.v1.TransferGrpc;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.transfer.ContainerPath;
import dev.carafe.api.types.transfer.ImageExportStream;
import dev.carafe.api.types.transfer.ImageImportStream;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.ReadStream;
import dev.carafe.api.types.transfer.WriteStream;
import dev.carafe.engine.pull.Progress;
import dev.carafe.spi.errors.UnimplementedException;
import io.grpc.stub.StreamObserver;

/** Transfers: finds out what is to go where, and hands it to whoever does that. */
final class TransferService extends TransferGrpc.TransferImplBase {
  private static final String TYPES = "containerd.types.transfer.";

  private final ImageTransfers images;
  private final ArchiveTransfers archives;
  private final FileTransfers files;
  private final StreamRegistry streams;

  TransferService(
      ImageTransfers images,
      ArchiveTransfers archives,
      FileTransfers files,
      StreamRegistry streams) {
    this.images = images;
    this.archives = archives;
    this.files = files;
    this.streams = streams;
  }

  @Override
  public void transfer(TransferRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          String progressId = request.getOptions().getProgressStream();
          if (progressId.isEmpty()) {
            transfer(request, Progress.NONE);
          } else {
            try (ProgressStream progress =
                new ProgressStream(streams.get(Calls.namespace(), progressId))) {
              transfer(request, progress);
            }
          }
          return Empty.getDefaultInstance();
        });
  }

  private void transfer(TransferRequest request, Progress progress) throws Exception {
    Any from = request.getSource();
    Any to = request.getDestination();
    switch (kind(from) + " to " + kind(to)) {
      case "OCIRegistry to ImageStore" -> images.pull(registry(from), store(to), progress);
      case "ImageStore to OCIRegistry" -> images.push(store(from), registry(to), progress);
      case "ImageStore to ImageStore" -> images.tag(store(from), store(to));
      case "ImageImportStream to ImageStore" ->
          archives.importAll(Anys.unpack(from, ImageImportStream.parser()), store(to), progress);
      case "ImageStore to ImageExportStream" ->
          archives.export(store(from), Anys.unpack(to, ImageExportStream.parser()), progress);
      case "ImageImportStream to ImageExportStream" ->
          archives.echo(
              Anys.unpack(from, ImageImportStream.parser()),
              Anys.unpack(to, ImageExportStream.parser()));
      case "ContainerPath to WriteStream" ->
          files.copyOut(
              Anys.unpack(from, ContainerPath.parser()), Anys.unpack(to, WriteStream.parser()));
      case "ReadStream to ContainerPath" ->
          files.copyIn(
              Anys.unpack(from, ReadStream.parser()), Anys.unpack(to, ContainerPath.parser()));
      default ->
          throw new UnimplementedException(
              "unable to transfer from "
                  + Anys.name(from)
                  + " to "
                  + Anys.name(to)
                  + ": not implemented");
    }
  }

  private static String kind(Any any) {
    String name = Anys.name(any);
    return name.startsWith(TYPES) ? name.substring(TYPES.length()) : name;
  }

  private static OCIRegistry registry(Any any) {
    return Anys.unpack(any, OCIRegistry.parser());
  }

  private static ImageStore store(Any any) {
    return Anys.unpack(any, ImageStore.parser());
  }
}
