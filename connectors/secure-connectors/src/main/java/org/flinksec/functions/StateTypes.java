// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.HashSet;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Whether a state that was stored as one type can be read as another.
 *
 * <p>A type is JSON, as {@code flinksec_jobs.functions.state_types} writes it: an object with a
 * {@code kind}, whether it is {@code nullable}, and its parts.
 */
final class StateTypes {
  private static final ObjectMapper JSON = new ObjectMapper();

  private StateTypes() {}

  /** The type of a state has changed in a way in which what is stored cannot be read. */
  static final class OtherTypeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OtherTypeException(String message) {
      super(message);
    }
  }

  /**
   * Asks that all that is stored as one type can be read as another.
   *
   * @throws OtherTypeException with the place that differs, if not
   */
  static void require(String state, String stored, String declared) {
    if (stored.equals(declared)) {
      return;
    }
    String difference = difference("it", parse(stored), parse(declared));
    if (difference != null) {
      throw new OtherTypeException(
          ("the state '%s' cannot be read as the job declares it now: %s; declare it as it was"
                  + " (a field may be added with a default, and a type may become '| None'), or"
                  + " give the changed state another name")
              .formatted(state, difference));
    }
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the type of a state is no JSON", e);
    }
  }

  /** Where the second cannot be read from the first; null if it can. */
  private static String difference(String place, JsonNode stored, JsonNode declared) {
    String was = stored.path("kind").asText();
    String is = declared.path("kind").asText();
    if (!was.equals(is) && !(was.equals("int32") && is.equals("int"))) {
      return "%s was %s and is %s".formatted(place, said(was), said(is));
    }
    if (stored.path("nullable").asBoolean() && !declared.path("nullable").asBoolean()) {
      return "%s could be None and no longer can".formatted(place);
    }
    return switch (was) {
      case "row" -> ofFields(place, stored.path("fields"), declared.path("fields"));
      case "enum" -> ofSymbols(place, stored.path("symbols"), declared.path("symbols"));
      case "decimal" -> ofDigits(place, stored, declared);
      default -> ofParts(place, stored.path("parts"), declared.path("parts"));
    };
  }

  private static String said(String kind) {
    return switch (kind) {
      case "pickled" -> "pickled";
      case "row" -> "a record";
      case "value", "list", "map", "reducing", "aggregating" -> "a state of the kind " + kind;
      default -> kind;
    };
  }

  private static String ofFields(String place, JsonNode stored, JsonNode declared) {
    Set<String> before = new HashSet<>();
    for (JsonNode field : stored) {
      String name = field.path("name").asText();
      before.add(name);
      JsonNode now = named(declared, name);
      if (now == null) {
        return "the field '%s' is gone".formatted(name);
      }
      String difference =
          difference("the field '%s'".formatted(name), field.path("type"), now.path("type"));
      if (difference != null) {
        return difference;
      }
    }
    for (JsonNode field : declared) {
      String name = field.path("name").asText();
      if (!before.contains(name) && !field.path("default").asBoolean()) {
        return "the new field '%s' has no default".formatted(name);
      }
    }
    return null;
  }

  private static JsonNode named(JsonNode fields, String name) {
    for (JsonNode field : fields) {
      if (field.path("name").asText().equals(name)) {
        return field;
      }
    }
    return null;
  }

  private static String ofSymbols(String place, JsonNode stored, JsonNode declared) {
    Set<JsonNode> now = new HashSet<>();
    declared.forEach(now::add);
    for (JsonNode symbol : stored) {
      if (!now.contains(symbol)) {
        return "%s could be %s and no longer can".formatted(place, symbol);
      }
    }
    return null;
  }

  private static String ofDigits(String place, JsonNode stored, JsonNode declared) {
    int scale = stored.path("scale").asInt();
    int before = stored.path("precision").asInt() - scale;
    int scaleNow = declared.path("scale").asInt();
    int beforeNow = declared.path("precision").asInt() - scaleNow;
    return scaleNow < scale || beforeNow < before ? "%s had more digits".formatted(place) : null;
  }

  private static String ofParts(String place, JsonNode stored, JsonNode declared) {
    if (stored.size() != declared.size()) {
      return "%s had %d parts and has %d".formatted(place, stored.size(), declared.size());
    }
    for (int i = 0; i < stored.size(); i++) {
      String part = stored.size() == 1 ? "what %s holds" : "part " + (i + 1) + " of %s";
      String difference = difference(part.formatted(place), stored.get(i), declared.get(i));
      if (difference != null) {
        return difference;
      }
    }
    return null;
  }
}
