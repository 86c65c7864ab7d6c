// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateTypesTest {
  private static String row(String... fields) {
    return value("{'kind':'row','nullable':true,'fields':[" + String.join(",", fields) + "]}");
  }

  private static String field(String name, String kind, boolean nullable, boolean hasDefault) {
    return "{'name':'%s','type':{'kind':'%s','nullable':%s},'default':%s}"
        .formatted(name, kind, nullable, hasDefault);
  }

  private static String value(String part) {
    return "{'kind':'value','nullable':true,'parts':[" + part + "]}";
  }

  private static void restore(String stored, String declared) throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(64);
    TypeSerializerSnapshot.writeVersionedSnapshot(
        out, new BlobSerializer("totals", json(stored)).snapshotConfiguration());
    TypeSerializerSnapshot<byte[]> old =
        TypeSerializerSnapshot.readVersionedSnapshot(
            new DataInputDeserializer(out.getCopyOfBuffer()),
            StateTypesTest.class.getClassLoader());
    assertThat(old.restoreSerializer()).isEqualTo(new BlobSerializer("totals", json(stored)));
    assertThat(
            new BlobSerializer("totals", json(declared))
                .snapshotConfiguration()
                .resolveSchemaCompatibility(old)
                .isCompatibleAsIs())
        .isTrue();
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }

  @Test
  void whatCanBeReadFromWhatIsStoredIsAccepted() throws Exception {
    String a = field("a", "int", false, false);
    restore(row(a), row(a));
    restore(row(a), row(a, field("b", "str", false, true)));
    restore(row(a), row(field("b", "str", true, true), a));
    restore(row(a), row(field("a", "int", true, false)));
    restore(row(field("a", "int32", false, false)), row(a));
    restore(value("{'kind':'enum','symbols':['x']}"), value("{'kind':'enum','symbols':['y','x']}"));
    restore(
        value("{'kind':'decimal','precision':5,'scale':2}"),
        value("{'kind':'decimal','precision':9,'scale':3}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a int false false | a str false false | the field 'a' was int and is str",
        "a int false false | b int false true | the field 'a' is gone",
        "a int true false | a int false false | the field 'a' could be None and no longer can",
      })
  void whatCannotIsRefusedByTheNameOfStateAndField(String stored, String declared, String why) {
    String[] was = stored.trim().split(" ");
    String[] is = declared.trim().split(" ");
    assertThatThrownBy(() -> restore(row(of(was)), row(of(is))))
        .isInstanceOf(StateTypes.OtherTypeException.class)
        .hasMessageStartingWith(
            "the state 'totals' cannot be read as the job declares it now: " + why.trim());
  }

  private static String of(String[] field) {
    return field(
        field[0], field[1], Boolean.parseBoolean(field[2]), Boolean.parseBoolean(field[3]));
  }

  @Test
  void everyOtherChangeIsRefusedToo() {
    String a = field("a", "int", false, false);
    refused(row(a), row(a, field("b", "str", true, false)), "the new field 'b' has no default");
    refused(
        value("{'kind':'tuple','parts':[{'kind':'int'},{'kind':'int'}]}"),
        value("{'kind':'tuple','parts':[{'kind':'int'}]}"),
        "what it holds had 2 parts and has 1");
    refused(
        value("{'kind':'enum','symbols':['x','y']}"),
        value("{'kind':'enum','symbols':['x']}"),
        "what it holds could be \"y\" and no longer can");
    refused(
        value("{'kind':'decimal','precision':9,'scale':3}"),
        value("{'kind':'decimal','precision':9,'scale':2}"),
        "what it holds had more digits");
    refused(
        value("{'kind':'int'}"),
        "{'kind':'list','nullable':true,'parts':[{'kind':'int'}]}",
        "it was a state of the kind value and is a state of the kind list");
  }

  private static void refused(String stored, String declared, String why) {
    assertThatThrownBy(() -> restore(stored, declared)).hasMessageContaining(why);
  }

  @Test
  void stateOfPyFlinksOwnWayIsRefused() {
    assertThatThrownBy(
            () ->
                new BlobSerializer("totals", json(value("{'kind':'int'}")))
                    .snapshotConfiguration()
                    .resolveSchemaCompatibility(
                        BytePrimitiveArraySerializer.INSTANCE.snapshotConfiguration()))
        .hasMessageStartingWith("the state 'totals' was written by PyFlink's own way");
  }
}
