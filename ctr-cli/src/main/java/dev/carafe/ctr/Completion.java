package dev.carafe.ctr;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Completion scripts, made from the table of commands. */
final class Completion {
  private Completion() {}

  static int print(Session session) {
    PrintStream out = session.out();
    switch (session.arguments().operand(0)) {
      case "bash" -> bash(out);
      case "zsh" -> {
        out.println("#compdef carafe");
        out.println("autoload -U +X bashcompinit && bashcompinit");
        bash(out);
      }
      case "fish" -> fish(out);
      default ->
          throw new UsageException(
              "completion for bash, zsh or fish, not \"" + session.arguments().operand(0) + "\"");
    }
    return 0;
  }

  /** Words that may follow a word: commands below it. */
  private static Map<String, List<String>> tree() {
    Map<String, List<String>> tree = new LinkedHashMap<>();
    tree.put("", new ArrayList<>());
    for (Command command : Commands.ALL) {
      String[] words = command.path().split(" ");
      if (!tree.get("").contains(words[0])) {
        tree.get("").add(words[0]);
      }
      if (words.length > 1) {
        tree.computeIfAbsent(words[0], ignored -> new ArrayList<>()).add(words[1]);
      }
    }
    return tree;
  }

  private static void bash(PrintStream out) {
    out.println("_carafe() {");
    out.println("  local cur=${COMP_WORDS[COMP_CWORD]} words=() i");
    out.println("  for ((i = 1; i < COMP_CWORD; i++)); do");
    out.println("    case ${COMP_WORDS[i]} in");
    out.println("      -a|--address|-n|--namespace) ((i++)) ;;");
    out.println("      -*) ;;");
    out.println("      *) words+=(\"${COMP_WORDS[i]}\") ;;");
    out.println("    esac");
    out.println("  done");
    out.println("  case \"${words[*]:0:2}\" in");
    for (Command command : Commands.ALL) {
      List<String> flags = command.flags().stream().map(flag -> "--" + flag.name()).toList();
      if (!flags.isEmpty()) {
        String pattern =
            command.path().contains(" ") ? "\"" + command.path() + "\"" : command.path() + "*";
        out.println(
            "    "
                + pattern
                + ") [[ $cur == -* ]] && COMPREPLY=($(compgen -W \""
                + String.join(" ", flags)
                + "\" -- \"$cur\")) && return ;;");
      }
    }
    out.println("  esac");
    out.println("  case ${#words[@]}:${words[0]} in");
    tree()
        .forEach((word, below) ->
            out.println(
                "    "
                    + (word.isEmpty() ? "0:" : "1:" + word)
                    + ") COMPREPLY=($(compgen -W \""
                    + String.join(" ", below)
                    + "\" -- \"$cur\")) ;;"));
    out.println("  esac");
    out.println("}");
    out.println("complete -o default -F _carafe carafe");
  }

  private static void fish(PrintStream out) {
    out.println("complete -c carafe -f");
    for (Command command : Commands.ALL) {
      String[] words = command.path().split(" ");
      if (words.length == 1) {
        out.println(
            "complete -c carafe -n __fish_use_subcommand -a "
                + words[0]
                + " -d '"
                + command.help().replace("'", "")
                + "'");
      } else {
        out.println("complete -c carafe -n __fish_use_subcommand -a " + words[0]);
        out.println(
            "complete -c carafe -n '__fish_seen_subcommand_from "
                + words[0]
                + "' -a "
                + words[1]
                + " -d '"
                + command.help().replace("'", "")
                + "'");
      }
      for (Command.Flag flag : command.flags()) {
        out.println(
            "complete -c carafe -n '__fish_seen_subcommand_from "
                + words[words.length - 1]
                + "' -l "
                + flag.name()
                + (flag.letter().isEmpty() ? "" : " -s " + flag.letter())
                + (flag.value().isEmpty() ? "" : " -r")
                + " -d '"
                + flag.help().replace("'", "")
                + "'");
      }
    }
  }
}
