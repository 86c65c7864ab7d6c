// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Names that are read letter by letter, against the regular expressions of the specification. */
class NamesTest {
  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern JOB = Pattern.compile("[A-Za-z0-9._~-]{0,80}");
  private static final Pattern BOUND =
      Pattern.compile(
          "(.*/+)?((chk-[0-9]+|shared|taskowned|job_[0-9a-f]{32}|no_job)/+[^/]+"
              + "|(completedCheckpoint|submittedExecutionPlan)[0-9a-f]+)/*");
  private static final Pattern MOVABLE = Pattern.compile("(.*/+)?savepoint-[^/]*/+[^/]+/*");

  private static final List<String> PARTS =
      List.of(
          "chk-",
          "chk-1",
          "chk-12x",
          "chk-٣",
          "shared",
          "sharedx",
          "taskowned",
          "no_job",
          "job_",
          "job_" + "0f".repeat(16),
          "job_" + "0F".repeat(16),
          "job_" + "0f".repeat(17),
          "completedCheckpoint",
          "completedCheckpoint0af",
          "completedCheckpoint0g",
          "submittedExecutionPlan1",
          "xcompletedCheckpoint1",
          "savepoint-",
          "savepoint-a",
          "savepoint",
          "_metadata",
          "a",
          "",
          "/");

  @Test
  void aPathHasThePolicyThatTheExpressionsGive() {
    Random random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      StringBuilder path = new StringBuilder();
      for (int part = random.nextInt(5); part >= 0; part--) {
        path.append(PARTS.get(random.nextInt(PARTS.size())));
        path.append("/".repeat(random.nextInt(3)));
      }
      String text = path.toString();
      NamePolicy expected =
          BOUND.matcher(text).matches()
              ? NamePolicy.ENFORCE
              : MOVABLE.matcher(text).matches() ? NamePolicy.WARN : NamePolicy.IGNORE;
      assertThat(NamePolicy.of(text)).as(text).isEqualTo(expected);
    }
  }

  @Test
  void aKeyIdOrAJobIsWhatTheExpressionsSay() {
    Random random = new Random(2);
    String letters = "aZ09._-~ /é\n\0";
    for (int i = 0; i < 50_000; i++) {
      StringBuilder name = new StringBuilder();
      int limit = i % 2 == 0 ? 4 : 90;
      for (int size = random.nextInt(limit); size > 0; size--) {
        name.append(letters.charAt(random.nextInt(i % 3 == 0 ? letters.length() : 7)));
      }
      String text = name.toString();
      assertThat(KeySlot.isKeyId(text)).as(text).isEqualTo(KEY_ID.matcher(text).matches());
      assertThat(WrappedKey.isJob(text)).as(text).isEqualTo(JOB.matcher(text).matches());
    }
  }
}
