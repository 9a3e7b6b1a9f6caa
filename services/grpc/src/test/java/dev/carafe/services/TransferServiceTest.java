package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.carafe.api.services.transfer.v1.TransferGrpc;
import dev.carafe.api.services.transfer.v1.TransferGrpc.TransferBlockingStub;
import dev.carafe.api.services.transfer.v1.TransferOptions;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.Platform;
import dev.carafe.api.types.transfer.ImageExportStream;
import dev.carafe.api.types.transfer.ImageReference;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.RegistryResolver;
import dev.carafe.api.types.transfer.UnpackConfiguration;
import dev.carafe.engine.archive.ImageExporter;
import dev.carafe.engine.archive.ImageImporter;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.push.ImagePusher;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.testkit.WorkDirectory;
import io.grpc.Status.Code;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TransferServiceTest extends ServiceTest {
  private static final String NAME = "r.example/app:v1";
  private static final dev.carafe.spi.content.Platform AMD =
      new dev.carafe.spi.content.Platform("linux", "amd64", "");
  private static final dev.carafe.spi.content.Platform ARM =
      new dev.carafe.spi.content.Platform("linux", "arm64", "");
  private static final dev.carafe.spi.content.Platform S390X =
      new dev.carafe.spi.content.Platform("linux", "s390x", "");

  private final FakeRegistry registry = new FakeRegistry();
  private final TextDiffer differ = new TextDiffer();
  private TransferBlockingStub transfers;

  private record Flows(
      ImagePuller puller,
      ImagePusher pusher,
      ImageImporter importer,
      ImageExporter exporter,
      LayerApplier applier,
      List<Differ> differs,
      String defaultSnapshotter,
      ImageVerification verification)
      implements TransferFlows {}

  @Override
  void connect() {
    transfers = TransferGrpc.newBlockingStub(wire.channel());
  }

  @BeforeEach
  void serve(WorkDirectory work) {
    List<Differ> differs = List.of(differ);
    LayerApplier applier = new LayerApplier(differs, List.of(), PullConfig.DEFAULT);
    ImagePuller puller =
        new ImagePuller(
            wire.metadata,
            registry.sources(),
            registry.formats(),
            ImageVerification.NONE,
            applier,
            PullConfig.DEFAULT);
    ImageArchive archives = nobody(ImageArchive.class);
    Flows flows =
        new Flows(
            puller,
            new ImagePusher(wire.metadata, registry, 1),
            new ImageImporter(wire.metadata, archives, registry.formats(), puller),
            new ImageExporter(wire.metadata, archives),
            applier,
            differs,
            "memory",
            ImageVerification.NONE);
    StreamRegistry streams = new StreamRegistry();
    ImageTransfers images = new ImageTransfers(wire.metadata, flows, new RegistryOptions(streams));
    TaskManager tasks =
        work.closeLater(
            new TaskManager(
                wire.metadata,
                new RuntimeHandlers(Map.of(), Map.of()),
                Map.of(),
                RuntimeOptionsProtos::decode,
                wire.events,
                work.path().resolve("bundles")));
    wire.serve(
        new TransferService(
            images,
            new ArchiveTransfers(flows, images, streams),
            new FileTransfers(wire.metadata, tasks, nobody(ContainerFiles.class), streams),
            streams));
  }

  /** Not to be called. */
  private static <T> T nobody(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, _) -> {
              throw new AssertionError(method);
            }));
  }

  private static Any any(Message message) {
    return Anys.pack(message);
  }

  private void transfer(Message source, Message destination) {
    transfers.transfer(
        TransferRequest.newBuilder()
            .setSource(any(source))
            .setDestination(any(destination))
            .build());
  }

  private static OCIRegistry from(String name) {
    return OCIRegistry.newBuilder().setReference(name).build();
  }

  private static ImageStore.Builder store(String name) {
    return ImageStore.newBuilder().setName(name);
  }

  private static Platform amd() {
    return Platform.newBuilder().setOs("linux").setArchitecture("amd64").build();
  }

  private Set<String> blobs() {
    Set<String> blobs = new TreeSet<>();
    wire.stores().content().forEachBlob(blob -> blobs.add(blob.digest().toString()));
    return blobs;
  }

  private static Set<String> digests(Descriptor... descriptors) {
    Set<String> digests = new TreeSet<>();
    for (Descriptor descriptor : descriptors) {
      digests.add(descriptor.digest().toString());
    }
    return digests;
  }

  private List<String> images() {
    return wire.stores().images().list().stream().map(image -> image.name()).toList();
  }

  @Test
  void aPullNamesItsImageLastAndOneAgainChangesNothing() {
    // Given
    registry.name(NAME, registry.image(AMD, "one", "two"));
    ImageStore destination =
        store("mine").putLabels("k", "v").addUnpacks(unpack()).addPlatforms(amd()).build();

    // When
    transfer(from(NAME), destination);

    // Then
    assertEquals(List.of("mine"), images());
    assertEquals(Map.of("k", "v"), wire.stores().images().get("mine").labels());
    assertEquals(Set.of("one", "two"), Set.copyOf(differ.applied));
    assertEquals(List.of(), wire.stores().leases().list());
    Set<String> before = blobs();
    registry.sent();

    // When
    transfer(from(NAME), destination);

    // Then
    assertEquals(before, blobs());
    assertEquals(List.of(), registry.sent());
    assertEquals(2, differ.applied.size());

    // When
    wire.collect();

    // Then
    assertEquals(before, blobs());
  }

  private static UnpackConfiguration unpack() {
    return UnpackConfiguration.newBuilder().setPlatform(amd()).build();
  }

  @Test
  void allMetadataBringsOtherPlatformsWithoutTheirLayers() {
    // Given
    Descriptor amd = registry.image(AMD, "amd layer");
    Descriptor arm = registry.image(ARM, "arm layer");
    registry.name(NAME, registry.index(amd, arm));

    // When
    transfer(from(NAME), store("one").addPlatforms(amd()).build());

    // Then
    assertEquals(false, blobs().containsAll(digests(arm)));
    int alone = blobs().size();

    // When
    transfer(from(NAME), store("all").addPlatforms(amd()).setAllMetadata(true).build());

    // Then
    assertEquals(true, blobs().containsAll(digests(arm, registry.layer("amd layer"))));
    assertEquals(false, blobs().containsAll(digests(registry.layer("arm layer"))));
    assertEquals(alone + 2, blobs().size(), "the manifest and its configuration");

    // When
    wire.collect();

    // Then
    assertEquals(alone + 2, blobs().size(), "the index holds them");
  }

  @Test
  void aManifestLimitTakesThoseOfThePlatformsFirst() {
    // Given
    Descriptor s390x = registry.image(S390X, "s390x layer");
    Descriptor amd = registry.image(AMD, "amd layer");
    Descriptor arm = registry.image(ARM, "arm layer");
    registry.name(NAME, registry.index(s390x, amd, arm));

    // When
    transfer(
        from(NAME),
        store("i").addPlatforms(amd()).setAllMetadata(true).setManifestLimit(2).build());

    // Then
    assertEquals(true, blobs().containsAll(digests(amd, registry.layer("amd layer"))));
    assertEquals(true, blobs().containsAll(digests(s390x)));
    assertEquals(false, blobs().containsAll(digests(arm)));
    assertEquals(false, blobs().containsAll(digests(registry.layer("s390x layer"))));
  }

  @Test
  void aManifestLimitBoundsAlsoWhatIsWantedWhole() {
    // Given
    Descriptor amd = registry.image(AMD, "amd layer");
    Descriptor arm = registry.image(ARM, "arm layer");
    registry.name(NAME, registry.index(amd, arm));

    // When
    transfer(from(NAME), store("i").setManifestLimit(1).build());

    // Then
    assertEquals(true, blobs().containsAll(digests(amd)));
    assertEquals(false, blobs().containsAll(digests(arm)));
  }

  @Test
  void whatTheRegistrySaysReachesTheClientAndNothingStays() {
    // Given
    registry.name(NAME, registry.image(AMD, "one"));
    registry.fault((_, _, _) -> {
      throw new UnauthenticatedException("r.example: 401");
    });

    // Then
    refused(Code.UNAUTHENTICATED, "r.example: 401", () -> transfer(from(NAME), store("i").build()));
    refused(
        Code.NOT_FOUND,
        "r.example/other:v1: not found",
        () -> transfer(from("r.example/other:v1"), store("i").build()));
    refused(Code.INVALID_ARGUMENT, () -> transfer(from("UPPER case"), store("i").build()));
    refused(
        Code.INVALID_ARGUMENT,
        "default scheme \"ftp\" is neither http nor https",
        () ->
            transfer(
                from(NAME).toBuilder()
                    .setResolver(RegistryResolver.newBuilder().setDefaultScheme("ftp"))
                    .build(),
                store("i").build()));
    assertEquals(List.of(), images());
    assertEquals(List.of(), wire.stores().leases().list());
    assertEquals(Set.of(), blobs());
  }

  @Test
  void tagsPointToTheSameImage() {
    // Given
    registry.name(NAME, registry.image(AMD, "one"));
    transfer(from(NAME), store("first").build());

    // When
    transfer(store("first").build(), store("second").putLabels("k", "v").build());
    transfer(store("first").build(), store("second").build());

    // Then
    assertEquals(List.of("first", "second"), images());
    assertEquals(
        wire.stores().images().get("first").target(),
        wire.stores().images().get("second").target());
    refused(
        Code.NOT_FOUND,
        "image \"nobody\": not found",
        () -> transfer(store("nobody").build(), store("x").build()));
    refused(
        Code.INVALID_ARGUMENT,
        "destination image name must not be empty",
        () -> transfer(store("first").build(), store("").build()));
  }

  @Test
  void whatCannotBeTransferredIsNamed() {
    refused(
        Code.UNIMPLEMENTED,
        "unable to transfer from containerd.types.transfer.OCIRegistry to"
            + " containerd.types.transfer.OCIRegistry: not implemented",
        () -> transfer(from(NAME), from(NAME)));
    refused(Code.UNIMPLEMENTED, () -> transfers.transfer(TransferRequest.getDefaultInstance()));
    refused(
        Code.INVALID_ARGUMENT,
        () ->
            transfers.transfer(
                TransferRequest.newBuilder()
                    .setSource(
                        any(from(NAME)).toBuilder()
                            .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff})))
                    .setDestination(any(store("i").build()))
                    .build()));
    refused(
        Code.UNIMPLEMENTED,
        () ->
            transfer(
                ImageStore.newBuilder()
                    .addExtraReferences(ImageReference.newBuilder().setName("p").setIsPrefix(true))
                    .build(),
                ImageExportStream.newBuilder().setStream("s").build()));
  }

  @Test
  void streamsThatNobodyOpenedAreNotWaitedFor() {
    registry.name(NAME, registry.image(AMD, "one"));
    refused(
        Code.NOT_FOUND,
        () ->
            transfers.transfer(
                TransferRequest.newBuilder()
                    .setSource(any(from(NAME)))
                    .setDestination(any(store("i").build()))
                    .setOptions(TransferOptions.newBuilder().setProgressStream("nowhere"))
                    .build()));
    refused(
        Code.NOT_FOUND,
        () ->
            transfer(
                from(NAME).toBuilder()
                    .setResolver(RegistryResolver.newBuilder().setAuthStream("nowhere"))
                    .build(),
                store("i").build()));
    assertEquals(List.of(), images());
  }
}
