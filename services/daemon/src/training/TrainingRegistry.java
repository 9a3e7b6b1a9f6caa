import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * Serves one image made of gzip and zstd layers, so that a build can let the daemon pull and run something and keep what it loaded: {@code java
 * TrainingRegistry.java LAYER...}. Prints its port. Never shipped.
 */
final class TrainingRegistry {
  private static final Map<String, byte[]> BLOBS = new TreeMap<>();
  private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

  public static void main(String[] layers) throws Exception {
    StringBuilder diffIds = new StringBuilder();
    StringBuilder descriptors = new StringBuilder();
    for (String layer : layers) {
      boolean zstd = layer.endsWith(".zst");
      byte[] packed = Files.readAllBytes(Path.of(layer));
      diffIds.append(diffIds.isEmpty() ? "" : ",").append('"').append(digest(unpacked(layer, zstd))).append('"');
      String type = "application/vnd.oci.image.layer.v1.tar+" + (zstd ? "zstd" : "gzip");
      descriptors.append(',').append(descriptor(type, packed));
    }
    String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    byte[] config =
        ("{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"/bin/sh\"]},"
                + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}")
            .formatted(arch, diffIds)
            .getBytes(StandardCharsets.UTF_8);
    String manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                MANIFEST_TYPE,
                descriptor("application/vnd.oci.image.config.v1+json", config),
                descriptors.substring(1));
    byte[] manifestBytes = manifest.getBytes(StandardCharsets.UTF_8);
    BLOBS.put("latest", manifestBytes);
    BLOBS.put(digest(manifestBytes), manifestBytes);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v2/", TrainingRegistry::serve);
    server.start();
    System.out.println(server.getAddress().getPort());
  }

  /** The JDK has no Zstandard: the archive itself is expected beside the layer. */
  private static byte[] unpacked(String layer, boolean zstd) throws IOException {
    if (zstd) {
      return Files.readAllBytes(Path.of(layer.substring(0, layer.length() - ".zst".length())));
    }
    try (var in = new GZIPInputStream(Files.newInputStream(Path.of(layer)))) {
      return in.readAllBytes();
    }
  }

  private static String descriptor(String type, byte[] blob) throws Exception {
    BLOBS.put(digest(blob), blob);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}".formatted(type, digest(blob), blob.length);
  }

  private static String digest(byte[] bytes) throws Exception {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] blob = BLOBS.get(path.substring(path.lastIndexOf('/') + 1));
    try (exchange) {
      if (blob == null) {
        exchange.sendResponseHeaders(path.equals("/v2/") ? 200 : 404, -1);
        return;
      }
      exchange
          .getResponseHeaders()
          .set("Content-Type", path.contains("/manifests/") ? MANIFEST_TYPE : "application/octet-stream");
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(blob.length));
      exchange.sendResponseHeaders(200, head ? -1 : blob.length);
      if (!head) {
        exchange.getResponseBody().write(blob);
      }
    }
  }
}
