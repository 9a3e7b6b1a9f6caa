package dev.carafe.testkit.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.plugins.SpiVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Checks of one plugin and what came of each.
 *
 * @param plugin {@code TYPE.ID}, or the class of a suite
 * @param declined behaviours that the plugin declines; their refusal was checked
 */
public record Report(String plugin, List<String> declined, List<Outcome> outcomes) {
  public Report {
    declined = List.copyOf(declined);
    outcomes = List.copyOf(outcomes);
  }

  /** How many checks ended so. */
  public long count(Outcome.Result result) {
    return outcomes.stream().filter(outcome -> outcome.result() == result).count();
  }

  /** One line that counts. */
  public String summary() {
    return "%d passed, %d failed, %d skipped, %d declined"
        .formatted(
            count(Outcome.Result.PASSED),
            count(Outcome.Result.FAILED),
            count(Outcome.Result.SKIPPED),
            declined.size());
  }

  /** For people. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(plugin).append("\n\n");
    text.append("Checked by carafe-testkit ").append(SpiVersion.current());
    text.append(" against carafe-spi ").append(SpiVersion.current()).append(": ");
    text.append(summary()).append(".\n");
    if (!declined.isEmpty()) {
      text.append("\nDeclined: ").append(String.join(", ", declined)).append(".\n");
    }
    text.append("\n| check | claim | result |\n|---|---|---|\n");
    for (Outcome outcome : outcomes) {
      String result = outcome.result().name().toLowerCase(Locale.ROOT);
      String reason = outcome.reason().isEmpty() ? "" : ": " + outcome.reason();
      text.append(
          "| %s | %s | %s%s |\n"
              .formatted(outcome.id(), cell(outcome.claim()), result, cell(reason)));
    }
    return text.toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replaceAll("\\s+", " ");
  }

  /** For programs. */
  public String json() {
    ObjectNode root = JsonMapper.builder().build().createObjectNode();
    root.put("plugin", plugin);
    root.put("kit", SpiVersion.current().toString());
    root.put("spi", SpiVersion.current().toString());
    for (Outcome.Result result : Outcome.Result.values()) {
      root.put(result.name().toLowerCase(Locale.ROOT), count(result));
    }
    ArrayNode refused = root.putArray("declined");
    declined.forEach(refused::add);
    ArrayNode checks = root.putArray("checks");
    for (Outcome outcome : outcomes) {
      ObjectNode check = checks.addObject();
      check.put("id", outcome.id());
      check.put("claim", outcome.claim());
      check.put("result", outcome.result().name().toLowerCase(Locale.ROOT));
      if (!outcome.reason().isEmpty()) {
        check.put("reason", outcome.reason());
      }
    }
    return root.toPrettyString() + "\n";
  }

  /** Writes {@code NAME.md} and {@code NAME.json} into a directory. */
  public void write(Path directory) throws IOException {
    String name = plugin.replaceAll("[^A-Za-z0-9._-]", "_");
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(name + ".md"), markdown());
    Files.writeString(directory.resolve(name + ".json"), json());
  }
}
