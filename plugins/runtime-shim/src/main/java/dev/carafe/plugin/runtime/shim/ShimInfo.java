package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.types.RuntimeInfo;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a shim says about itself: {@code -info} since containerd 2.0, else {@code -v}. */
final class ShimInfo {
  private static final Pattern VERSION = Pattern.compile("(?im)^\\s*version:\\s*(\\S+)");

  private ShimInfo() {}

  static TaskRuntime.RuntimeInfo ask(
      ShimProgram programs,
      Path program,
      String runtime,
      @Nullable Any options,
      ShimRuntimeConfig config)
      throws InterruptedException {
    byte[] input = options == null ? new byte[0] : options.toByteArray();
    try {
      byte[] answer = programs.ask(program, List.of("-info"), input, config.startTimeout());
      RuntimeInfo info = RuntimeInfo.parseFrom(answer);
      if (!info.getName().isEmpty()) {
        return new TaskRuntime.RuntimeInfo(
            info.getName(),
            info.getVersion().getVersion(),
            info.getFeatures().getValue().toByteArray(),
            info.getAnnotationsMap());
      }
    } catch (UnknownException | InvalidProtocolBufferException _) {
      // It is older.
    }
    return new TaskRuntime.RuntimeInfo(
        runtime, version(programs, program, config), new byte[0], Map.of());
  }

  private static String version(ShimProgram programs, Path program, ShimRuntimeConfig config)
      throws InterruptedException {
    try {
      byte[] answer = programs.ask(program, List.of("-v"), new byte[0], config.startTimeout());
      Matcher matcher = VERSION.matcher(new String(answer, StandardCharsets.UTF_8));
      return matcher.find() ? matcher.group(1) : "";
    } catch (UnknownException _) {
      return "";
    }
  }
}
