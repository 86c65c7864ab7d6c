// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailuresTest {
  private final Failures failures = new Failures();

  @Test
  void aFailureThatRepeatsIsCountedAndItsFirstTimeKept() {
    for (int time = 1; time <= 3; time++) {
      assertThat(failures.meet(failure("away"), 100L * time))
          .isEqualTo(new Failures.Told(100, time, "IOException"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Topic a not present in metadata after 8000 ms.,Topic a not present in metadata after 8012 ms.",
    "consumed = 1656750 B = 1.58 MB,consumed = 2726298 B = 2.60 MB",
    "consumed = 900 B = 900 B,consumed = 1048576 B = 1 MB",
    "the disk is full to 95.2%,the disk is full to 96%",
    "waited 12s,waited 1.5s",
    "Expiring 3 record(s) for a-0:8001 ms has passed,Expiring 17 record(s) for a-0:8000 ms has passed",
    "attempt #4 of task (1/2),attempt #5 of task (2/2)",
    "object@1f2e is closed,object@77aa is closed",
    "job 0123456789abcdef0123456789abcdef failed,job 1123456789abcdef0123456789abcdee failed",
    "Cannot create file/d/a=1/.part-01234567-0-a-0.json.inprogress.0b5e7d1c-4f6d-4d0e-9d51-7fb5ae1b6d0e. Name,Cannot create file/d/a=2/.part-01234567-1-b-0.json.inprogress.1b5e7d1c-4f6d-4d0e-9d51-7fb5ae1b6d0e. Name",
  })
  void numbersThatStandAloneMakeNoOtherFailure(String one, String other) {
    assertThat(times(one, other)).containsExactly(1L, 2L);
  }

  @ParameterizedTest
  @CsvSource({
    "Topic a not present,Topic b not present",
    "Topic orders-1 not present,Topic orders-2 not present",
    "Topic v1.2 not present,Topic v1.3 not present",
    "cannot connect to node2,cannot connect to node3",
    "cannot connect to 10.0.0.1,cannot connect to 10.0.0.2",
  })
  void whatIsSaidOfSomethingElseIsAnotherFailure(String one, String other) {
    assertThat(times(one, other)).containsExactly(1L, 1L);
  }

  @Test
  void whatAServerOfHadoopThrewIsTheCauseAndNotWhatItsClientThrows() {
    IOException remote =
        new IOException() {
          @Override
          public String toString() {
            return "org.apache.hadoop.ipc.RemoteException(org.apache.hadoop.hdfs.SafeModeException): x";
          }
        };
    assertThat(failures.meet(remote, 0).cause()).isEqualTo("SafeModeException");
    assertThat(Advice.about(Failures.classes(remote))).isPresent();
  }

  @Test
  void whatTheRootsSurroundingsSayIsNotCompared() {
    IOException root = failure("away");
    assertThat(failures.meet(new IllegalStateException("attempt abc", root), 0).times()).isOne();
    assertThat(failures.meet(new IllegalStateException("attempt xyz", root), 0).times())
        .isEqualTo(2);
    assertThat(failures.meet(new IllegalArgumentException("attempt xyz", root), 0).times()).isOne();
  }

  @Test
  void aFailureInAnotherWrapperIsTheSame() {
    IOException root = failure("away");
    assertThat(failures.meet(new CompletionException(root), 0).times()).isOne();
    assertThat(failures.meet(new RuntimeException("failed", root), 0).times()).isEqualTo(2);
    assertThat(failures.meet(new RuntimeException("alone"), 0).times()).isOne();
    assertThat(failures.meet(new RuntimeException("other"), 0).times()).isOne();
  }

  @Test
  void theSameWordsFromAnotherPlaceAreAnotherFailure() {
    assertThat(failures.meet(failure("away"), 0).times()).isOne();
    assertThat(failures.meet(elsewhere("away"), 0).times()).isOne();
  }

  @Test
  void aFailureIsToldWholeAgainAfterAWhile() {
    failures.meet(failure("away"), 0);
    long last = Failures.FORGOTTEN_AFTER_MILLIS - 1;
    assertThat(failures.meet(failure("away"), last).times()).isEqualTo(2);
    assertThat(failures.meet(failure("away"), last + 1).times()).isOne();
  }

  @Test
  void whatStandsForAnExceptionIsCalledAsThatCallsItself() {
    Exception stands =
        new Exception("away") {
          @Override
          public String toString() {
            return "org.example.TimeoutException: away";
          }
        };
    assertThat(failures.meet(stands, 0).cause()).isEqualTo("TimeoutException");
    Exception silent =
        new Exception("away") {
          @Override
          public String toString() {
            return "a secret, as this is no class: away";
          }
        };
    assertThat(failures.meet(silent, 0).cause()).doesNotContain("secret");
  }

  @Test
  void aCauseOfItselfAndManyFailuresEnd() {
    IOException one = failure("one");
    one.initCause(new IOException("two", one));
    assertThat(failures.meet(one, 0).times()).isOne();
    IntStream.range(0, 10_000).forEach(number -> failures.meet(failure("topic-" + number), 0));
    assertThat(failures.meet(one, 0).times()).isOne();
  }

  private List<Long> times(String... messages) {
    return List.of(messages).stream()
        .map(message -> failures.meet(failure(message), 0).times())
        .toList();
  }

  private static IOException failure(String message) {
    return new IOException(message);
  }

  private static IOException elsewhere(String message) {
    return new IOException(message);
  }
}
