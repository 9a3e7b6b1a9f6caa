package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.services.diff.v1.DiffGrpc.DiffBlockingStub;
import dev.carafe.api.services.diff.v1.DiffRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.diffs.Differ;
import io.grpc.Status.Code;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiffServiceTest extends ServiceTest {
  private static final String UNCOMPRESSED = Records.digest("uncompressed").toString();
  private final TextDiffer differ = new TextDiffer();
  private DiffBlockingStub diffs;

  @Override
  void connect() {
    List<Differ> differs = List.of(differ);
    wire.serve(
        new DiffService(
            wire.metadata, new LayerApplier(differs, List.of(), PullConfig.DEFAULT), differs));
    diffs = DiffGrpc.newBlockingStub(wire.channel());
  }

  private void blob(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (ContentWriter writer =
        wire.stores().content().writer(new IngestRequest("r", bytes.length, null))) {
      writer.write(ByteBuffer.wrap(bytes));
      writer.commit(bytes.length, Digest.of(bytes), Map.of("containerd.io/gc.root", "1"));
    }
  }

  private static Descriptor layer(String text, String mediaType) {
    return Records.descriptor(text).toBuilder().setMediaType(mediaType).build();
  }

  private Descriptor apply(Descriptor layer) {
    return diffs.apply(ApplyRequest.newBuilder().setDiff(layer).build()).getApplied();
  }

  private static DiffRequest.Builder difference() {
    return DiffRequest.newBuilder()
        .addLeft(Mount.newBuilder().setType("bind").setSource("/a"))
        .addRight(Mount.newBuilder().setType("bind").setSource("/b"));
  }

  @Test
  void anAppliedLayerIsDescribedUncompressed() {
    // Given
    blob("files");

    // When
    Descriptor applied = apply(layer("files", MediaTypes.OCI_LAYER));

    // Then
    assertEquals(MediaTypes.OCI_LAYER, applied.getMediaType());
    assertEquals(Records.digest("files").toString(), applied.getDigest());
    assertEquals(5, applied.getSize());
    assertEquals(List.of("files"), differ.applied);
    assertEquals(applied, apply(layer("files", MediaTypes.OCI_LAYER)), "another time as well");
  }

  @Test
  void whatCannotBeAppliedIsRefused() {
    // Given
    blob("files");

    // Then
    refused(
        Code.NOT_FOUND,
        "content digest " + Records.digest("other") + ": not found",
        () -> apply(layer("other", MediaTypes.OCI_LAYER)));
    refused(
        Code.UNIMPLEMENTED,
        "layer " + Records.digest("files") + ": no differ for media type text/plain",
        () -> apply(layer("files", "text/plain")));
    refused(Code.INVALID_ARGUMENT, () -> apply(Descriptor.getDefaultInstance()));
    refused(
        Code.FAILED_PRECONDITION,
        "namespace is required",
        () ->
            DiffGrpc.newBlockingStub(wire.bare())
                .apply(
                    ApplyRequest.newBuilder()
                        .setDiff(layer("files", MediaTypes.OCI_LAYER))
                        .build()));
    assertEquals(List.of(), differ.applied);
  }

  @Test
  void aDifferenceBecomesABlobThatSaysWhatItIsUncompressed() {
    // When
    Descriptor made =
        diffs
            .diff(
                difference()
                    .setMediaType(MediaTypes.OCI_LAYER)
                    .putLabels("containerd.io/gc.root", "kept")
                    .build())
            .getDiff();

    // Then
    assertEquals(Records.digest("from 1 to 1").toString(), made.getDigest());
    assertEquals(MediaTypes.OCI_LAYER, made.getMediaType());
    BlobInfo blob = wire.stores().content().info(Records.digest("from 1 to 1"));
    assertEquals(made.getSize(), blob.size());
    assertEquals(
        Map.of("containerd.io/gc.root", "kept", "containerd.io/uncompressed", UNCOMPRESSED),
        blob.labels());
  }

  @Test
  void withoutAMediaTypeItIsAGzippedLayer() {
    assertEquals(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        diffs.diff(difference().build()).getDiff().getMediaType());
  }

  @Test
  void aDifferenceThatIsThereAlreadyIsNoFailure() {
    // Given
    blob("from 1 to 1");

    // When
    Descriptor made = diffs.diff(difference().setRef("mine").build()).getDiff();

    // Then
    assertEquals(Records.digest("from 1 to 1").toString(), made.getDigest());
    assertEquals(
        Map.of("containerd.io/gc.root", "1", "containerd.io/uncompressed", UNCOMPRESSED),
        wire.stores().content().info(Records.digest("from 1 to 1")).labels());
    assertEquals(List.of(), wire.stores().content().ingests());
  }

  @Test
  void aRefThatSomebodyWritesIsNotTaken() {
    try (ContentWriter _ = wire.stores().content().writer(new IngestRequest("mine", 0, null))) {
      refused(
          Code.UNAVAILABLE,
          "ref mine locked",
          () -> diffs.diff(difference().setRef("mine").build()));
    }
  }

  @Test
  void differencesOfUnknownTypesAndWithImpossibleLabelsAreRefused() {
    refused(
        Code.UNIMPLEMENTED,
        "no differ for media type text/plain",
        () -> diffs.diff(difference().setMediaType("text/plain").build()));
    refused(
        Code.INVALID_ARGUMENT,
        () -> diffs.diff(difference().putLabels("k", "v".repeat(5000)).build()));
    assertEquals(0, wire.collect().removed().getOrDefault("content", 0));
  }
}
