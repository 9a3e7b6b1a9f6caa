package dev.carafe.cni;

import dev.carafe.cni.PluginException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the newest version that a network allows and all of its plugins speak. A program is asked
 * once, and again when it has changed. One that gives no answer is spoken to as configured.
 */
final class Negotiation {
  private static final Logger log = LoggerFactory.getLogger(Negotiation.class);

  private final Chain chain;
  private final Map<Path, Answer> answers = new ConcurrentHashMap<>();

  /** What a program said, and which program it was; empty if it did not say anything. */
  private record Answer(FileTime changed, long size, Set<String> versions) {}

  Negotiation(Chain chain) {
    this.chain = chain;
  }

  /**
   * The network in the version that is to be spoken.
   *
   * @throws PluginException if a plugin is not there, or there is no such version
   */
  Network settle(Network network) throws PluginException {
    Set<Version> common = new HashSet<>(network.versions());
    for (Network.Plugin plugin : network.plugins()) {
      Set<String> spoken = spoken(network, plugin);
      if (spoken.isEmpty()) {
        continue;
      }
      common.removeIf(version -> !spoken.contains(version.toString()));
      if (common.isEmpty()) {
        throw new PluginException(
            Kind.NOT_RUN,
            0,
            "network \""
                + network.name()
                + "\": plugin \""
                + plugin.type()
                + "\" speaks CNI "
                + Text.shown(String.join(", ", spoken))
                + "; the configuration wants "
                + network.versions());
      }
    }
    return network.in(common.stream().max(Version::compareTo).orElseThrow());
  }

  private Set<String> spoken(Network network, Network.Plugin plugin) throws PluginException {
    Path program = chain.program(network, plugin);
    try {
      BasicFileAttributes facts = Files.readAttributes(program, BasicFileAttributes.class);
      Answer known = answers.get(program);
      if (known != null
          && known.changed().equals(facts.lastModifiedTime())
          && known.size() == facts.size()) {
        return known.versions();
      }
      Set<String> versions = ask(network, plugin);
      answers.put(program, new Answer(facts.lastModifiedTime(), facts.size(), versions));
      return versions;
    } catch (IOException e) {
      throw new PluginException(
          Kind.NOT_RUN, 0, "network \"" + network.name() + "\": " + program + ": " + e);
    }
  }

  private Set<String> ask(Network network, Network.Plugin plugin) throws PluginException {
    try {
      List<String> versions = chain.versions(network, plugin);
      return Set.copyOf(versions);
    } catch (PluginException e) {
      if (e.kind() == Kind.CANCELLED) {
        throw e;
      }
      log.info("{}; taken to speak as configured", e.getMessage());
      return Set.of();
    }
  }
}
