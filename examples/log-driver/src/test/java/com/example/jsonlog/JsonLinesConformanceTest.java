package com.example.jsonlog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.testkit.TestContext;
import dev.carafe.testkit.logs.LogDriverConformance;
import dev.carafe.testkit.logs.LogDriverHarness;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

class JsonLinesConformanceTest extends LogDriverConformance {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Override
  protected LogDriverHarness harness() {
    return new LogDriverHarness() {
      @Override
      public LogDriver open(Path root) {
        return TestContext.open(new JsonLinesFactory(), root);
      }

      @Override
      public List<LogLine> arrived(Path root, LoggedContainer container) throws IOException {
        List<LogLine> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(root)) {
          for (Path file :
              files.filter(path -> path.toString().endsWith("_" + container.id() + ".jsonl")).toList()) {
            for (String line : Files.readAllLines(file)) {
              lines.add(line(JSON.readTree(line)));
            }
          }
        }
        return lines;
      }
    };
  }

  private static LogLine line(JsonNode json) throws IOException {
    return new LogLine(
        Instant.parse(json.get("time").asText()),
        json.get("stream").asText().equals("stderr"),
        json.path("partial").asBoolean(),
        json.has("base64")
            ? json.get("base64").binaryValue()
            : json.get("text").asText().getBytes(StandardCharsets.UTF_8));
  }
}
