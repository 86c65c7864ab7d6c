// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;

/**
 * The name of an index, or the pattern of one, as a table has it. {@code
 * flinksec_jobs.elasticsearch.index_pattern} reads the same for a job in Python.
 *
 * @param written as the table has it
 * @param pieces what {@link IndexPattern#parse} takes; null where the name is fixed
 * @param contact what the server is asked for at start: the name, or all that can be made
 * @param fields that a pattern has; empty where the name is fixed
 */
public record IndexName(String written, String pieces, String contact, Set<String> fields) {
  private static final Pattern FIELD = Pattern.compile("\\{([^{}:]*)(?::([^{}]*))?\\}");
  private static final Pattern DIRECTIVE = Pattern.compile("%.?", Pattern.DOTALL);
  private static final Pattern IDENTIFIER =
      Pattern.compile("[\\p{L}\\p{Nl}_][\\p{L}\\p{Nl}\\p{Nd}\\p{Mn}\\p{Mc}\\p{Pc}]*");
  private static final Map<String, String> DIRECTIVES =
      Map.of("%Y", "uuuu", "%y", "uu", "%m", "MM", "%d", "dd", "%H", "HH", "%M", "mm", "%j", "DDD");

  public IndexName {
    fields = Set.copyOf(fields);
  }

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException if no index can have the name, or none of a pattern
   */
  public static IndexName parse(String written) {
    if (written.startsWith("<") && written.endsWith(">") && written.contains("{")) {
      return new IndexName(written, null, written, Set.of()); // date math is the server's to judge
    }
    if (!written.contains("{")) {
      requireLegal(written, written);
      return new IndexName(written, null, written, Set.of());
    }
    ArrayNode pieces = new ObjectMapper().createArrayNode();
    Set<String> fields = new LinkedHashSet<>();
    StringBuilder sample = new StringBuilder();
    StringBuilder contact = new StringBuilder();
    Matcher found = FIELD.matcher(written);
    int at = 0;
    while (found.find()) {
      String before = written.substring(at, found.start());
      if (!before.isEmpty()) {
        pieces.add(before);
      }
      sample.append(before);
      contact.append(before).append('*');
      String field = found.group(1);
      String how = found.group(2);
      if (!IDENTIFIER.matcher(field).matches()) {
        throw wrong(written, found.group() + " names no column");
      }
      if (at == 0 && before.isEmpty()) {
        throw wrong(written, "it begins with a column, so that a row could name any index");
      }
      fields.add(field);
      if (how == null || how.equals("lower")) {
        pieces.addObject().put("field", field).put("lower", how != null);
        sample.append('x');
      } else {
        pieces.addObject().put("field", field).put("date", date(written, how));
        sample.append(DIRECTIVE.matcher(how).replaceAll("1"));
      }
      at = found.end();
    }
    String rest = written.substring(at);
    if (!rest.isEmpty()) {
      pieces.add(rest);
    }
    sample.append(rest);
    contact.append(rest);
    if (sample.indexOf("{") >= 0 || sample.indexOf("}") >= 0) {
      throw wrong(written, "a brace has no other");
    }
    requireLegal(sample.toString(), written);
    return new IndexName(written, pieces.toString(), contact.toString(), fields);
  }

  /**
   * Refuses what can be no index's name.
   *
   * @param option that names it
   * @throws IllegalArgumentException if it is none
   */
  public static void requireOne(String name, String option) {
    String problem = IndexNames.problem(name);
    if (problem != null) {
      throw new IllegalArgumentException(
          "'%s' = '%s' can be no name of an index: it %s".formatted(option, name, problem));
    }
  }

  /** As {@link SinkSettings#parse} takes it. */
  public Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("index", written);
    if (pieces != null) {
      options.put("index_pattern", pieces);
      options.put("index_contact", contact);
    }
    return options;
  }

  private static String date(String written, String how) {
    StringBuilder java = new StringBuilder();
    Matcher found = DIRECTIVE.matcher(how);
    int at = 0;
    boolean any = false;
    while (found.find()) {
      String directive = DIRECTIVES.get(found.group());
      if (directive == null) {
        throw unknown(written, found.group());
      }
      java.append(quoted(how.substring(at, found.start()))).append(directive);
      at = found.end();
      any = true;
    }
    if (!any) {
      throw unknown(written, "'" + how + "'");
    }
    return java.append(quoted(how.substring(at))).toString();
  }

  private static String quoted(String text) {
    return text.isEmpty() ? "" : "'" + text.replace("'", "''") + "'";
  }

  private static void requireLegal(String name, String written) {
    String problem = IndexNames.problem(name);
    if (problem != null) {
      throw new IllegalArgumentException(
          "'index' = '%s' can be no name of an index: it %s".formatted(written, problem));
    }
  }

  private static IllegalArgumentException unknown(String written, String what) {
    List<String> known = DIRECTIVES.keySet().stream().sorted().toList();
    return wrong(written, "%s is none of %s, lower".formatted(what, String.join(", ", known)));
  }

  private static IllegalArgumentException wrong(String written, String why) {
    return new IllegalArgumentException(
        "'index' = '%s' is no pattern of an index: %s; write it as 'flights-{departed_at:%%Y.%%m.%%d}', 'flights-{airline}' or 'flights-{airline:lower}'"
            .formatted(written, why));
  }
}
