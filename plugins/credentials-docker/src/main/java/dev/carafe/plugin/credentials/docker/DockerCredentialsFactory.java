package dev.carafe.plugin.credentials.docker;

import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the credential provider {@code docker-config}. Reads nothing before the first question. */
@CarafePlugin
public final class DockerCredentialsFactory
    implements PluginFactory<CredentialProvider, DockerCredentialsConfig> {
  @Override
  public PluginDeclaration<CredentialProvider, DockerCredentialsConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.CREDENTIAL_PROVIDER,
        "docker-config",
        List.of(),
        false,
        DockerCredentialsConfig.DEFAULT);
  }

  @Override
  public CredentialProvider create(PluginContext context, DockerCredentialsConfig config) {
    return new DockerCredentials(config);
  }
}
