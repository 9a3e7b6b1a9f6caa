package dev.carafe.ctr;

import com.google.protobuf.Empty;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * The program {@code carafe}. Exit codes: 0 done, 1 failed, 2 wrong usage; {@code run}, {@code
 * tasks exec} and {@code tasks wait} exit as the container did.
 */
public final class Main {
  private static final int INTERRUPTED = 130;

  private Main() {}

  public static void main(String[] args) {
    // Loading protobuf is a good part of a short command: another processor does it meanwhile.
    Thread.ofPlatform().daemon().start(Empty::getDefaultInstance);
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    Streams streams = new Streams(new FileInputStream(FileDescriptor.in), out, System.err);
    int code = run(List.of(args), streams);
    out.flush();
    IOException lost = out.failure();
    if (lost != null) {
      code = code == 0 ? 1 : code;
      // Who has read enough need not be told.
      if (!"Broken pipe".equals(lost.getMessage())) {
        streams.complain("standard output: " + lost.getMessage());
      }
    }
    // Not System.exit: nothing is left to run, and readers may be inside a call that does not end.
    end(code);
  }

  /** Ends the program at once: no hook is left to run, and none is a millisecond less. */
  static void end(int code) {
    Runtime.getRuntime().halt(code);
  }

  /** Runs one command line; returns the exit code. */
  static int run(List<String> words, Streams streams) {
    try {
      return dispatch(words, streams);
    } catch (UsageException e) {
      streams.complain(e.getMessage() + " (carafe --help)");
      return 2;
    } catch (InterruptedIOException e) {
      streams.complain("interrupted");
      return INTERRUPTED;
    } catch (FileSystemException e) {
      streams.complain(e.getFile() + ": " + reason(e));
      return 1;
    } catch (Exception e) {
      streams.complain(e.getMessage() == null ? e.toString() : e.getMessage());
      return 1;
    }
  }

  private static String reason(FileSystemException e) {
    return switch (e) {
      case NoSuchFileException missing -> "not found";
      case AccessDeniedException denied -> "permission denied";
      default -> String.valueOf(e.getReason());
    };
  }

  private static int dispatch(List<String> words, Streams streams) throws Exception {
    Output out = streams.out();
    int commandAt = firstOperand(words);
    Arguments global = Arguments.parse(Commands.GLOBAL, words.subList(0, commandAt), -1);
    List<String> rest = words.subList(commandAt, words.size());
    if (global.has("version")) {
      out.println("carafe " + SystemCommands.clientVersion());
      return 0;
    }
    if (global.has("help") || rest.isEmpty() || rest.getFirst().equals("help")) {
      Help.all(out);
      return 0;
    }
    Command command = Commands.find(rest);
    List<String> own = rest.subList(command.words(), rest.size());
    Arguments arguments = Arguments.parse(command.flags(), own, command.literalFrom());
    if (arguments.has("help")) {
      Help.one(command, out);
      return 0;
    }
    command.check(arguments);
    try (Session session = new Session(global, arguments, streams)) {
      return CommandRunner.run(command, session);
    }
  }

  /** Where the command's words begin: behind the flags that belong to the program. */
  private static int firstOperand(List<String> words) {
    int i = 0;
    while (i < words.size() && words.get(i).startsWith("-")) {
      i += Arguments.takesNext(Commands.GLOBAL, words.get(i)) ? 2 : 1;
    }
    return Math.min(i, words.size());
  }
}
