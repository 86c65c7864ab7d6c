// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

/** What names may be made of; compared letter by letter, since each file that is opened asks. */
final class Names {
  private Names() {}

  /** Whether all characters are letters or digits of ASCII, or among these. */
  static boolean consistsOf(String name, String others) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isLetterOrDigit(c) && others.indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c);
  }

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Whether it is the prefix, and behind that at least one digit, all of them decimal. */
  static boolean isNumbered(String name, String prefix) {
    if (!name.startsWith(prefix) || name.length() == prefix.length()) {
      return false;
    }
    for (int i = prefix.length(); i < name.length(); i++) {
      if (!isDigit(name.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether it is the prefix, and behind that at least one digit, all of them hexadecimal. */
  static boolean isHexNumbered(String name, String prefix) {
    if (!name.startsWith(prefix) || name.length() == prefix.length()) {
      return false;
    }
    for (int i = prefix.length(); i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isDigit(c) && !(c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }
}
