package dev.carafe.cri.streaming;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * As much of Kubernetes' API server as kubectl's exec and port-forward need: a pod, and a pipe from
 * an upgraded request to a streaming URL.
 */
final class FakeApiServer implements AutoCloseable {
  private static final String POD =
      """
      {"kind":"Pod","apiVersion":"v1","metadata":{"name":"pod1","namespace":"default"},
       "spec":{"containers":[{"name":"c1","image":"x"}]},"status":{"phase":"Running"}}
      """;

  private static final String RESOURCES =
      """
      {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
       {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"]}]}
      """;

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final StreamingServer streaming;
  private volatile String lastUpgrade = "";

  FakeApiServer(StreamingServer streaming) throws IOException {
    this.streaming = streaming;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  String lastUpgrade() {
    return lastUpgrade;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        String target = head.split(" ", 3)[1];
        if (target.contains("/exec?") || target.contains("/portforward")) {
          lastUpgrade = header(head, "upgrade");
          pipe(client, head, url(target));
          return;
        }
        byte[] body = answer(target).getBytes(StandardCharsets.UTF_8);
        String answerHead =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n";
        client
            .getOutputStream()
            .write(answerHead.formatted(body.length).getBytes(StandardCharsets.US_ASCII));
        client.getOutputStream().write(body);
      }
    } catch (IOException e) {
      // The client went away.
    }
  }

  private static String answer(String target) {
    String path = target.replaceFirst("\\?.*", "");
    return switch (path) {
      case "/api" -> "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}";
      case "/apis" -> "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[]}";
      case "/api/v1" -> RESOURCES;
      default -> POD;
    };
  }

  private URI url(String target) {
    if (target.contains("/portforward")) {
      return streaming.portForward(new PortForwardRequest("s1", List.of()));
    }
    List<String> command = new ArrayList<>();
    for (String pair : target.substring(target.indexOf('?') + 1).split("&")) {
      if (pair.startsWith("command=")) {
        command.add(URLDecoder.decode(pair.substring(8), StandardCharsets.UTF_8));
      }
    }
    return streaming.exec(
        new ExecRequest(
            "c1",
            command,
            target.contains("tty=true"),
            target.contains("stdin=true"),
            target.contains("stdout=true"),
            target.contains("stderr=true")));
  }

  private static void pipe(Socket client, String head, URI url) throws IOException {
    try (Socket server = new Socket(url.getHost(), url.getPort())) {
      String[] first = head.split(" ", 3);
      OutputStream out = server.getOutputStream();
      out.write(
          (first[0] + " " + url.getPath() + " " + first[2]).getBytes(StandardCharsets.US_ASCII));
      Thread up =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  client.getInputStream().transferTo(out);
                  server.shutdownOutput();
                } catch (IOException e) {
                  // One of them went away; the other direction sees it, too.
                }
              });
      server.getInputStream().transferTo(client.getOutputStream());
      client.shutdownOutput();
      up.interrupt();
    }
  }

  private static String header(String head, String name) {
    for (String line : head.split("\r\n")) {
      if (line.toLowerCase().startsWith(name + ":")) {
        return line.substring(name.length() + 1).strip();
      }
    }
    return "";
  }

  /** A request's head with the empty line at its end; empty at the end of the connection. */
  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int newlines = 0;
    while (newlines < 2) {
      int c = in.read();
      if (c < 0) {
        return "";
      }
      bytes.write(c);
      newlines = c == '\n' ? newlines + 1 : c == '\r' ? newlines : 0;
    }
    return bytes.toString(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
