package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class MapdbFactoryTest {
  private record Context(Path root) implements PluginContext {
    @Override
    public Path state() {
      return root;
    }

    @Override
    public <T> T require(PluginType<T> type) {
      throw new AssertionError("requires nothing");
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      throw new AssertionError("requires nothing");
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }

  @Test
  void opensADatabaseInItsRoot(WorkDirectory work) throws Exception {
    var factory = new MapdbFactory();
    var declaration = factory.declaration();
    Path root = MapdbFactory.directory(work.path());
    assertEquals(declaration.uri(), root.getFileName().toString());
    assertTrue(declaration.essential());
    try (MetadataDatabase database = factory.create(new Context(root), declaration.defaults())) {
      database.write(tx -> tx.root().put("k", new byte[1]));
    }
    assertTrue(DatabaseTool.check(root, System.out));
  }

  @Test
  void isListedForThePluginLoader() throws IOException {
    var names = new StringBuilder();
    for (URL index :
        Collections.list(getClass().getClassLoader().getResources("META-INF/extensions.idx"))) {
      try (var in = index.openStream()) {
        names.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    assertTrue(names.toString().contains(MapdbFactory.class.getName()), names::toString);
  }
}
