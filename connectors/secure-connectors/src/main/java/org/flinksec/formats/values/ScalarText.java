// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.values;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/**
 * The one text form of a value that is no container.
 *
 * <p>Numbers are decimal, {@code true} and {@code false} are in lower case, a time is ISO-8601 with
 * an offset, a date ISO-8601, bytes are Base64. What is written is read back as the same value.
 */
public interface ScalarText {
  /** As many characters may a number have. */
  int LONGEST_NUMBER = 1000;

  /**
   * @throws BadValueException if the text is no form of the value
   */
  Object read(String text) throws BadValueException;

  /**
   * @throws BadValueException if the value has no text form
   */
  String write(Object value) throws BadValueException;

  /** Whether values of a kind have a text form. */
  static boolean has(Kind kind) {
    return kind != Kind.ROW && kind != Kind.LIST && kind != Kind.DICT;
  }

  /**
   * The form for a shape.
   *
   * @throws IllegalArgumentException if it is a container
   */
  static ScalarText of(Shape shape) {
    return switch (shape.kind()) {
      case STR -> new Form(text -> text, value -> Utf8.checked((String) value));
      case INT -> new Form(Numbers::whole, Object::toString);
      case INT32 -> new Form(Numbers::whole32, Object::toString);
      case FLOAT -> new Form(Numbers::floating, Object::toString);
      case BOOL -> new Form(ScalarText::bool, Object::toString);
      case BYTES -> new Form(ScalarText::base64, ScalarText::base64);
      case DATETIME -> new Form(Times::instant, value -> Times.text((Instant) value));
      case DATE -> new Form(Times::date, value -> Times.text((LocalDate) value));
      case DECIMAL ->
          new Form(
              text -> Numbers.read(Numbers.decimal(text), shape),
              value -> Numbers.text(Numbers.fitting(value, shape)));
      case UUID -> new Form(Uuids::canonical, Object::toString);
      case ENUM -> symbols(shape);
      default -> throw new IllegalArgumentException("a container has no text form");
    };
  }

  private static Object bool(String text) throws BadValueException {
    return switch (text) {
      case "true" -> Boolean.TRUE;
      case "false" -> Boolean.FALSE;
      default -> throw new BadValueException("is neither true nor false");
    };
  }

  private static Object base64(String text) throws BadValueException {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new BadValueException("is not Base64");
    }
  }

  private static String base64(Object value) {
    return Base64.getEncoder().encodeToString((byte[]) value);
  }

  private static ScalarText symbols(Shape shape) {
    Map<String, Object> byText = new HashMap<>();
    shape.symbols().forEach(symbol -> byText.put(symbol.toString(), symbol));
    return new Form(
        text -> {
          Object symbol = byText.get(text);
          if (symbol == null) {
            throw new BadValueException("is none of the values that it may have");
          }
          return symbol;
        },
        Object::toString);
  }

  /** Reads. */
  @FunctionalInterface
  interface Reading {
    Object read(String text) throws BadValueException;
  }

  /** Writes. */
  @FunctionalInterface
  interface Writing {
    String write(Object value) throws BadValueException;
  }

  /** Both. */
  record Form(Reading reading, Writing writing) implements ScalarText {
    @Override
    public Object read(String text) throws BadValueException {
      return reading.read(text);
    }

    @Override
    public String write(Object value) throws BadValueException {
      return writing.write(value);
    }
  }
}
