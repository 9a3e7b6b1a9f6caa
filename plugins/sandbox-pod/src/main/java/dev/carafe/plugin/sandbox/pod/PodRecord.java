package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.IdMapping;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.sandboxes.SandboxExit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a sandbox, as it lies in {@code sandbox.json}.
 *
 * @param namespaces that the pod has to itself and that are pinned once it is started
 * @param networkNamespace the caller's, or empty
 * @param ids mapping of the user namespace, if the pod has one
 * @param exit null until it is stopped
 */
record PodRecord(
    boolean started,
    String hostname,
    Set<PodNamespace> namespaces,
    String networkNamespace,
    @Nullable IdMapping ids,
    Instant createdAt,
    @Nullable SandboxExit exit) {
  private static final int MAX_BYTES = 64 << 10;

  PodRecord {
    namespaces = namespaces.isEmpty() ? Set.of() : Set.copyOf(namespaces);
  }

  PodRecord asStarted() {
    return new PodRecord(true, hostname, namespaces, networkNamespace, ids, createdAt, null);
  }

  PodRecord ended(SandboxExit how) {
    return new PodRecord(started, hostname, namespaces, networkNamespace, ids, createdAt, how);
  }

  void write(Path file) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("started", started);
    json.put("hostname", hostname);
    json.put("namespaces", namespaces.stream().map(PodNamespace::file).sorted().toList());
    json.put("network_namespace", networkNamespace);
    if (ids != null) {
      json.put("uid_map", ids.uidText());
      json.put("gid_map", ids.gidText());
    }
    json.put("created_at", createdAt.toString());
    if (exit != null) {
      json.put("exit_code", exit.code());
      json.put("exited_at", exit.exitedAt().toString());
    }
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.write(next, Json.bytes(json));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  static PodRecord read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new DataLossException(file + ": larger than " + MAX_BYTES + " bytes");
    }
    JsonObject json = Json.object(file.toString(), Files.readAllBytes(file));
    Set<PodNamespace> namespaces = EnumSet.noneOf(PodNamespace.class);
    json.texts("namespaces").forEach(name -> namespaces.add(PodNamespace.of(name)));
    try {
      String exitedAt = json.text("exited_at");
      return new PodRecord(
          json.flag("started"),
          json.text("hostname"),
          namespaces,
          json.text("network_namespace"),
          json.has("uid_map") ? IdMapping.parse(json.text("uid_map"), json.text("gid_map")) : null,
          Instant.parse(json.text("created_at")),
          exitedAt.isEmpty()
              ? null
              : new SandboxExit((int) json.number("exit_code", 0), Instant.parse(exitedAt)));
    } catch (DateTimeException | IllegalArgumentException e) {
      throw new DataLossException(file + ": " + e.getMessage(), e);
    }
  }
}
