package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ImagesGrpc.ImagesBlockingStub;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.events.Event;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImagesServiceTest extends ServiceTest {
  private ImagesBlockingStub images;

  @Override
  void connect() {
    images = ImagesGrpc.newBlockingStub(wire.channel());
  }

  private static Image image(String name, Map<String, String> labels) {
    return Image.newBuilder()
        .setName(name)
        .putAllLabels(labels)
        .setTarget(Records.descriptor("a").toBuilder().putAnnotations("note", "1"))
        .build();
  }

  private Image create(Image image) {
    return images.create(CreateImageRequest.newBuilder().setImage(image).build()).getImage();
  }

  private Image update(Image image, String... mask) {
    return images
        .update(
            UpdateImageRequest.newBuilder()
                .setImage(image)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getImage();
  }

  private Image get(String name) {
    return images.get(GetImageRequest.newBuilder().setName(name).build()).getImage();
  }

  @Test
  void imageIsCreatedOnceFoundAndDeleted() {
    Image created = create(image("i", Map.of("a", "1", "empty", "")));
    assertEquals(Map.of("a", "1"), created.getLabelsMap());
    assertEquals(created, get("i"));
    refused(Code.ALREADY_EXISTS, "image \"i\": already exists", () -> create(image("i", Map.of())));
    images.delete(DeleteImageRequest.newBuilder().setName("i").build());
    refused(Code.NOT_FOUND, "image \"i\": not found", () -> get("i"));
    refused(
        Code.NOT_FOUND,
        "image \"i\": not found",
        () -> images.delete(DeleteImageRequest.newBuilder().setName("i").build()));
    assertEquals(
        List.of(new Event.ImageCreated("i", Map.of("a", "1")), new Event.ImageDeleted("i")),
        wire.published());
  }

  @Test
  void unusableImagesAreRefused() {
    Image good = image("i", Map.of());
    Descriptor target = good.getTarget();
    refused(Code.INVALID_ARGUMENT, () -> create(good.toBuilder().clearName().build()));
    for (Descriptor bad :
        List.of(
            target.toBuilder().setDigest("").build(),
            target.toBuilder().setDigest("sha256:12").build(),
            target.toBuilder().setSize(0).build(),
            target.toBuilder().setSize(-1).build(),
            target.toBuilder().clearMediaType().build())) {
      refused(Code.INVALID_ARGUMENT, () -> create(good.toBuilder().setTarget(bad).build()));
    }
    refused(
        Code.INVALID_ARGUMENT,
        "label key and value length (4100 bytes) greater than maximum size (4096 bytes), key: long",
        () -> create(image("i", Map.of("long", "x".repeat(4096)))));
  }

  @Test
  void masksAreRawPaths() {
    create(image("i", Map.of("a", "1", "b", "2")));
    Image update = image("i", Map.of("containerd.io/gc.root", "x", "a", "3"));
    assertEquals(
        Map.of("a", "1", "b", "2", "containerd.io/gc.root", "x"),
        update(update, "labels.containerd.io/gc.root").getLabelsMap());
    assertEquals(
        Map.of("a", "1", "containerd.io/gc.root", "x"), update(update, "labels.b").getLabelsMap());
    assertEquals(update.getLabelsMap(), update(update, "labels").getLabelsMap());
    Image other =
        update.toBuilder()
            .setTarget(Records.descriptor("other").toBuilder().putAnnotations("k.e/y", "2"))
            .build();
    assertEquals(
        Map.of("note", "1", "k.e/y", "2"),
        update(other, "annotations.k.e/y").getTarget().getAnnotationsMap());
    assertEquals(Records.digest("a").toString(), get("i").getTarget().getDigest());
    assertEquals(other.getTarget(), update(other, "target").getTarget());
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"Labels.a\" field on image \"i\"",
        () -> update(other, "Labels.a"));
    refused(Code.INVALID_ARGUMENT, () -> update(other, "target.size"));
  }

  @Test
  void timesAreTheDaemonsUnlessAnEpochIsGiven() {
    Timestamp epoch = Timestamp.newBuilder().setSeconds(1000).build();
    Image asked = image("i", Map.of()).toBuilder().setCreatedAt(epoch).build();
    assertEquals(false, create(asked).getCreatedAt().equals(epoch));
    Image built =
        images
            .create(
                CreateImageRequest.newBuilder()
                    .setImage(image("built", Map.of()))
                    .setSourceDateEpoch(epoch)
                    .build())
            .getImage();
    assertEquals(epoch, built.getCreatedAt());
    assertEquals(epoch, update(image("built", Map.of("a", "1"))).getCreatedAt());
  }

  @Test
  void deletionMayNameTheTarget() {
    create(image("i", Map.of()));
    DeleteImageRequest.Builder request = DeleteImageRequest.newBuilder().setName("i");
    refused(
        Code.NOT_FOUND,
        () -> images.delete(request.setTarget(Records.descriptor("other")).build()));
    images.delete(request.setTarget(Records.descriptor("a")).build());
  }

  @Test
  void imageThatExpiresIsHeldByTheCallsLease() {
    wire.stores().leases().create("l", Map.of());
    String past = "2001-01-01T00:00:00Z";
    ImagesGrpc.newBlockingStub(wire.under("l"))
        .create(
            CreateImageRequest.newBuilder()
                .setImage(image("i", Map.of("containerd.io/gc.expire", past)))
                .build());
    create(image("loose", Map.of("containerd.io/gc.expire", past)));
    assertEquals(List.of(new Lease.Resource("images", "i")), wire.stores().leases().resources("l"));
    wire.published();
    wire.collect();
    get("i");
    refused(Code.NOT_FOUND, () -> get("loose"));
    assertEquals(List.of(new Event.ImageDeleted("loose")), wire.published());
    refused(
        Code.NOT_FOUND,
        "lease \"none\": not found",
        () ->
            ImagesGrpc.newBlockingStub(wire.under("none"))
                .create(
                    CreateImageRequest.newBuilder()
                        .setImage(image("j", Map.of("containerd.io/gc.expire", past)))
                        .build()));
  }

  @Test
  void synchronousDeletionHasCollectedWhenItAnswers() {
    create(image("i", Map.of()));
    create(image("old", Map.of("containerd.io/gc.expire", "2001-01-01T00:00:00Z")));
    images.delete(DeleteImageRequest.newBuilder().setName("i").setSync(true).build());
    refused(Code.NOT_FOUND, () -> get("old"));
  }

  @Test
  void listIsFilteredByAllFields() {
    create(image("one", Map.of("a", "1")));
    create(image("two", Map.of()));
    for (String filter :
        List.of("name==one", "labels.a", "name~=^o,target.mediatype==application/x")) {
      assertEquals(List.of("one"), list(filter), filter);
    }
    assertEquals(2, list("annotations.note==1").size());
    assertEquals(2, list("target.digest==" + Records.digest("a")).size());
    assertEquals(0, list("annotations.other").size());
    refused(Code.INVALID_ARGUMENT, () -> list("name="));
  }

  private List<String> list(String filter) {
    return images
        .list(ListImagesRequest.newBuilder().addFilters(filter).build())
        .getImagesList()
        .stream()
        .map(Image::getName)
        .toList();
  }
}
