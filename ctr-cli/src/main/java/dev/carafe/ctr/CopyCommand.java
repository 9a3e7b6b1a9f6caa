package dev.carafe.ctr;

import dev.carafe.api.types.transfer.ContainerPath;
import dev.carafe.api.types.transfer.ReadStream;
import dev.carafe.api.types.transfer.WriteStream;
import dev.carafe.ctr.grpc.StatusException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies files of a container into a tar archive, or out of one into the container. */
final class CopyCommand {
  private static final String TAR = "application/x-tar";

  private final Session session;
  private final Arguments arguments;

  CopyCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws IOException, InterruptedException {
    String from = arguments.operand(0);
    String to = arguments.operand(1);
    boolean fromContainer = isContainer(from);
    if (fromContainer == isContainer(to)) {
      throw new UsageException("one of FROM and TO is ID:PATH, the other a tar archive or -");
    }
    if (fromContainer) {
      copyOut(path(from).setNoWalk(arguments.has("no-walk")).build(), to);
    } else {
      copyIn(from, path(to).setPreserveOwnership(arguments.has("archive")).build());
    }
    return 0;
  }

  /** {@code ID:/PATH}; a file whose name looks like that is given as {@code ./ID:/PATH}. */
  private static boolean isContainer(String word) {
    return word.matches("[A-Za-z0-9][A-Za-z0-9._-]*:/.*");
  }

  private static ContainerPath.Builder path(String word) {
    int colon = word.indexOf(':');
    return ContainerPath.newBuilder()
        .setContainerId(word.substring(0, colon))
        .setPath(word.substring(colon + 1));
  }

  private void copyOut(ContainerPath source, String file) throws IOException, InterruptedException {
    if (file.equals("-")) {
      copyOut(source, session.out());
      return;
    }
    Path path = Path.of(file);
    boolean done = false;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 128 << 10)) {
      copyOut(source, out);
      done = true;
    } finally {
      // Half an archive is none.
      if (!done && Files.isRegularFile(path)) {
        Files.deleteIfExists(path);
      }
    }
  }

  private void copyOut(ContainerPath source, OutputStream out)
      throws IOException, InterruptedException {
    try (TransferCall transfer = new TransferCall(session, true)) {
      DataStreams.Receiver archive = DataStreams.receive(transfer, "copy", out);
      WriteStream destination =
          WriteStream.newBuilder().setStream(archive.id()).setMediaType(TAR).build();
      try {
        transfer.run(
            TransferCall.any("ContainerPath", source),
            TransferCall.any("WriteStream", destination));
      } catch (StatusException e) {
        archive.check();
        throw e;
      }
      archive.finish();
    }
  }

  private void copyIn(String file, ContainerPath destination)
      throws IOException, InterruptedException {
    try (InputStream in =
            file.equals("-") ? session.streams().in() : Files.newInputStream(Path.of(file));
        TransferCall transfer = new TransferCall(session, true)) {
      DataStreams.Sender archive = DataStreams.send(transfer, "copy", in);
      ReadStream source = ReadStream.newBuilder().setStream(archive.id()).setMediaType(TAR).build();
      try {
        transfer.run(
            TransferCall.any("ReadStream", source), TransferCall.any("ContainerPath", destination));
      } catch (StatusException e) {
        archive.check();
        throw e;
      }
    }
  }
}
