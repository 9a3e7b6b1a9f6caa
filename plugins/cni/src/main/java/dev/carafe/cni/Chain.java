package dev.carafe.cni;

import dev.carafe.cni.PluginException.Kind;
import dev.carafe.cni.PluginRunner.Request;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FilesystemStat;
import dev.carafe.linux.RawPath;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs all plugins of a network for one verb; the first that fails ends it. */
final class Chain {
  /** For questions that need no work. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final PluginRunner runner;
  private final Duration atMost;

  Chain(PluginRunner runner, Duration atMost) {
    this.runner = runner;
    this.atMost = atMost;
  }

  /** ADD: each plugin gets the result of the one before; returns the last one's. */
  Map<String, Object> add(Attachment attachment) throws PluginException {
    Network network = attachment.network();
    Map<String, Object> result = Map.of();
    for (Network.Plugin plugin : network.plugins()) {
      Map<String, Object> previous = network.version().atLeast(Version.V0_3_0) ? result : Map.of();
      Request request = request("ADD", attachment, plugin, previous, atMost);
      byte[] output = runner.run(request);
      try {
        Map<String, Object> members = Json.object("result", output).members();
        result = inVersion(members, network.version());
        ResultReader.Reading _ = ResultReader.read(result, attachment.ifName());
      } catch (InvalidArgumentException e) {
        throw new PluginException(
            Kind.NONSENSE, 0, request.what() + ": its answer is no result: " + e.getMessage());
      }
    }
    return result;
  }

  /** DEL, the last plugin first. A plugin that does not know the container has nothing to do. */
  void delete(Attachment attachment) throws PluginException {
    Network network = attachment.network();
    Map<String, Object> previous =
        network.version().atLeast(Version.V0_4_0) ? attachment.result() : Map.of();
    for (Network.Plugin plugin : network.plugins().reversed()) {
      try {
        runner.run(request("DEL", attachment, plugin, previous, atMost));
      } catch (PluginException e) {
        if (e.code() != PluginException.UNKNOWN_CONTAINER) {
          throw e;
        }
      }
    }
  }

  /** CHECK; nothing before 0.4.0, or where the configuration forbids it. */
  void check(Attachment attachment) throws PluginException {
    Network network = attachment.network();
    if (!network.version().atLeast(Version.V0_4_0) || network.disableCheck()) {
      return;
    }
    for (Network.Plugin plugin : network.plugins()) {
      runner.run(request("CHECK", attachment, plugin, attachment.result(), atMost));
    }
  }

  /** STATUS; nothing before 1.1.0. */
  void status(Network network) throws PluginException {
    if (!network.version().atLeast(Version.V1_1_0)) {
      return;
    }
    for (Network.Plugin plugin : network.plugins()) {
      Map<String, Object> config = config(network, plugin);
      runner.run(
          new Request(network.name(), plugin.type(), "STATUS", Map.of(), config, answerIn()));
    }
  }

  /**
   * GC; nothing before 1.1.0, or where the configuration forbids it. Runs all plugins, whichever
   * fails.
   *
   * @param valid container ids and interfaces of all attachments to keep
   */
  void collect(Network network, List<Map<String, Object>> valid) throws PluginException {
    if (!network.version().atLeast(Version.V1_1_0) || network.disableGc()) {
      return;
    }
    PluginException failure = null;
    for (Network.Plugin plugin : network.plugins()) {
      Map<String, Object> config = config(network, plugin);
      config.put("cni.dev/valid-attachments", valid);
      config.put("cni.dev/attachments", valid);
      try {
        runner.run(new Request(network.name(), plugin.type(), "GC", Map.of(), config, atMost));
      } catch (PluginException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** VERSION: what a plugin says that it speaks. */
  List<String> versions(Network network, Network.Plugin plugin) throws PluginException {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("cniVersion", Version.V1_1_0.toString());
    Request request =
        new Request(network.name(), plugin.type(), "VERSION", Map.of(), config, answerIn());
    byte[] output = runner.run(request);
    try {
      JsonObject json = Json.object("versions", output);
      return json.has("supportedVersions")
          ? json.texts("supportedVersions")
          : List.of(json.text("cniVersion"));
    } catch (InvalidArgumentException e) {
      throw new PluginException(
          Kind.NONSENSE, 0, request.what() + ": its answer is none: " + e.getMessage());
    }
  }

  Path program(Network network, Network.Plugin plugin) throws PluginException {
    return runner.find(network.name(), plugin.type());
  }

  private Duration answerIn() {
    return atMost.compareTo(ANSWER) < 0 ? atMost : ANSWER;
  }

  private static Request request(
      String verb,
      Attachment attachment,
      Network.Plugin plugin,
      Map<String, Object> previous,
      Duration atMost) {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("CNI_CONTAINERID", attachment.containerId());
    parameters.put("CNI_NETNS", verb.equals("DEL") ? netnsIfThere(attachment) : attachment.netns());
    parameters.put("CNI_IFNAME", attachment.ifName());
    parameters.put("CNI_ARGS", attachment.arguments());
    Map<String, Object> config = config(attachment.network(), plugin);
    Map<String, Object> wanted = new LinkedHashMap<>(attachment.runtimeConfig());
    wanted.keySet().retainAll(plugin.capabilities());
    if (!wanted.isEmpty()) {
      config.put("runtimeConfig", wanted);
    }
    if (!previous.isEmpty()) {
      config.put("prevResult", previous);
    }
    return new Request(
        attachment.network().name(), plugin.type(), verb, parameters, config, atMost);
  }

  private static Map<String, Object> config(Network network, Network.Plugin plugin) {
    Map<String, Object> config = new LinkedHashMap<>(plugin.config());
    config.keySet().removeAll(List.of("cniVersions", "runtimeConfig", "prevResult"));
    config.put("cniVersion", network.version().toString());
    config.put("name", network.name());
    return config;
  }

  /** Empty where no namespace is: a plugin that is told of none frees what is outside of it. */
  private static String netnsIfThere(Attachment attachment) {
    return isNamespace(attachment.netns()) ? attachment.netns() : "";
  }

  static boolean isNamespace(String path) {
    try {
      return !path.isEmpty() && FileCalls.statfs(RawPath.of(path)).type() == FilesystemStat.NSFS;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** A result in the version of the network, whose plugins refuse others. */
  private static Map<String, Object> inVersion(Map<String, Object> result, Version version) {
    Map<String, Object> members = new LinkedHashMap<>(result);
    members.put("cniVersion", version.toString());
    boolean ipsHaveVersions = version.atLeast(Version.V0_3_0) && !version.atLeast(Version.V1_0_0);
    if (ipsHaveVersions && members.containsKey("ips")) {
      List<Map<String, Object>> ips = new ArrayList<>();
      for (JsonObject ip : new JsonObject("result", members).objects("ips")) {
        Map<String, Object> copy = new LinkedHashMap<>(ip.members());
        copy.put("version", ip.text("address").indexOf(':') >= 0 ? "6" : "4");
        ips.add(copy);
      }
      members.put("ips", ips);
    }
    return members;
  }
}
