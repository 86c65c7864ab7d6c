// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import org.flinksec.badrecords.UndecodableException;
import org.flinksec.badrecords.UnencodableException;

/**
 * One value of a record cannot be read, or cannot be written.
 *
 * <p>It finds its way to the record from the inside out, and learns its field's path on the way.
 */
public final class BadValueException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private String path = "";

  /**
   * @param problem what follows the field in a sentence, such as {@code is not a date}; it never
   *     holds the value
   */
  public BadValueException(String problem) {
    super(problem, null, false, false); // nobody sees where it was made
    this.problem = problem;
  }

  /** The same, seen from the field or position that the value is in. */
  public BadValueException in(String outer) {
    path = path.isEmpty() ? outer : outer + "." + path;
    return this;
  }

  /** What reading a record comes to. */
  public UndecodableException undecodable() {
    return new UndecodableException(sentence());
  }

  /** What writing a record comes to. */
  public UnencodableException unencodable() {
    return new UnencodableException(sentence());
  }

  private String sentence() {
    return path.isEmpty() ? "the record " + problem : "field '%s' %s".formatted(path, problem);
  }
}
