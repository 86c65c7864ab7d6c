// SPDX-License-Identifier: Apache-2.0
package org.flinksec.doctor;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Something could not be looked at; the message is what all its causes say. */
public final class LookException extends Exception {
  private static final int DEEPEST = 20;

  LookException(Throwable cause) {
    super(told(cause), cause);
  }

  /**
   * The messages of a chain of exceptions, outermost first, each once.
   *
   * <p>Java's Kerberos hides what a KDC has answered behind the parser's complaint that it was no
   * ticket, which is the deepest cause of all refusals; that one is left out if there is another.
   */
  static String told(Throwable cause) {
    Set<String> messages = new LinkedHashSet<>();
    List<String> parsers = new ArrayList<>();
    Throwable one = cause;
    for (int depth = 0; one != null && depth < DEEPEST; depth++, one = one.getCause()) {
      String name = one.getClass().getSimpleName();
      String text = one.getMessage() == null ? name : name + ": " + one.getMessage();
      (name.equals("Asn1Exception") ? parsers : messages).add(text);
    }
    messages.addAll(messages.isEmpty() ? parsers : List.of());
    return String.join("; ", messages);
  }
}
