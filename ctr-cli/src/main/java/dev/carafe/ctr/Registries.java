package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.types.transfer.AuthRequest;
import dev.carafe.api.types.transfer.AuthResponse;
import dev.carafe.api.types.transfer.AuthType;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.RegistryResolver;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import java.io.Console;
import org.jspecify.annotations.Nullable;

/** Where an image is, reached as the flags say. */
final class Registries {
  private Registries() {}

  static Any source(TransferCall transfer, ImageLocation image, Arguments arguments) {
    RegistryResolver.Builder resolver =
        RegistryResolver.newBuilder().setHostDir(arguments.value("hosts-dir", ""));
    if (arguments.has("plain-http")) {
      resolver.setDefaultScheme("http");
    }
    String user = arguments.valueOrNull("user");
    if (user != null) {
      AuthResponse credentials = credentials(user);
      TransferCall.Stream auth =
          transfer.stream(
              "auth",
              (call, request) -> {
                boolean own = isRegistryOf(image, request);
                AuthResponse answer = own ? credentials : AuthResponse.getDefaultInstance();
                call.send(TransferCall.any("AuthResponse", answer));
              });
      resolver.setAuthStream(auth.id());
    }
    return TransferCall.any(
        "OCIRegistry",
        OCIRegistry.newBuilder().setReference(image.toString()).setResolver(resolver).build());
  }

  /** Whether credentials are asked for by the image's own registry, and not by a mirror. */
  private static boolean isRegistryOf(ImageLocation location, Any request) {
    if (!(location instanceof ImageName image)) {
      return false;
    }
    try {
      String host = AuthRequest.parseFrom(request.getValue()).getHost();
      return host.equals(image.host())
          || (image.host().equals("docker.io") && host.equals("registry-1.docker.io"));
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private static AuthResponse credentials(String user) {
    int colon = user.indexOf(':');
    String secret = colon < 0 ? password(System.console()) : user.substring(colon + 1);
    return AuthResponse.newBuilder()
        .setAuthType(AuthType.CREDENTIALS)
        .setUsername(colon < 0 ? user : user.substring(0, colon))
        .setSecret(secret)
        .build();
  }

  private static String password(@Nullable Console console) {
    char[] typed = console == null ? null : console.readPassword("Password: ");
    if (typed == null) {
      throw new UsageException("--user USER:PASSWORD, or a terminal to ask on");
    }
    return new String(typed);
  }
}
