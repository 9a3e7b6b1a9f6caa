package dev.carafe.plugin.processors;

import dev.carafe.plugin.processors.ProgramsConfig.Processor;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.testkit.diffs.LayerProcessorConformance;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class ProgramConformanceTest extends LayerProcessorConformance {
  @Override
  protected LayerProcessor open(Path directory) {
    return new ProgramProcessor(
        new ProgramsConfig(
            Map.of(
                "upper",
                new Processor(List.of("lower"), "upper", "tr", List.of("a-z", "A-Z"), List.of()))));
  }

  @Override
  protected Sample sample() {
    String text = "a layer ".repeat(1000);
    return new Sample(
        "lower",
        Map.of(),
        text.getBytes(StandardCharsets.UTF_8),
        text.toUpperCase(java.util.Locale.ROOT).getBytes(StandardCharsets.UTF_8));
  }
}
