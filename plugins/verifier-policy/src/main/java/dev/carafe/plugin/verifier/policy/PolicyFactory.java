package dev.carafe.plugin.verifier.policy;

import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image verifier {@code policy}. Signatures beside an image come from its source. */
@CarafePlugin
public final class PolicyFactory implements PluginFactory<ImageVerifier, PolicyConfig> {
  private static final String REGISTRY = "registry";

  @Override
  public PluginDeclaration<ImageVerifier, PolicyConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_VERIFIER,
        "policy",
        List.of(),
        List.of(PluginTypes.IMAGE_SOURCE),
        false,
        PolicyConfig.DEFAULT);
  }

  @Override
  public ImageVerifier create(PluginContext context, PolicyConfig config) {
    return new PolicyVerifier(
        config,
        context.wanted(PluginTypes.IMAGE_SOURCE).get(REGISTRY),
        new KeptSignatures(context.root().resolve("signatures")));
  }
}
