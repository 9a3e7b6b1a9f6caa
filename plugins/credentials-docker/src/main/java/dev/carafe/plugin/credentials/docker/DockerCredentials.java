package dev.carafe.plugin.credentials.docker;

import dev.carafe.linux.HelperProgram;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.plugins.Reloadable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The search: in each file the helper for the host, then the file's own entries. A file or helper
 * that does not work is passed over where another one has an answer. Keeps nothing.
 */
final class DockerCredentials
    implements CredentialProvider, Reloadable<DockerCredentialsConfig>, AutoCloseable {
  private final HelperProgram programs = new HelperProgram();
  private volatile DockerCredentialsConfig config;

  DockerCredentials(DockerCredentialsConfig config) {
    this.config = config;
  }

  @Override
  public Optional<Credentials> find(Query query) {
    DockerCredentialsConfig current = config;
    ServerName asked = ServerName.of(query.host());
    UnavailableException failure = null;
    for (Path path : current.configFiles()) {
      try {
        Optional<DockerConfigFile> file = DockerConfigFile.read(path);
        if (file.isPresent()) {
          Optional<Credentials> found = find(current, file.get(), asked, query);
          if (found.isPresent()) {
            return found;
          }
        }
      } catch (UnavailableException e) {
        failure = chain(failure, e);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return Optional.empty();
  }

  private Optional<Credentials> find(
      DockerCredentialsConfig current, DockerConfigFile file, ServerName asked, Query query) {
    UnavailableException failure = null;
    Optional<DockerConfigFile.Helper> helper = file.helper(asked);
    if (helper.isPresent()) {
      try {
        Optional<Credentials> found = helper(current).get(helper.get());
        if (found.isPresent()) {
          return found;
        }
      } catch (UnavailableException e) {
        failure = e;
      }
    }
    Optional<Credentials> inline = file.inline(asked, query.image().repository());
    if (inline.isEmpty() && failure != null) {
      throw failure;
    }
    return inline;
  }

  private CredentialHelper helper(DockerCredentialsConfig current) {
    return new CredentialHelper(
        programs,
        current.helperDirs().isEmpty() ? ofPath() : current.helperDirs(),
        current.helperTimeout());
  }

  private static List<Path> ofPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .filter(directory -> directory.startsWith("/"))
        .map(Path::of)
        .toList();
  }

  private static UnavailableException chain(
      @Nullable UnavailableException first, UnavailableException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  @Override
  public void reload(DockerCredentialsConfig next) {
    config = next;
  }

  @Override
  public void close() {
    programs.close();
  }
}
