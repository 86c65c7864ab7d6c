// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;
import org.apache.flink.types.Row;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;

/**
 * In which directory a row is written, by what its fields hold and by its event time.
 *
 * <p>Used by one thread.
 */
public final class Partitions implements BucketAssigner<Object, String> {
  private static final long serialVersionUID = 1L;
  private static final int REMEMBERED = 10_000;
  private static final String SEPARATOR = "/";

  private final List<List<Part>> levels;

  /** One piece of a directory's name. */
  private interface Part extends Serializable {
    String text(Object element, Context context);
  }

  private Partitions(List<List<Part>> levels) {
    this.levels = levels;
  }

  /** The directory itself. */
  public static Partitions none() {
    return new Partitions(List.of());
  }

  /**
   * @param rowType of the rows
   * @param parts of the pattern: {@code /} between two levels, {@code =TEXT}, {@code {FIELD}, {@code
   *     {FIELD:FORMAT}; an empty field is the event time
   * @param target what is written to, for messages
   * @throws FormatException if the rows have no such field, or one that makes no name
   */
  public static Partitions of(TypeInformation<?> rowType, List<String> parts, String target) {
    Shape shape = Shape.of(rowType);
    List<List<Part>> levels = new ArrayList<>(List.of(new ArrayList<>()));
    for (String part : parts) {
      if (part.equals(SEPARATOR)) {
        levels.add(new ArrayList<>());
        continue;
      }
      String text = part.substring(1);
      if (part.charAt(0) == '=') {
        levels.get(levels.size() - 1).add((element, context) -> text);
        continue;
      }
      int colon = text.indexOf(':');
      String field = colon < 0 ? text : text.substring(0, colon);
      TimePattern format = colon < 0 ? null : new TimePattern(text.substring(colon + 1));
      levels.get(levels.size() - 1).add(part(shape, field, format, target));
    }
    return new Partitions(levels);
  }

  private static Part part(Shape shape, String field, TimePattern format, String target) {
    if (field.isEmpty()) {
      return new Cached(new EventTime(), format);
    }
    List<Integer> path = new ArrayList<>();
    Shape found = shape;
    for (String step : field.split("\\.", -1)) {
      int position = found.kind() == Shape.Kind.ROW ? found.position(step) : -1;
      if (position < 0) {
        throw new FormatException(
            "the partitions of %s are by {%s}, and its records have %s"
                .formatted(target, field, String.join(", ", shape.names())));
      }
      path.add(position);
      found = found.fields().get(position).shape();
    }
    String problem = problem(found.kind(), format);
    if (problem != null) {
      throw new FormatException(
          "the partitions of %s are by {%s}, which %s".formatted(target, field, problem));
    }
    return new Cached(new FieldOf(path.stream().mapToInt(Integer::intValue).toArray()), format);
  }

  private static String problem(Shape.Kind kind, TimePattern format) {
    return switch (kind) {
      case DATETIME ->
          format == null ? "is a datetime: say how it is written, as {…:%Y-%m-%d}" : null;
      case DATE -> null;
      case STR, INT, INT32, BOOL, UUID, ENUM ->
          format == null ? null : "is no time, and is written as it is: leave the format out";
      default ->
          "makes no name of a directory: take a str, an int, a bool, a UUID, an Enum or a time";
    };
  }

  @Override
  public String getBucketId(Object element, Context context) {
    if (levels.isEmpty()) {
      return "";
    }
    StringBuilder path = new StringBuilder();
    for (List<Part> level : levels) {
      StringBuilder name = new StringBuilder();
      for (Part part : level) {
        name.append(part.text(element, context));
      }
      path.append(path.isEmpty() ? "" : SEPARATOR)
          .append(PartitionNames.directory(name.toString()));
    }
    return path.toString();
  }

  @Override
  public SimpleVersionedSerializer<String> getSerializer() {
    return SimpleVersionedStringSerializer.INSTANCE;
  }

  /** Takes a value out of a row. */
  private interface Taken extends Serializable {
    Object value(Object element, Context context);
  }

  private static final class EventTime implements Taken {
    private static final long serialVersionUID = 1L;

    @Override
    public Object value(Object element, Context context) {
      Long millis = context.timestamp();
      // Flink gives records without a time the least one of all.
      return millis == null || millis == Long.MIN_VALUE ? null : Instant.ofEpochMilli(millis);
    }
  }

  private record FieldOf(int[] path) implements Taken {
    @Override
    public Object value(Object element, Context context) {
      Object value = element;
      for (int position : path) {
        value = value == null ? null : ((Row) value).getField(position);
      }
      return value;
    }
  }

  /** The escaped text of a value, remembered, since many rows have the same. */
  private static final class Cached implements Part {
    private static final long serialVersionUID = 1L;

    private final Taken taken;
    private final TimePattern format;
    private transient Map<Object, String> known;

    Cached(Taken taken, TimePattern format) {
      this.taken = taken;
      this.format = format;
    }

    @Override
    public String text(Object element, Context context) {
      Object value = taken.value(element, context);
      if (value == null) {
        return PartitionNames.NONE;
      }
      Object key = format == null ? value : Math.floorDiv(second(value), format.seconds());
      if (known == null || known.size() > REMEMBERED) {
        known = new HashMap<>();
      }
      return known.computeIfAbsent(key, this::written);
    }

    private String written(Object key) {
      return PartitionNames.escaped(
          format == null ? key.toString() : format.write((Long) key * format.seconds()));
    }

    private static long second(Object value) {
      return value instanceof LocalDate date
          ? date.toEpochDay() * 86_400
          : ((Instant) value).getEpochSecond();
    }
  }
}
