// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.util.List;
import org.apache.avro.NameValidator;
import org.apache.avro.Schema;

/** Schemas that others wrote, parsed within bounds. */
final class Schemas {
  /** The longest text of a schema, in characters; Confluent's registry takes a million bytes. */
  static final int LONGEST = 1 << 20;

  private Schemas() {}

  /**
   * Parses a schema.
   *
   * @param text JSON
   * @param before texts of the schemas that define names which it uses, in an order in which each
   *     uses only names of earlier ones
   * @throws SchemaMismatchException if it is none; the message quotes nothing of it
   */
  static Schema parse(String text, List<String> before) {
    Schema.Parser parser = new Schema.Parser(NameValidator.UTF_VALIDATOR);
    try {
      for (String earlier : before) {
        parser.parse(bounded(earlier));
      }
      return parser.parse(bounded(text));
    } catch (SchemaMismatchException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) { // of any kind: also of null pointers
      throw new SchemaMismatchException(
          "has a schema that is no schema of Avro (%s)".formatted(e.getClass().getSimpleName()));
    }
  }

  private static String bounded(String text) {
    if (text.length() > LONGEST) {
      throw new SchemaMismatchException(
          "has a schema of more than %d characters".formatted(LONGEST));
    }
    return text;
  }
}
