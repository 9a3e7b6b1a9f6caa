package dev.carafe.ctr;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.DeleteNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesRequest;
import dev.carafe.api.services.namespaces.v1.Namespace;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceRequest;
import java.util.List;
import java.util.Map;

/** Namespaces. */
final class NamespaceCommands {
  private final Session session;

  NamespaceCommands(Session session) {
    this.session = session;
  }

  int list() {
    List<Namespace> namespaces =
        session
            .channel()
            .unary(Api.Namespaces.LIST, ListNamespacesRequest.getDefaultInstance())
            .getNamespacesList();
    Table table = new Table("NAME", "LABELS");
    for (Namespace namespace : namespaces) {
      table.row(
          Text.object("name", namespace.getName(), "labels", namespace.getLabelsMap()),
          namespace.getName(),
          Text.labels(namespace.getLabelsMap()));
    }
    table.print(session);
    return 0;
  }

  int create() {
    Namespace namespace =
        Namespace.newBuilder()
            .setName(session.arguments().operand(0))
            .putAllLabels(labels())
            .build();
    session
        .channel()
        .unary(
            Api.Namespaces.CREATE,
            CreateNamespaceRequest.newBuilder().setNamespace(namespace).build());
    return 0;
  }

  int label() {
    Map<String, String> labels = labels();
    session
        .channel()
        .unary(
            Api.Namespaces.UPDATE,
            UpdateNamespaceRequest.newBuilder()
                .setNamespace(
                    Namespace.newBuilder()
                        .setName(session.arguments().operand(0))
                        .putAllLabels(labels))
                .setUpdateMask(
                    FieldMask.newBuilder()
                        .addAllPaths(labels.keySet().stream().map(key -> "labels." + key).toList()))
                .build());
    return 0;
  }

  private Map<String, String> labels() {
    return Text.pairs(session.arguments().operandsFrom(1));
  }

  int remove() {
    for (String name : session.arguments().operands()) {
      session
          .channel()
          .unary(Api.Namespaces.DELETE, DeleteNamespaceRequest.newBuilder().setName(name).build());
    }
    return 0;
  }
}
