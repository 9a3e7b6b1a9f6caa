package dev.carafe.ctr;

import java.io.PrintStream;

/** Help, made from the table of commands. */
final class Help {
  private Help() {}

  static void all(PrintStream out) {
    out.println("usage: carafe [--address SOCKET] [--namespace NAME] COMMAND [flags] [operands]");
    out.println();
    for (Command command : Commands.ALL) {
      String usage = (command.path() + " " + command.operands()).strip();
      out.println("  " + Text.padded(usage, 44) + " " + command.help());
    }
    out.println();
    flags(Commands.GLOBAL, out);
  }

  static void one(Command command, PrintStream out) {
    out.println(("usage: carafe " + command.path() + " [flags] " + command.operands()).strip());
    out.println();
    out.println(command.help());
    out.println();
    flags(command.flags(), out);
  }

  private static void flags(Iterable<Command.Flag> flags, PrintStream out) {
    for (Command.Flag flag : flags) {
      String letter = flag.letter().isEmpty() ? "    " : "-" + flag.letter() + ", ";
      String name = "--" + flag.name() + (flag.value().isEmpty() ? "" : " " + flag.value());
      String more = flag.repeated() ? " (may be repeated)" : "";
      out.println("  " + letter + Text.padded(name, 40) + " " + flag.help() + more);
    }
  }
}
