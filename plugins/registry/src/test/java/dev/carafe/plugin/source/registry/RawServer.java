package dev.carafe.plugin.source.registry;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Says to each request on loopback exactly the bytes that a test wants, valid HTTP or not. */
final class RawServer implements AutoCloseable {
  /** The head of a request: its lines. */
  interface Script {
    void answer(int request, List<String> head, Socket socket) throws IOException;
  }

  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger requests = new AtomicInteger();
  private final List<List<String>> heads = Collections.synchronizedList(new ArrayList<>());

  RawServer(Script script) throws IOException {
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(() -> accept(script));
  }

  /** Answers every request with these bytes. */
  static RawServer saying(String answer) throws IOException {
    return new RawServer((request, head, socket) -> say(socket, answer));
  }

  static void say(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  /** Closes with a reset rather than an end. */
  static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  String authority() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  int connections() {
    return connections.get();
  }

  int requests() {
    return requests.get();
  }

  List<List<String>> heads() {
    synchronized (heads) {
      return List.copyOf(heads);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept(Script script) {
    while (!server.isClosed()) {
      Socket socket;
      try {
        socket = server.accept();
      } catch (IOException e) {
        return;
      }
      connections.incrementAndGet();
      open.add(socket);
      Thread.ofVirtual().start(() -> serve(script, socket));
    }
  }

  private void serve(Script script, Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      while (!socket.isClosed()) {
        List<String> head = new ArrayList<>();
        String line;
        while ((line = in.readLine()) != null && !line.isEmpty()) {
          head.add(line);
        }
        if (head.isEmpty()) {
          return;
        }
        heads.add(head);
        script.answer(requests.incrementAndGet(), head, socket);
      }
    } catch (IOException e) {
      // The client has left: what it saw is what the test looks at.
    } finally {
      open.remove(socket);
    }
  }
}
