// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

/** With programs of the shell in the place of Python. */
class ProcessPythonTest {
  private static ProcessPython python(String program, long mostBytes) {
    return new ProcessPython(
        new ProcessPython.ProcessStart(
            List.of("/bin/sh", "-c", program), Map.of("PATH", "/usr/bin:/bin"), null, mostBytes),
        new byte[] {1, 2, 3},
        new ProcessMetrics(new UnregisteredMetricsGroup()));
  }

  @Test
  void aProcessThatEndsIsToldWithItsCode() {
    ProcessPython python = python("cat >/dev/null & exit 3", Long.MAX_VALUE);
    assertThatThrownBy(python::load)
        .isInstanceOf(PythonProcessException.class)
        .hasMessageMatching("the process \\d+ of a Python function has ended with code 3; .*");
    python.end();
  }

  @Test
  void aProcessThatIsKilledIsToldWithTheSignal() {
    ProcessPython python = python("kill -9 $$", Long.MAX_VALUE);
    assertThatThrownBy(python::load)
        .hasMessageContaining("was ended by signal 9 (SIGKILL), as the machine or container does");
    python.end();
  }

  @Test
  void aProcessThatTakesTooMuchMemoryIsEnded() throws Exception {
    // An answer of two items, null and the text "f", and no more.
    ProcessPython python = python("printf 'a\\0\\0\\0\\4\\222\\300\\241f'; exec sleep 1000", 1);
    assertThat(python.load()).isEqualTo("f");
    assertThatThrownBy(python::check)
        .hasMessageMatching(
            "the process \\d+ of f has \\d+ MiB of memory, more than the 0 MiB of"
                + " python.process_memory, and was ended");
    assertThat(python.close()).isNull();
    python.check(); // which says it once
    python.end();
  }

  @Test
  void aProcessThatDoesNotEndWithItsPipeIsKilled() throws Exception {
    ProcessPython python =
        python("printf 'a\\0\\0\\0\\4\\222\\300\\241f'; exec sleep 1000", Long.MAX_VALUE);
    python.load();
    python.check();
    python.kill();
    assertThat(python.close()).isNull();
    python.end();
  }

  @Test
  void aProcessWhoseStateIsRefusedIsAskedNothingMore() throws Exception {
    // The state s of type t, where there are no states; what else it says is not awaited.
    String state = "printf 's\\0\\0\\0\\7\\224\\241s\\241t\\302\\300'";
    ProcessPython python =
        python("printf 'a\\0\\0\\0\\4\\222\\300\\241f';" + state + ";" + state + "; cat", 1L << 40);
    python.load();
    assertThatThrownBy(() -> python.call(new byte[0])).isInstanceOf(RuntimeException.class);
    assertThat(python.close()).isNull();
    python.end();
  }

  @Test
  void aProcessHasNoVariablesThatItIsNotGiven() throws Exception {
    ProcessPython python =
        python(
            "n=$(tr '\\0' '\\n' </proc/self/environ | grep -cv ^PATH=);"
                + "printf 'a\\0\\0\\0\\4\\222\\300\\241'; printf %s \"$n\"; exec sleep 1000",
            Long.MAX_VALUE);
    assertThat(python.load()).isEqualTo("0");
    python.kill();
    python.end();
  }
}
