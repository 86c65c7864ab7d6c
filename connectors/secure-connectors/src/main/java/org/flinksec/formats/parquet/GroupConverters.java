// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.types.Row;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** How groups of columns become rows, lists and dicts, as the specification of Parquet has them. */
final class GroupConverters {
  private static final String NULL = "is null, which its type does not allow";

  private GroupConverters() {}

  /** What is wrong with the record that is being read: the first of all. */
  static final class Problem {
    private String sentence;

    void forget() {
      sentence = null;
    }

    void found(String path, String what) {
      if (sentence == null) {
        sentence = "field '%s' %s".formatted(path, what);
      }
    }

    void found(String path, BadValueException e) {
      found(path, e.getMessage());
    }

    String sentence() {
      return sentence;
    }
  }

  /**
   * A row.
   *
   * @param path of the row, with a dot at its end; empty for the record
   * @param out gets it
   */
  static GroupConverter row(
      Shape shape, GroupType group, String path, Problem problem, Consumer<Object> out) {
    Row defaults = new Row(shape.fields().size());
    for (int i = 0; i < shape.fields().size(); i++) {
      Shape.Field field = shape.fields().get(i);
      if (!group.containsField(field.wire())) {
        if (!field.hasDefault() && !field.shape().nullable()) {
          throw new FormatException(
              "field '%s%s' is not in the file as '%s', and has no default"
                  .formatted(path, field.name(), field.wire()));
        }
        defaults.setField(i, field.hasDefault() ? field.ifMissing() : null);
      }
    }
    return new RowConverter(shape, group, path, problem, out, defaults);
  }

  private static final class RowConverter extends GroupConverter {
    private final Shape shape;
    private final boolean[] isThere;
    private final String path;
    private final Problem problem;
    private final Consumer<Object> out;
    private final Row defaults;
    private final Converter[] columns;
    private Row row;

    RowConverter(
        Shape shape,
        GroupType group,
        String path,
        Problem problem,
        Consumer<Object> out,
        Row defaults) {
      this.shape = shape;
      this.path = path;
      this.problem = problem;
      this.out = out;
      this.defaults = defaults;
      this.isThere = new boolean[defaults.getArity()];
      this.columns = new Converter[group.getFieldCount()];
      for (int i = 0; i < columns.length; i++) {
        Type column = group.getType(i);
        int position = position(column.getName());
        if (position < 0) {
          columns[i] = PassedOver.of(column);
          continue;
        }
        isThere[position] = true;
        Shape.Field field = shape.fields().get(position);
        columns[i] =
            of(
                field.shape(),
                column,
                path + field.name(),
                problem,
                value -> row.setField(position, value));
      }
    }

    private int position(String wire) {
      for (int i = 0; i < shape.fields().size(); i++) {
        if (shape.fields().get(i).wire().equals(wire)) {
          return i;
        }
      }
      return -1;
    }

    @Override
    public Converter getConverter(int column) {
      return columns[column];
    }

    @Override
    public void start() {
      row = Row.copy(defaults);
    }

    @Override
    public void end() {
      for (int i = 0; i < isThere.length; i++) {
        Shape.Field field = shape.fields().get(i);
        if (isThere[i] && !field.shape().nullable() && row.getField(i) == null) {
          problem.found(path + field.name(), NULL);
        }
      }
      out.accept(row);
    }
  }

  /** A value of any kind. */
  private static Converter of(
      Shape shape, Type column, String path, Problem problem, Consumer<Object> out) {
    return switch (shape.kind()) {
      case ROW -> row(shape, group(shape, column, path), path + ".", problem, out);
      case LIST -> list(shape, group(shape, column, path), path, problem, out);
      case DICT -> dict(shape, group(shape, column, path), path, problem, out);
      default -> ScalarConverters.of(shape, column, path, problem, out);
    };
  }

  private static GroupType group(Shape shape, Type column, String path) {
    if (column.isPrimitive() || column.isRepetition(Repetition.REPEATED)) {
      throw mismatch(shape, column, path);
    }
    return column.asGroupType();
  }

  static FormatException mismatch(Shape shape, Type column, String path) {
    String type =
        column.isPrimitive()
            ? column.asPrimitiveType().getPrimitiveTypeName().toString().toLowerCase(Locale.ROOT)
            : "group";
    LogicalTypeAnnotation logical = column.getLogicalTypeAnnotation();
    return new FormatException(
        "field '%s' is %s%s in the file, which is no %s"
            .formatted(
                path,
                type,
                logical == null ? "" : " (%s)".formatted(logical),
                shape.kind().name().toLowerCase(Locale.ROOT)));
  }

  private static Converter list(
      Shape shape, GroupType group, String path, Problem problem, Consumer<Object> out) {
    if (group.getFieldCount() != 1 || !group.getType(0).isRepetition(Repetition.REPEATED)) {
      throw mismatch(shape, group, path);
    }
    Type repeated = group.getType(0);
    List<Object> items = new ArrayList<>();
    Shape inner = shape.inner();
    String itemPath = path + "[]";
    Converter each;
    if (isItem(repeated, group.getName())) {
      each = of(inner, once(repeated), itemPath, problem, items::add);
    } else {
      each = wrapped(inner, repeated.asGroupType().getType(0), itemPath, problem, items);
    }
    return new Container(
        each, items::clear, () -> out.accept(items.toArray(inner.newArray(items.size()))));
  }

  /** Whether what repeats is an item itself, as old writers have it. */
  private static boolean isItem(Type repeated, String list) {
    return repeated.isPrimitive()
        || repeated.asGroupType().getFieldCount() > 1
        || repeated.getName().equals("array")
        || repeated.getName().equals(list + "_tuple");
  }

  private static Type once(Type repeated) {
    return repeated.isPrimitive()
        ? repeated
        : new GroupType(
            Repetition.REQUIRED, repeated.getName(), repeated.asGroupType().getFields());
  }

  private static Converter wrapped(
      Shape inner, Type element, String path, Problem problem, List<Object> items) {
    Object[] item = new Object[1];
    Converter value = of(inner, element, path, problem, found -> item[0] = found);
    return new Container(
        value,
        () -> item[0] = null,
        () -> {
          if (item[0] == null && !inner.nullable()) {
            problem.found(path, NULL);
          }
          items.add(item[0]);
        });
  }

  private static Converter dict(
      Shape shape, GroupType group, String path, Problem problem, Consumer<Object> out) {
    if (group.getFieldCount() != 1
        || group.getType(0).isPrimitive()
        || !group.getType(0).isRepetition(Repetition.REPEATED)
        || group.getType(0).asGroupType().getFieldCount() != 2) {
      throw mismatch(shape, group, path);
    }
    GroupType pair = group.getType(0).asGroupType();
    Map<String, Object> items = new LinkedHashMap<>();
    Object[] found = new Object[2];
    Shape text = new Shape(Kind.STR, false, null, List.of(), null, List.of(), 0, 0);
    String itemPath = path + "{}";
    Converter key =
        ScalarConverters.of(text, pair.getType(0), itemPath, problem, each -> found[0] = each);
    Converter value =
        of(shape.inner(), pair.getType(1), itemPath, problem, each -> found[1] = each);
    Converter each =
        new GroupConverter() {
          @Override
          public Converter getConverter(int field) {
            return field == 0 ? key : value;
          }

          @Override
          public void start() {
            found[0] = null;
            found[1] = null;
          }

          @Override
          public void end() {
            if (found[0] == null || found[1] == null && !shape.inner().nullable()) {
              problem.found(itemPath, NULL);
            }
            items.put((String) found[0], found[1]);
          }
        };
    return new Container(each, items::clear, () -> out.accept(new LinkedHashMap<>(items)));
  }

  /** A group of one field. */
  private static final class Container extends GroupConverter {
    private final Converter only;
    private final Runnable start;
    private final Runnable end;

    Container(Converter only, Runnable start, Runnable end) {
      this.only = only;
      this.start = start;
      this.end = end;
    }

    @Override
    public Converter getConverter(int field) {
      return only;
    }

    @Override
    public void start() {
      start.run();
    }

    @Override
    public void end() {
      end.run();
    }
  }
}
