package dev.carafe.cri;

import dev.carafe.api.cri.v1.AuthConfig;
import dev.carafe.api.cri.v1.FilesystemIdentifier;
import dev.carafe.api.cri.v1.FilesystemUsage;
import dev.carafe.api.cri.v1.Image;
import dev.carafe.api.cri.v1.ImageFilter;
import dev.carafe.api.cri.v1.ImageFsInfoRequest;
import dev.carafe.api.cri.v1.ImageFsInfoResponse;
import dev.carafe.api.cri.v1.ImageServiceGrpc;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.ImageStatusRequest;
import dev.carafe.api.cri.v1.ImageStatusResponse;
import dev.carafe.api.cri.v1.Int64Value;
import dev.carafe.api.cri.v1.ListImagesRequest;
import dev.carafe.api.cri.v1.ListImagesResponse;
import dev.carafe.api.cri.v1.PullImageRequest;
import dev.carafe.api.cri.v1.PullImageResponse;
import dev.carafe.api.cri.v1.RemoveImageRequest;
import dev.carafe.api.cri.v1.RemoveImageResponse;
import dev.carafe.api.cri.v1.StreamImagesRequest;
import dev.carafe.api.cri.v1.StreamImagesResponse;
import dev.carafe.services.Calls;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.snapshots.Usage;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** {@code runtime.v1.ImageService}. */
final class ImageCalls extends ImageServiceGrpc.ImageServiceImplBase {
  private static final int PAGE = 100;

  private final CriImages images;
  private final Path root;

  ImageCalls(CriImages images, Path root) {
    this.images = images;
    this.root = root;
  }

  private List<Image> list(ImageFilter filter) {
    String wanted = filter.getImage().getImage();
    if (wanted.isEmpty()) {
      return images.list().stream().map(ImageCalls::view).toList();
    }
    CriImage image = images.find(wanted);
    return image == null ? List.of() : List.of(view(image));
  }

  private static Image view(CriImage image) {
    Image.Builder view =
        Image.newBuilder()
            .setId(image.id())
            .setSize(image.size())
            .setPinned(image.pinned())
            .setSpec(ImageSpec.newBuilder().setImage(image.id()));
    for (String name : image.names()) {
      if (name.contains("@")) {
        view.addRepoDigests(name);
      } else if (name.contains("/")) {
        view.addRepoTags(name);
      }
    }
    String user = image.config().user().split(":", 2)[0];
    if (user.matches("\\d{1,10}")) {
      view.setUid(Int64Value.newBuilder().setValue(Long.parseLong(user)));
    } else if (user.isEmpty()) {
      view.setUid(Int64Value.newBuilder().setValue(0));
    } else {
      view.setUsername(user);
    }
    return view.build();
  }

  @Override
  public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> observer) {
    Calls.unary(
        observer,
        () -> ListImagesResponse.newBuilder().addAllImages(list(request.getFilter())).build());
  }

  @Override
  public void streamImages(
      StreamImagesRequest request, StreamObserver<StreamImagesResponse> observer) {
    Calls.stream(
        observer,
        sink -> {
          List<Image> all = list(request.getFilter());
          for (int from = 0; from < all.size(); from += PAGE) {
            sink.send(
                StreamImagesResponse.newBuilder()
                    .addAllImages(all.subList(from, Math.min(all.size(), from + PAGE)))
                    .build());
          }
        });
  }

  @Override
  public void imageStatus(
      ImageStatusRequest request, StreamObserver<ImageStatusResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ImageStatusResponse.Builder response = ImageStatusResponse.newBuilder();
          CriImage image = images.find(request.getImage().getImage());
          if (image != null) {
            response.setImage(view(image));
            if (request.getVerbose()) {
              response.putInfo("info", "{\"chainID\":\"" + image.chainId() + "\"}");
            }
          }
          return response.build();
        });
  }

  @Override
  public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> observer) {
    Calls.unary(
        observer,
        () ->
            PullImageResponse.newBuilder()
                .setImageRef(
                    images.pull(
                        request.getImage().getImage(),
                        request.hasAuth() ? credentials(request.getAuth()) : Optional.empty()))
                .build());
  }

  private static Optional<Credentials> credentials(AuthConfig auth) {
    if (!auth.getUsername().isEmpty()) {
      return Optional.of(new Credentials.Basic(auth.getUsername(), auth.getPassword()));
    }
    if (!auth.getIdentityToken().isEmpty()) {
      return Optional.of(new Credentials.RefreshToken(auth.getIdentityToken()));
    }
    if (!auth.getRegistryToken().isEmpty()) {
      return Optional.of(new Credentials.Header("Bearer " + auth.getRegistryToken()));
    }
    if (auth.getAuth().isEmpty()) {
      return Optional.empty();
    }
    try {
      String text = new String(Base64.getDecoder().decode(auth.getAuth()), StandardCharsets.UTF_8);
      int colon = text.indexOf(':');
      if (colon < 0) {
        throw new InvalidArgumentException("pull: auth is not USER:PASSWORD in base64");
      }
      String password = text.substring(colon + 1).replaceAll("\0+$", "");
      return Optional.of(new Credentials.Basic(text.substring(0, colon), password));
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("pull: auth is not base64", e);
    }
  }

  @Override
  public void removeImage(
      RemoveImageRequest request, StreamObserver<RemoveImageResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          images.remove(request.getImage().getImage());
          return RemoveImageResponse.getDefaultInstance();
        });
  }

  @Override
  public void imageFsInfo(
      ImageFsInfoRequest request, StreamObserver<ImageFsInfoResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Usage usage = images.usage();
          FilesystemUsage filesystem =
              FilesystemUsage.newBuilder()
                  .setTimestamp(Stats.nanos(Instant.now()))
                  .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(root.toString()))
                  .setUsedBytes(Stats.value(usage.bytes()))
                  .setInodesUsed(Stats.value(usage.inodes()))
                  .build();
          return ImageFsInfoResponse.newBuilder()
              .addImageFilesystems(filesystem)
              .addContainerFilesystems(filesystem)
              .build();
        });
  }
}
