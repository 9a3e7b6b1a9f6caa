package dev.carafe.ctr;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import java.util.Map;

/** Sets labels, or removes those without a value; all others stay. Prints what there is then. */
final class LabelCommands {
  private final Session session;
  private final String name;
  private final Map<String, String> labels;

  LabelCommands(Session session) {
    this.session = session;
    this.name = session.arguments().operand(0);
    this.labels = Text.pairs(session.arguments().operandsFrom(1));
  }

  /** Each label by itself, or all of them at once. */
  private FieldMask mask() {
    if (session.arguments().has("replace-all")) {
      return FieldMask.newBuilder().addPaths("labels").build();
    }
    return FieldMask.newBuilder()
        .addAllPaths(labels.keySet().stream().map(key -> "labels." + key).toList())
        .build();
  }

  private int print(Map<String, String> now) {
    session.out().println(Text.labels(now));
    return 0;
  }

  int image() {
    Image image = ImageCommands.find(session, name);
    UpdateImageRequest request =
        UpdateImageRequest.newBuilder()
            .setImage(image.toBuilder().clearLabels().putAllLabels(labels))
            .setUpdateMask(mask())
            .build();
    return print(session.channel().unary(Api.Images.UPDATE, request).getImage().getLabelsMap());
  }

  int container() {
    UpdateContainerRequest request =
        UpdateContainerRequest.newBuilder()
            .setContainer(Container.newBuilder().setId(name).putAllLabels(labels))
            .setUpdateMask(mask())
            .build();
    return print(
        session.channel().unary(Api.Containers.UPDATE, request).getContainer().getLabelsMap());
  }

  int content() {
    return print(ContentCommands.label(session, name, labels));
  }

  int snapshot() {
    UpdateSnapshotRequest request =
        UpdateSnapshotRequest.newBuilder()
            .setSnapshotter(session.snapshotter())
            .setInfo(Info.newBuilder().setName(name).putAllLabels(labels))
            .setUpdateMask(mask())
            .build();
    return print(session.channel().unary(Api.Snapshots.UPDATE, request).getInfo().getLabelsMap());
  }
}
