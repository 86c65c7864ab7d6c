// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flinksec.logging.Tame;

/**
 * Tells Elasticsearch's reasons without what they quote of a document: names of fields and types,
 * places and limits. Of a reason that is not known here only the error's type is told.
 */
final class Reasons {
  /** Errors about indices and rights, in whose reasons no part of a document stands. */
  private static final Set<String> WITHOUT_DOCUMENTS =
      Set.of(
          "cluster_block_exception",
          "index_closed_exception",
          "index_not_found_exception",
          "invalid_index_name_exception",
          "security_exception",
          "validation_exception",
          "circuit_breaking_exception");

  private static final Pattern TYPE = Pattern.compile("[a-z0-9_]{1,100}");
  private static final Pattern PLACE = Pattern.compile("\\[(\\d{1,9}):(\\d{1,9})] ");
  private static final String FAILED = "failed to parse: ";

  /** The start of a reason, and what is told in its place. */
  private record Known(Pattern pattern, String words) {}

  private static final List<Known> KNOWN =
      List.of(
          known(
              "failed to parse field \\[NAME] of type \\[NAME]",
              "field '%s' does not fit its type %s in the mapping"),
          known("failed to parse \\[NAME]", "field '%s' cannot be parsed"),
          known(
              "mapping set to strict, dynamic introduction of \\[NAME] within \\[NAME]",
              "field '%s' is not in the mapping of '%s', which is strict"),
          known(
              "object mapping for \\[NAME] tried to parse",
              "field '%s' is an object in the mapping, and no object here"),
          known(
              "mapper \\[NAME] cannot be changed from type \\[NAME] to \\[NAME]",
              "field '%s' has the type %s in the mapping, not %s"),
          known(
              "mapper \\[NAME] of different type, current_type \\[NAME], merged_type \\[NAME]",
              "field '%s' has the type %s in the mapping, not %s"),
          known("Mapper for \\[NAME] conflicts", "field '%s' conflicts with the mapping"),
          known(
              "can't merge a non.?object mapping \\[NAME]",
              "field '%s' is a value in the mapping, and an object here"),
          known("can't merge a non.?nested mapping \\[NAME]", "field '%s' is nested only here"),
          known(
              "Document contains at least one immense term in field=\"NAME\"",
              "field '%s' has a term longer than the 32766 bytes that Lucene takes"),
          known(
              "Limit of ([a-z ]{1,40}) \\[(\\d+)]",
              "the index's limit of %s, %s, would be exceeded"),
          known(
              "Field name \\[NAME] is longer than the limit of \\[(\\d+)]",
              "the name '%s' is longer than the index's limit of %s"),
          known(
              "data stream timestamp field \\[NAME] is missing",
              "field '%s' is missing, which a data stream needs"),
          known("The number of nested documents has exceeded", "it has too many nested documents"),
          known("(?:\\[\\d+:\\d+] )?Duplicate field", "a field's name comes twice"),
          known(
              "(?:\\[\\d+:\\d+] )?(?:Document nesting depth|Number value length|Name length|String value length)",
              "it is deeper or longer than the server's parser takes"),
          known("(?i)field name ", "a field's name is empty, blank or made of dots"),
          known("routing is required for ", "it has no routing, which the index requires"),
          known(
              "Error extracting data stream timestamp", "its @timestamp is missing, or is no time"),
          known(
              "the document timestamp \\[",
              "its @timestamp is outside of what the data stream's indices take"),
          known(
              "Error extracting (?:routing|tsid)",
              "it has none of the fields that choose its place in the time series"),
          // The job's own faults:
          known(
              "only write ops with an op_type of create are allowed in data streams",
              "it is a data stream, which takes operation=\"create\" only, and no other with an id"),
          known(
              "no write index is defined for alias \\[NAME]",
              "the alias '%s' has no write index: set is_write_index for one of its indices"),
          known(
              "pipeline with id \\[NAME] does not exist",
              "the index's pipeline '%s' does not exist: create it, or change index.default_pipeline"),
          known(
              "Can't find dynamic template for dynamic template name \\[NAME] of field \\[NAME]",
              "the index has no dynamic template '%s', which dynamic_templates names for field '%s'"),
          known(
              "failed to execute script",
              "the update's script fails, or is none: try it with POST INDEX/_update/ID"));

  private Reasons() {}

  private static Known known(String start, String words) {
    return new Known(Pattern.compile(start.replace("NAME", "([^\\]\"]{1,200})")), words);
  }

  /**
   * The error in words that are fit for logs and REST.
   *
   * @param type the error's type, or null
   * @param reason the error's reason, or null
   */
  static String tell(String type, String reason) {
    if (type == null || !TYPE.matcher(type).matches()) {
      return "an error of unknown type";
    }
    if (reason == null) {
      return type;
    }
    if (WITHOUT_DOCUMENTS.contains(type)) {
      return type + ": " + Tame.text(reason.replaceFirst(";$", ""));
    }
    Matcher place = PLACE.matcher(reason);
    boolean placed = place.lookingAt();
    String told =
        placed ? "%s at line %s, column %s".formatted(type, place.group(1), place.group(2)) : type;
    String rest = placed ? reason.substring(place.end()) : reason;
    String words = words(rest.startsWith(FAILED) ? rest.substring(FAILED.length()) : rest);
    return words == null ? told : told + ": " + Tame.text(words);
  }

  private static String words(String reason) {
    for (Known known : KNOWN) {
      Matcher matcher = known.pattern.matcher(reason);
      if (matcher.lookingAt()) {
        Object[] groups = new Object[matcher.groupCount()];
        for (int i = 0; i < groups.length; i++) {
          groups[i] = matcher.group(i + 1);
        }
        return known.words.formatted(groups);
      }
    }
    return null;
  }
}
