package dev.carafe.services.debug;

import dev.carafe.graph.SvgGraph;
import dev.carafe.services.loopback.Answer;
import dev.carafe.services.loopback.Request;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Who may ask, and for what. The name that a browser believes to speak to must be this machine's,
 * else a page from elsewhere could read on under a name that it points here (DNS rebinding); pages
 * of other origins get nothing.
 */
final class Routes {
  private static final Pattern HERE =
      Pattern.compile(
          "(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1\\])(?::[0-9]{1,5})?",
          Pattern.CASE_INSENSITIVE);

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy", POLICY,
          "X-Content-Type-Options", "nosniff",
          "X-Frame-Options", "DENY",
          "Referrer-Policy", "no-referrer",
          "Cross-Origin-Resource-Policy", "same-origin",
          "Cross-Origin-Opener-Policy", "same-origin",
          "Cache-Control", "no-store");

  private final Snapshot snapshot;

  Routes(Snapshot snapshot) {
    this.snapshot = snapshot;
  }

  Answer answer(Request request) {
    Answer answer = route(request);
    return answer.with(HEADERS).with(answer.headers());
  }

  private Answer route(Request request) {
    if (!HERE.matcher(request.header("host")).matches()) {
      return Answer.text(
          "403 Forbidden", "ask for http://localhost/: the host must be this machine\n");
    }
    if (isForeign(request)) {
      return Answer.text("403 Forbidden", "not for pages of other origins\n");
    }
    return switch (request.path()) {
      case "/" -> resource("index.html", "text/html; charset=utf-8");
      case "/page.css" -> resource("page.css", "text/css; charset=utf-8");
      case "/page.js" -> resource("page.js", "text/javascript; charset=utf-8");
      case "/icon.svg" -> resource("icon.svg", "image/svg+xml");
      case "/graph.css" -> ok("text/css; charset=utf-8", SvgGraph.style());
      case "/graph.svg" -> picture();
      case "/api/graph" -> ok("image/svg+xml", snapshot.graph());
      case "/api/snapshot" -> Answer.ok("application/json", snapshot.json());
      case "/threads" -> Answer.text("200 OK", threads());
      default -> Answer.text("404 Not Found", "see /\n");
    };
  }

  /** Whether a browser says that another site's page asks; following a link is no question. */
  private static boolean isForeign(Request request) {
    String site = request.header("sec-fetch-site");
    return !site.isEmpty()
        && !site.equals("same-origin")
        && !site.equals("none")
        && !request.header("sec-fetch-mode").equals("navigate");
  }

  private static Answer ok(String type, String text) {
    return Answer.ok(type, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Answer resource(String name, String type) {
    try (InputStream in = Routes.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the package");
      }
      return Answer.ok(type, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its style is its own, and no other is allowed. */
  private Answer picture() {
    String style = "\n" + SvgGraph.style();
    String policy = "default-src 'none'; style-src 'sha256-" + sha256(style) + "'";
    return ok("image/svg+xml", snapshot.picture()).with(Map.of("Content-Security-Policy", policy));
  }

  private static String sha256(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String threads() {
    StringBuilder text = new StringBuilder("platform threads; virtual ones are left out\n");
    Map<String, StackTraceElement[]> sorted = new TreeMap<>();
    Thread.getAllStackTraces()
        .forEach((thread, stack) ->
            sorted.put(
                "\"" + thread.getName() + "\" #" + thread.threadId() + " " + thread.getState(),
                stack));
    sorted.forEach((head, stack) -> {
      text.append('\n').append(head).append('\n');
      for (StackTraceElement element : stack) {
        text.append("    at ").append(element).append('\n');
      }
    });
    return text.toString();
  }
}
