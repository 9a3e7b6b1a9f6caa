package dev.carafe.plugin.runtime.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;

/** A request to create a task, handed to another process. */
final class RequestFile {
  private RequestFile() {}

  static void write(Path file, CreateTask request) throws IOException {
    ObjectNode json = StateCodec.JSON.createObjectNode();
    json.put("id", request.location().id());
    json.put("bundle", request.location().bundle().toString());
    json.put("spec", Base64.getEncoder().encodeToString(request.spec()));
    json.put("stdin", request.stdio().stdin());
    json.put("stdout", request.stdio().stdout());
    json.put("stderr", request.stdio().stderr());
    Mount rootfs = request.rootfs().getFirst();
    json.put("type", rootfs.type());
    json.put("source", rootfs.source());
    var options = json.putArray("options");
    rootfs.options().forEach(options::add);
    Files.write(file, StateCodec.bytes(json));
  }

  static CreateTask read(Path file) throws IOException {
    JsonNode json = StateCodec.JSON.readTree(file.toFile());
    var options = new ArrayList<String>();
    json.path("options").forEach(option -> options.add(option.asText()));
    return new CreateTask(
        new TaskLocation(
            RuntimeSandbox.NAMESPACE,
            json.path("id").asText(),
            Path.of(json.path("bundle").asText())),
        Base64.getDecoder().decode(json.path("spec").asText()),
        java.util.List.of(
            new Mount(json.path("type").asText(), json.path("source").asText(), options)),
        new Stdio(
            json.path("stdin").asText(),
            json.path("stdout").asText(),
            json.path("stderr").asText(),
            false),
        RuntimeOptions.NONE,
        null);
  }
}
