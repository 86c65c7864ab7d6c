// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.UUID;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.AbstractFileCheckpointStorageAccessTestBase;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Flink's own tests of checkpoint storage, on sealed paths. */
@ExtendWith(CheckpointStorageTest.ComparesWithLocalPaths.class)
class CheckpointStorageTest extends AbstractFileCheckpointStorageAccessTestBase {
  private static final int THRESHOLD = 1024;
  private static final int BUFFER = 4096;

  /** Two of the tests expect paths of the scheme file; {@link CheckpointStreamsTest} has theirs. */
  static final class ComparesWithLocalPaths implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String name = context.getTestMethod().map(Method::getName).orElse("");
      return name.startsWith("testSavepointPathConfigured")
          ? ConditionEvaluationResult.disabled("it expects a path of the scheme file")
          : ConditionEvaluationResult.enabled("");
    }
  }

  @BeforeEach
  void register() throws IOException {
    Registered.with(tmp);
  }

  @Override
  public Path randomTempPath() {
    return Registered.sealed(tmp.resolve("state").resolve(UUID.randomUUID().toString()));
  }

  @Override
  protected CheckpointStorageAccess createCheckpointStorage(
      Path directory, boolean createSubDirectories) throws Exception {
    return new FsCheckpointStorageAccess(
        directory, null, createSubDirectories, new JobID(), THRESHOLD, BUFFER);
  }

  @Override
  protected CheckpointStorageAccess createCheckpointStorageWithSavepointDir(
      Path directory, Path savepoints, boolean createSubDirectories) throws Exception {
    return new FsCheckpointStorageAccess(
        directory, savepoints, createSubDirectories, new JobID(), THRESHOLD, BUFFER);
  }

  @AfterEach
  void everyFileIsSealed() throws IOException {
    java.nio.file.Path state = tmp.resolve("state");
    if (Files.exists(state)) {
      assertThat(Registered.plaintextFiles(state)).isZero();
    }
  }
}
