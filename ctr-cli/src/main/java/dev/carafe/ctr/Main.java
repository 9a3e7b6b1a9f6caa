package dev.carafe.ctr;

import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.spi.errors.DaemonException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The program {@code carafe}. Exit codes: 0 done, 1 failed, 2 wrong usage; {@code run}, {@code exec} and {@code tasks wait} exit as the
 * container did.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192), false, StandardCharsets.UTF_8);
    int code = run(List.of(args), out);
    out.flush();
    // Not System.exit: nothing is left to run, and a hook less is a millisecond less.
    Runtime.getRuntime().halt(code);
  }

  static int run(List<String> words, PrintStream out) {
    try {
      return dispatch(words, out);
    } catch (UsageException e) {
      return fail(out, e.getMessage() + " (carafe --help)", 2);
    } catch (StatusException | DaemonException e) {
      return fail(out, e.getMessage(), 1);
    } catch (Exception e) {
      return fail(out, e.getMessage() == null ? e.toString() : e.getMessage(), 1);
    }
  }

  private static int fail(PrintStream out, String message, int code) {
    out.flush();
    System.err.println("carafe: " + message.strip().replace('\n', ' '));
    return code;
  }

  private static int dispatch(List<String> words, PrintStream out) throws Exception {
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
    List<String> own = rest.subList(command.path().split(" ").length, rest.size());
    if (wantsHelp(command, own)) {
      Help.one(command, out);
      return 0;
    }
    List<Command.Flag> flags = new ArrayList<>(command.flags());
    Arguments arguments = Arguments.parse(flags, own, command.max() < 0 ? command.min() : -1);
    int operands = arguments.operands().size();
    boolean ready = arguments.valueOrNull("config") != null || arguments.valueOrNull("rootfs") != null;
    if (operands < (ready ? 1 : command.min()) || (command.max() >= 0 && operands > command.max())) {
      throw new UsageException("usage: carafe " + command.path() + " [flags] " + command.operands());
    }
    try (Session session = new Session(global, arguments, out)) {
      return Commands.run(command, session);
    }
  }

  private static boolean wantsHelp(Command command, List<String> words) {
    int literal = command.max() < 0 ? Math.min(1, words.size()) : words.size();
    return words.subList(0, literal).stream().anyMatch(word -> word.equals("--help") || word.equals("-h"));
  }

  /** Where the command's words begin: behind the flags that belong to the program. */
  private static int firstOperand(List<String> words) {
    int i = 0;
    while (i < words.size() && words.get(i).startsWith("-")) {
      String word = words.get(i);
      boolean takesValue =
          Commands.GLOBAL.stream()
              .anyMatch(
                  flag ->
                      !flag.value().isEmpty()
                          && (word.equals("--" + flag.name()) || word.equals("-" + flag.letter())));
      i += takesValue ? 2 : 1;
    }
    return Math.min(i, words.size());
  }
}
