// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.flink.core.fs.Path;
import org.apache.flink.table.utils.PartitionPathUtils;
import org.junit.jupiter.api.Test;

/** Names of directories, held against Flink's own reader of Hive's names. */
class PartitionNamesTest {
  private static final List<String> ODD =
      List.of(
          "",
          " ",
          ":",
          "/",
          "=",
          "%",
          "%41",
          "..",
          "_",
          ".",
          "\\",
          "a b",
          "\0",
          "\n",
          "\u007f",
          "'",
          "\"",
          "{",
          "}",
          "[",
          "]",
          "^",
          "*",
          "?",
          "#",
          "ü",
          "長",
          "\ud83d\ude00",
          "x",
          "é");

  private static String random(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(8); i >= 0; i--) {
      text.append(ODD.get(random.nextInt(ODD.size())));
    }
    return text.toString();
  }

  @Test
  void whateverAValueHoldsItsNameIsReadBackByFlink() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      String value = random(random);
      String name = PartitionNames.directory("x=" + PartitionNames.escaped(value));
      Path path = new Path(new Path("hdfs://a:1/base"), name);
      assertThat(path.getParent()).isEqualTo(new Path("hdfs://a:1/base"));
      assertThat(path.getName()).isEqualTo(name);
      Map<String, String> read = PartitionPathUtils.extractPartitionSpecFromPath(path);
      String expected = value.isEmpty() ? PartitionNames.NONE : value;
      assertThat(read).isEqualTo(new LinkedHashMap<>(Map.of("x", expected)));
    }
  }

  @Test
  void whatHiveEscapesIsEscapedAsByFlinkAndNothingElseButBlanksAround() {
    for (char c = 1; c < 0x250; c++) {
      String text = "a" + c + "b";
      String flink =
          PartitionPathUtils.generatePartitionPath(new LinkedHashMap<>(Map.of("x", text)));
      assertThat("x=" + PartitionNames.escaped(text) + "/").isEqualTo(flink);
    }
    assertThat(PartitionNames.escaped(" a b ")).isEqualTo("%20a b%20");
    assertThat(PartitionNames.escaped("\0")).isEqualTo("%00");
  }

  @Test
  void nullAndTheEmptyTextAreHivesDefaultPartition() {
    assertThat(PartitionNames.escaped(null)).isEqualTo("__HIVE_DEFAULT_PARTITION__");
    assertThat(PartitionNames.escaped("")).isEqualTo("__HIVE_DEFAULT_PARTITION__");
    assertThat(PartitionNames.directory(PartitionNames.NONE)).isEqualTo(PartitionNames.NONE);
  }

  @Test
  void noDirectoryIsHiddenOrTheOneAbove() {
    assertThat(PartitionNames.directory("..")).isEqualTo("%2E.");
    assertThat(PartitionNames.directory(".a")).isEqualTo("%2Ea");
    assertThat(PartitionNames.directory("_SUCCESS")).isEqualTo("%5FSUCCESS");
  }

  @Test
  void aNameIsNeverLongerThanHdfsTakesAndTwoStayTwo() {
    Random random = new Random(2);
    Set<String> values = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      String value = ODD.get(random.nextInt(ODD.size())).repeat(100) + random(random).repeat(20);
      String name = PartitionNames.directory("x=" + PartitionNames.escaped(value));
      assertThat(name.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(255);
      assertThat(name).doesNotContainPattern("%([^0-9A-F]|.[^0-9A-F])").startsWith("x=");
      if (!value.isEmpty() && values.add(value)) {
        assertThat(names.add(name)).isTrue();
      }
    }
  }

  @Test
  void whatStandsInANameIsReadBackAsItWas() {
    Random random = new Random(20241230);
    for (int i = 0; i < 2000; i++) {
      String text = random(random);
      PartitionNames.Named read =
          PartitionNames.read(PartitionNames.directory("a b=" + PartitionNames.escaped(text)));
      assertThat(read).isEqualTo(new PartitionNames.Named("a b", text.isEmpty() ? null : text));
    }
    String longest = PartitionNames.directory("a=" + "\u9577".repeat(200));
    assertThat(PartitionNames.read(longest)).as("a name that was cut off says nothing").isNull();
    assertThat(PartitionNames.read("a=%C3%BC%zz%"))
        .isEqualTo(new PartitionNames.Named("a", "ü%zz%"));
    assertThat(PartitionNames.read("2024-12-30")).isNull();
  }
}
