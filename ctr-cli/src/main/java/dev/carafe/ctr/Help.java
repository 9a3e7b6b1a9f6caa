package dev.carafe.ctr;

import java.io.PrintStream;

/** Help, made from the table of commands. */
final class Help {
  private Help() {}

  static void all(PrintStream out) {
    out.println("usage: carafe [--address SOCKET] [--namespace NAME] COMMAND [flags] [operands]");
    out.println();
    for (Command command : Commands.ALL) {
      out.printf("  %-44s %s%n", (command.path() + " " + command.operands()).strip(), command.help());
    }
    out.println();
    flags(Commands.GLOBAL, out);
  }

  static void one(Command command, PrintStream out) {
    out.println("usage: carafe " + (command.path() + " [flags] " + command.operands()).strip());
    out.println();
    out.println(command.help());
    if (!command.flags().isEmpty()) {
      out.println();
      flags(command.flags(), out);
    }
  }

  private static void flags(Iterable<Command.Flag> flags, PrintStream out) {
    for (Command.Flag flag : flags) {
      String letter = flag.letter().isEmpty() ? "    " : "-" + flag.letter() + ", ";
      String name = "--" + flag.name() + (flag.value().isEmpty() ? "" : " " + flag.value());
      out.printf("  %s%-40s %s%s%n", letter, name, flag.help(), flag.repeated() ? " (may be repeated)" : "");
    }
  }
}
