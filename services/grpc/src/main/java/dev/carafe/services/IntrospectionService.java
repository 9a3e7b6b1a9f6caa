package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc;
import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginInfoResponse;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.services.introspection.v1.PluginsResponse;
import dev.carafe.api.services.introspection.v1.ServerResponse;
import dev.carafe.api.types.RuntimeInfo;
import dev.carafe.api.types.RuntimeRequest;
import dev.carafe.api.types.RuntimeVersion;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** What this daemon is made of. Needs no namespace. */
public final class IntrospectionService extends IntrospectionGrpc.IntrospectionImplBase {
  private static final String FEATURES =
      "types.containerd.io/opencontainers/runtime-spec/1/features/Features";

  /** containerd's one runtime plugin, which clients ask about whatever runtime they mean. */
  private static final String TASK = "task";

  private final PluginListing listing;
  private final Supplier<RuntimeHandlers> runtimes;
  private final String uuid;

  /**
   * Makes the service.
   *
   * @param uuid of this daemon's root directory; the same over restarts
   */
  public IntrospectionService(
      PluginListing listing, Supplier<RuntimeHandlers> runtimes, String uuid) {
    this.listing = listing;
    this.runtimes = runtimes;
    this.uuid = uuid;
  }

  @Override
  public void plugins(PluginsRequest request, StreamObserver<PluginsResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          PluginsResponse.Builder response = PluginsResponse.newBuilder();
          for (PluginListing.Entry plugin : listing.plugins()) {
            if (filter.test(path -> field(plugin, path))) {
              response.addPlugins(proto(plugin));
            }
          }
          return response.build();
        });
  }

  private static @org.jspecify.annotations.Nullable String field(
      PluginListing.Entry plugin, List<String> path) {
    return switch (path.getFirst()) {
      case "type" -> plugin.type();
      case "id" -> plugin.id();
      case "platforms" -> Platforms.host().toString();
      case "capabilities" -> String.join(",", plugin.capabilities());
      default -> null;
    };
  }

  @Override
  public void server(Empty request, StreamObserver<ServerResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ServerResponse.newBuilder()
                .setUuid(uuid)
                .setPid(ProcessHandle.current().pid())
                .setPidns(
                    ((Number) Files.getAttribute(Path.of("/proc/self/ns/pid"), "unix:ino"))
                        .longValue())
                .build());
  }

  @Override
  public void pluginInfo(PluginInfoRequest request, StreamObserver<PluginInfoResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          PluginListing.Entry plugin = plugin(request.getType(), request.getId());
          PluginInfoResponse.Builder response =
              PluginInfoResponse.newBuilder().setPlugin(proto(plugin));
          if (request.hasOptions()
              && Anys.name(request.getOptions()).equals("containerd.types.RuntimeRequest")) {
            response.setExtra(
                runtimeInfo(Anys.unpack(request.getOptions(), RuntimeRequest.parser())));
          }
          return response.build();
        });
  }

  private PluginListing.Entry plugin(String type, String id) {
    List<PluginListing.Entry> ofType =
        listing.plugins().stream().filter(entry -> entry.type().equals(type)).toList();
    for (PluginListing.Entry entry : ofType) {
      if (entry.id().equals(id)) {
        return entry;
      }
    }
    if (type.equals(PluginTypes.TASK_RUNTIME.name()) && id.equals(TASK)) {
      for (PluginListing.Entry entry : ofType) {
        if (entry.error().isEmpty()) {
          return new PluginListing.Entry(
              type, TASK, entry.requires(), entry.capabilities(), entry.exports(), "");
        }
      }
    }
    throw new NotFoundException(
        "plugin " + (type + "." + id).replaceAll("\\p{Cntrl}", "?") + ": not found");
  }

  private Any runtimeInfo(RuntimeRequest request) {
    RuntimeOptions options =
        request.hasOptions()
            ? RuntimeOptionsProtos.decode(request.getOptions())
            : RuntimeOptions.NONE;
    RuntimeHandlers.Resolved handler = runtimes.get().resolve(request.getRuntimePath(), options);
    TaskRuntime.RuntimeInfo info = handler.runtime().info(handler.options());
    RuntimeInfo.Builder answer =
        RuntimeInfo.newBuilder()
            .setName(info.name())
            .setVersion(RuntimeVersion.newBuilder().setVersion(info.version()))
            .putAllAnnotations(info.annotations());
    if (request.hasOptions()) {
      answer.setOptions(request.getOptions());
    }
    if (info.featuresJson().length > 0) {
      answer.setFeatures(Anys.of(FEATURES, ByteString.copyFrom(info.featuresJson())));
    }
    return Anys.pack(answer.build());
  }

  private static Plugin proto(PluginListing.Entry plugin) {
    Plugin.Builder builder =
        Plugin.newBuilder()
            .setType(plugin.type())
            .setId(plugin.id())
            .addAllRequires(plugin.requires())
            .addAllCapabilities(plugin.capabilities())
            .putAllExports(plugin.exports())
            .addPlatforms(Protos.platform(Platforms.host()));
    if (!plugin.error().isEmpty()) {
      builder.setInitErr(
          Status.newBuilder().setCode(Code.UNKNOWN_VALUE).setMessage(plugin.error()));
    }
    return builder.build();
  }
}
