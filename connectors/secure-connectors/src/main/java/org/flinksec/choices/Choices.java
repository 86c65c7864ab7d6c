// SPDX-License-Identifier: Apache-2.0
package org.flinksec.choices;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Reads and writes the values of an enum as people do: in lower case. */
public final class Choices {
  private Choices() {}

  /** The word for a value. */
  public static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /** All words, for messages. */
  public static String words(Class<? extends Enum<?>> choices) {
    return Arrays.stream(choices.getEnumConstants())
        .map(Choices::word)
        .collect(Collectors.joining(", "));
  }

  /**
   * The value of a word.
   *
   * @param argument what chooses, for the message
   * @throws IllegalArgumentException if there is no such choice; the message lists them
   */
  public static <E extends Enum<E>> E parse(Class<E> choices, String argument, String word) {
    return Arrays.stream(choices.getEnumConstants())
        .filter(choice -> word(choice).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s is '%s'; it must be one of %s".formatted(argument, word, words(choices))));
  }
}
