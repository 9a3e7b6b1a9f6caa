package dev.carafe.cri;

import dev.carafe.oci.Device;
import dev.carafe.oci.HostDevices;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Devices by the container device interface (CDI): files on this machine say what a device needs in
 * a container's specification. They are the administrator's and are trusted; read anew for each
 * container that asks for one. JSON ({@code *.json}) or YAML ({@code *.yaml}, {@code *.yml}).
 *
 * @param directories the later ones win
 */
record CdiDevices(List<Path> directories) {
  private static final Logger log = LoggerFactory.getLogger(CdiDevices.class);
  private static final int MOST_FILES = 256;
  private static final int MOST_BYTES = 1 << 20;
  private static final Pattern NAME =
      Pattern.compile(
          "([A-Za-z0-9][A-Za-z0-9._-]{0,254}/[A-Za-z0-9][A-Za-z0-9._-]{0,254})"
              + "=([A-Za-z0-9][A-Za-z0-9._:-]{0,254})");
  private static final Set<String> HOOKS =
      Set.of(
          "prestart",
          "createRuntime",
          "createContainer",
          "startContainer",
          "poststart",
          "poststop");

  CdiDevices {
    directories = List.copyOf(directories);
  }

  /**
   * Adds devices to a specification in JSON.
   *
   * @param names for example {@code vendor.com/gpu=0}
   */
  byte[] apply(byte[] json, List<String> names) {
    if (names.isEmpty()) {
      return json;
    }
    SpecEdits spec = new SpecEdits(json);
    apply(spec, names);
    return spec.json();
  }

  private void apply(SpecEdits spec, List<String> names) {
    List<JsonObject> files = read();
    Set<JsonObject> used = new LinkedHashSet<>();
    for (String name : new LinkedHashSet<>(names)) {
      var parts = NAME.matcher(name);
      if (!parts.matches()) {
        throw new InvalidArgumentException(
            "CDI device \"" + name.replaceAll("\\p{Cntrl}", "?") + "\" is not VENDOR/CLASS=NAME");
      }
      boolean found = false;
      for (JsonObject file : files.reversed()) {
        if (!found && file.text("kind").equals(parts.group(1))) {
          for (JsonObject device : file.objects("devices")) {
            if (device.text("name").equals(parts.group(2))) {
              found = true;
              if (used.add(file)) {
                edit(spec, file.object("containerEdits"));
              }
              edit(spec, device.object("containerEdits"));
            }
          }
        }
      }
      if (!found) {
        throw new NotFoundException("CDI device \"" + name + "\": not found");
      }
    }
  }

  private List<JsonObject> read() {
    List<JsonObject> specifications = new ArrayList<>();
    for (Path directory : directories) {
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.{json,yaml,yml}")) {
        found.forEach(files::add);
      } catch (IOException e) {
        continue;
      }
      files.stream().sorted().limit(MOST_FILES).forEach(file -> read(file, specifications));
    }
    return specifications;
  }

  /** A file that cannot be read hides no other. */
  private static void read(Path file, List<JsonObject> specifications) {
    if (!Files.isRegularFile(file)) {
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        log.warn("{}: larger than 1 MiB, left out", file);
        return;
      }
      String name = file.toString();
      JsonObject read =
          name.endsWith(".json") ? Json.object(name, bytes) : Yaml.object(name, bytes);
      read.text("kind");
      read.objects("devices").forEach(device -> device.text("name"));
      specifications.add(read);
    } catch (IOException | InvalidArgumentException e) {
      log.warn("{}: left out: {}", file, e.getMessage());
    }
  }

  private static void edit(SpecEdits spec, JsonObject edits) {
    edits.texts("env").forEach(spec::env);
    edits.objects("deviceNodes").forEach(node -> device(spec, node));
    for (JsonObject mount : edits.objects("mounts")) {
      List<String> options = mount.texts("options");
      String type = mount.text("type");
      spec.mount(
          mount.text("containerPath"),
          type.isEmpty() ? "bind" : type,
          mount.text("hostPath"),
          options.isEmpty() ? List.of("rbind", "nosuid", "nodev") : options);
    }
    edits.objects("hooks").forEach(hook -> hook(spec, hook));
    if (edits.members().get("additionalGids") instanceof List<?> gids) {
      gids.forEach(gid -> {
        if (gid instanceof Long number && number > 0 && number <= Integer.MAX_VALUE) {
          spec.additionalGid(number);
        }
      });
    }
  }

  private static void device(SpecEdits spec, JsonObject node) {
    String path = node.text("path");
    if (!path.startsWith("/")) {
      throw new InvalidArgumentException(node.path() + ".path is not absolute");
    }
    String host = node.text("hostPath").isEmpty() ? path : node.text("hostPath");
    String access = node.text("permissions").isEmpty() ? "rwm" : node.text("permissions");
    Device device;
    if (node.has("major") && !node.text("type").isEmpty()) {
      device =
          new Device(
              path,
              node.text("type"),
              node.number("major", 0),
              node.number("minor", 0),
              (int) node.number("fileMode", 0666),
              node.number("uid", 0),
              node.number("gid", 0));
    } else {
      device = onHost(host, path, node);
    }
    spec.device(device, access);
  }

  private static Device onHost(String host, String path, JsonObject node) {
    try {
      Device found =
          HostDevices.at(Path.of(host))
              .orElseThrow(() -> new InvalidArgumentException("\"" + host + "\" is no device"));
      return new Device(
          path,
          found.type(),
          found.major(),
          found.minor(),
          (int) node.number("fileMode", found.mode()),
          node.number("uid", found.uid()),
          node.number("gid", found.gid()));
    } catch (IOException e) {
      throw new InvalidArgumentException(node.path() + ": " + e.getMessage(), e);
    }
  }

  private static void hook(SpecEdits spec, JsonObject hook) {
    String name = hook.text("hookName");
    if (!HOOKS.contains(name) || !hook.text("path").startsWith("/")) {
      throw new InvalidArgumentException(hook.path() + ": not a hook with an absolute path");
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("path", hook.text("path"));
    entry.put("args", hook.texts("args"));
    entry.put("env", hook.texts("env"));
    if (hook.has("timeout")) {
      entry.put("timeout", hook.number("timeout", 0));
    }
    spec.hook(name, entry);
  }
}
