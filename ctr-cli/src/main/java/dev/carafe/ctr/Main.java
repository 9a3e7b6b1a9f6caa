package dev.carafe.ctr;

import com.google.protobuf.Empty;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    int code = run(List.of(args), out);
    out.flush();
    IOException lost = out.failure();
    if (lost != null) {
      code = lost(out, lost.getMessage());
    }
    // Not System.exit: nothing is left to run, and readers may be inside a call that does not end.
    Runtime.getRuntime().halt(code);
  }

  /** Runs one command line; returns the exit code. */
  static int run(List<String> words, Output out) {
    try {
      return dispatch(words, out);
    } catch (UsageException e) {
      return fail(out, e.getMessage() + " (carafe --help)", 2);
    } catch (InterruptedIOException e) {
      return fail(out, e.getMessage(), INTERRUPTED);
    } catch (FileSystemException e) {
      return fail(out, e.getFile() + ": " + reason(e), 1);
    } catch (Exception e) {
      return fail(out, e.getMessage() == null ? e.toString() : e.getMessage(), 1);
    }
  }

  private static String reason(FileSystemException e) {
    return switch (e) {
      case NoSuchFileException missing -> "not found";
      case AccessDeniedException denied -> "permission denied";
      default -> String.valueOf(e.getReason());
    };
  }

  /** Who has read enough need not be told. */
  private static int lost(Output out, @Nullable String why) {
    return "Broken pipe".equals(why) ? 1 : fail(out, "standard output: " + why, 1);
  }

  private static int fail(Output out, @Nullable String message, int code) {
    out.flush();
    System.err.println("carafe: " + Text.printable(String.valueOf(message).strip()));
    return code;
  }

  private static int dispatch(List<String> words, Output out) throws Exception {
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
    try (Session session = new Session(global, arguments, out)) {
      return Commands.run(command, session);
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
