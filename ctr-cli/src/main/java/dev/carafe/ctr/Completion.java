package dev.carafe.ctr;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Completion scripts, made from the table of commands. */
final class Completion {
  private static final String BASH =
      """
      _carafe() {
        local cur=${COMP_WORDS[COMP_CWORD]} given=() known= i
        for ((i = 1; i < COMP_CWORD; i++)); do
          case ${COMP_WORDS[i]} in
            -a | --address | -n | --namespace) ((i++)) ;;
            -*) ;;
            *) given+=("${COMP_WORDS[i]}") ;;
          esac
        done
        case "${given[0]:-} ${given[1]:-}" in
      %s  esac
        [ -n "$known" ] && [[ $cur != -* ]] && known=
        case ${#given[@]}:${given[0]:-} in
      %s  esac
        COMPREPLY=($(compgen -W "$known" -- "$cur"))
      }
      complete -o default -F _carafe carafe
      """;

  private Completion() {}

  static int print(Session session) {
    String shell = session.arguments().operand(0);
    session
        .out()
        .print(
            switch (shell) {
              case "bash" -> bash();
              case "zsh" -> "autoload -U +X bashcompinit && bashcompinit\n" + bash();
              case "fish" -> fish();
              default ->
                  throw new UsageException(
                      "completion for bash, zsh or fish, not \"" + shell + "\"");
            });
    return 0;
  }

  /** First words, each with what may follow it. */
  private static Map<String, List<String>> tree() {
    Map<String, List<String>> tree = new LinkedHashMap<>();
    for (Command command : Commands.ALL) {
      String[] words = command.path().split(" ");
      List<String> below = tree.computeIfAbsent(words[0], ignored -> new ArrayList<>());
      if (words.length > 1) {
        below.add(words[1]);
      }
    }
    return tree;
  }

  private static String flags(List<Command.Flag> flags) {
    StringBuilder names = new StringBuilder();
    flags.forEach(flag -> names.append(" --").append(flag.name()));
    return names.substring(1);
  }

  private static String bash() {
    StringBuilder flags = new StringBuilder();
    for (Command command : Commands.ALL) {
      String pattern =
          command.words() == 1 ? "\"" + command.path() + " \"*" : "\"" + command.path() + "\"";
      flags.append("    " + pattern + ") known='" + flags(command.flags()) + "' ;;\n");
    }
    StringBuilder words = new StringBuilder();
    Map<String, List<String>> tree = tree();
    words.append(
        "    0:) known='"
            + String.join(" ", tree.keySet())
            + " "
            + flags(Commands.GLOBAL)
            + "' ;;\n");
    words.append("    1:completion) known='bash zsh fish' ;;\n");
    tree.forEach((word, below) -> {
      if (!below.isEmpty()) {
        words.append("    1:" + word + ") known='" + String.join(" ", below) + "' ;;\n");
      }
    });
    return BASH.formatted(flags, words);
  }

  private static String fish() {
    StringBuilder script = new StringBuilder("complete -c carafe -f\n");
    tree()
        .keySet()
        .forEach(
            word -> script.append("complete -c carafe -n __fish_use_subcommand -a " + word + "\n"));
    for (Command command : Commands.ALL) {
      String[] words = command.path().split(" ");
      String seen = "__fish_seen_subcommand_from " + words[0];
      String help = " -d '" + command.help().replace("'", "") + "'\n";
      if (words.length > 1) {
        script.append("complete -c carafe -n '" + seen + "' -a " + words[1] + help);
        seen += "; and __fish_seen_subcommand_from " + words[1];
      }
      for (Command.Flag flag : command.flags()) {
        script
            .append("complete -c carafe -n '" + seen + "' -l " + flag.name())
            .append(flag.letter().isEmpty() ? "" : " -s " + flag.letter())
            .append(flag.isSwitch() ? "" : " -r")
            .append(" -d '" + flag.help().replace("'", "") + "'\n");
      }
    }
    return script.toString();
  }
}
