package dev.carafe.services;

import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.CreateImageResponse;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.GetImageResponse;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.ListImagesResponse;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.services.images.v1.UpdateImageResponse;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.ImageStore;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.InvalidArgumentException;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Images: names of content. */
final class ImagesService extends ImagesGrpc.ImagesImplBase {
  private final Metadata metadata;

  ImagesService(Metadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public void get(GetImageRequest request, StreamObserver<GetImageResponse> observer) {
    Calls.unary(
        observer,
        () ->
            GetImageResponse.newBuilder().setImage(proto(images().get(request.getName()))).build());
  }

  @Override
  public void list(ListImagesRequest request, StreamObserver<ListImagesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          ListImagesResponse.Builder response = ListImagesResponse.newBuilder();
          for (Image image : images().list()) {
            if (filter.test(fields(image))) {
              response.addImages(proto(image));
            }
          }
          return response.build();
        });
  }

  private static Filters.Fields fields(Image image) {
    return Filters.withLabels(
        image.labels(),
        path ->
            switch (String.join(".", path)) {
              case "name" -> image.name();
              case "target.digest" -> image.target().digest().toString();
              case "target.mediatype" -> image.target().mediaType();
              default ->
                  path.getFirst().equals("annotations") && path.size() > 1
                      ? image
                          .target()
                          .annotations()
                          .get(String.join(".", path.subList(1, path.size())))
                      : null;
            });
  }

  @Override
  public void create(CreateImageRequest request, StreamObserver<CreateImageResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Image image = checked(request.getImage());
          Instant created = epoch(request.hasSourceDateEpoch(), request.getSourceDateEpoch());
          return CreateImageResponse.newBuilder()
              .setImage(proto(images().create(image, created)))
              .build();
        });
  }

  @Override
  public void update(UpdateImageRequest request, StreamObserver<UpdateImageResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          String name = named(request.getImage()).getName();
          Image updated = images().update(name, old -> updated(old, request));
          return UpdateImageResponse.newBuilder().setImage(proto(updated)).build();
        });
  }

  private static Image updated(Image old, UpdateImageRequest request) {
    List<String> mask = request.getUpdateMask().getPathsList();
    if (mask.isEmpty()) {
      return checked(request.getImage());
    }
    Map<String, String> labels = new HashMap<>(old.labels());
    Map<String, String> annotations = new HashMap<>(old.target().annotations());
    Descriptor target = old.target();
    for (String path : mask) {
      if (path.equals("target")) {
        target = target(request.getImage());
        annotations = new HashMap<>(target.annotations());
      } else if (!FieldMasks.applyMap("labels", path, labels, request.getImage().getLabelsMap())
          && !FieldMasks.applyMap(
              "annotations",
              path,
              annotations,
              request.getImage().getTarget().getAnnotationsMap())) {
        throw new InvalidArgumentException(
            "cannot update \"" + path + "\" field on image \"" + old.name() + "\"");
      }
    }
    Descriptor annotated =
        new Descriptor(target.mediaType(), target.digest(), target.size(), annotations);
    return Image.of(old.name(), annotated, Labels.checked(labels));
  }

  @Override
  public void delete(DeleteImageRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          images()
              .delete(
                  request.getName(),
                  request.hasTarget()
                      ? Protos.digestOrNull(request.getTarget().getDigest())
                      : null);
          if (request.getSync()) {
            metadata.collector().collect();
          }
          return Empty.getDefaultInstance();
        });
  }

  private ImageStore images() {
    return Calls.stores(metadata).images();
  }

  private static dev.carafe.api.services.images.v1.Image named(
      dev.carafe.api.services.images.v1.Image image) {
    if (image.getName().isEmpty()) {
      throw new InvalidArgumentException("image name must not be empty");
    }
    return image;
  }

  private static Image checked(dev.carafe.api.services.images.v1.Image image) {
    return Image.of(named(image).getName(), target(image), Labels.checked(image.getLabelsMap()));
  }

  private static Descriptor target(dev.carafe.api.services.images.v1.Image image) {
    Descriptor target = Protos.descriptor(image.getTarget());
    if (target.size() <= 0) {
      throw new InvalidArgumentException(
          "image \"" + image.getName() + "\": target size must be greater than zero");
    }
    if (target.mediaType().isEmpty()) {
      throw new InvalidArgumentException(
          "image \"" + image.getName() + "\": target media type must be set");
    }
    return target;
  }

  private static @Nullable Instant epoch(boolean present, Timestamp epoch) {
    return present ? Protos.instant(epoch) : null;
  }

  static dev.carafe.api.services.images.v1.Image proto(Image image) {
    return dev.carafe.api.services.images.v1.Image.newBuilder()
        .setName(image.name())
        .putAllLabels(image.labels())
        .setTarget(Protos.descriptor(image.target()))
        .setCreatedAt(Protos.timestamp(image.createdAt()))
        .setUpdatedAt(Protos.timestamp(image.updatedAt()))
        .build();
  }
}
