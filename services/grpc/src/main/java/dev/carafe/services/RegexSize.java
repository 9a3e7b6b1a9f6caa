package dev.carafe.services;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How large a regular expression becomes when its counted repetitions are written out, which is
 * what a linear-time engine does: {@code ((x{1000}){1000}){1000}} is short and has a thousand
 * million steps.
 */
final class RegexSize {
  /** Beyond this an expression is not compiled. */
  static final int LIMIT = 20_000;

  /** Engines take the stack for groups in groups. */
  private static final int DEPTH = 200;

  private final String regex;
  private final Deque<long[]> outer = new ArrayDeque<>();
  private long total;
  private long last;
  private int at;

  private RegexSize(String regex) {
    this.regex = regex;
  }

  /** An upper bound of the number of steps; what is no expression has some number, too. */
  static long of(String regex) {
    return new RegexSize(regex).measure();
  }

  private long measure() {
    while (at < regex.length()) {
      switch (regex.charAt(at)) {
        case '\\' -> {
          at += 2;
          atom(1);
        }
        case '[' -> {
          skipClass();
          atom(1);
        }
        case '(' -> {
          outer.push(new long[] {total});
          if (outer.size() > DEPTH) {
            return LIMIT + 1L;
          }
          total = 0;
          last = 0;
          at++;
        }
        case ')' -> {
          long group = total + 1;
          total = outer.isEmpty() ? 0 : outer.pop()[0];
          atom(group);
          at++;
        }
        case '{' -> repeat();
        default -> {
          atom(1);
          at++;
        }
      }
      if (total > LIMIT) {
        return total;
      }
    }
    for (long[] open : outer) {
      total += open[0];
    }
    return total;
  }

  private void atom(long size) {
    last = size;
    total += size;
  }

  private void skipClass() {
    at++;
    if (at < regex.length() && regex.charAt(at) == '^') {
      at++;
    }
    if (at < regex.length() && regex.charAt(at) == ']') {
      at++;
    }
    while (at < regex.length() && regex.charAt(at) != ']') {
      at += regex.charAt(at) == '\\' ? 2 : 1;
    }
    at++;
  }

  /** {@code {n}}, {@code {n,}} or {@code {n,m}}: the atom before it is there that many times. */
  private void repeat() {
    long most = 1;
    long number = 0;
    for (at++; at < regex.length(); at++) {
      char c = regex.charAt(at);
      if (c >= '0' && c <= '9') {
        number = Math.min(number * 10 + (c - '0'), LIMIT + 1L);
        most = Math.max(most, number);
      } else if (c == ',') {
        number = 0;
      } else {
        break;
      }
    }
    total += last * (most - 1);
    last *= most;
    if (at < regex.length() && regex.charAt(at) == '}') {
      at++;
    }
  }
}
