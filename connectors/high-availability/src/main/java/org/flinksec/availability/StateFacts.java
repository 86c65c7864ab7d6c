// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.AbstractChannelStateHandle;
import org.apache.flink.runtime.state.AbstractMergedChannelStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StateObject;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateHandleStreamImpl;
import org.apache.flink.runtime.state.filemerging.SegmentFileStateHandle;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What the metadata of a checkpoint or savepoint tells: whose state it is, and in which files.
 *
 * <p>Nothing but the metadata is read. A kind of handle that this class does not know is named, as
 * its files cannot be.
 */
final class StateFacts {
  private static final String METADATA = "_metadata";
  private static final Pattern CHECKPOINT = Pattern.compile("chk-(\\d{1,18})");

  private final Map<String, Long> files = new TreeMap<>();
  private final Collection<String> unknown = new TreeSet<>();

  private StateFacts() {}

  /**
   * Reads one.
   *
   * @param uri of its directory
   * @param facts gets them
   * @param opensAll whether to open each file that it names, and not only those where nobody but
   *     Flink can look
   */
  static void read(String uri, ObjectNode facts, boolean opensAll) throws IOException {
    CheckpointMetadata metadata = load(uri);
    facts.put("number", metadata.getCheckpointId());
    var properties = metadata.getCheckpointProperties();
    facts.put("ends_job", properties != null && properties.isSynchronous());
    StateFacts seen = new StateFacts();
    var operators = facts.putArray("operators");
    for (OperatorState state : metadata.getOperatorStates()) {
      describe(state, operators.addObject());
      seen.addAll(state);
    }
    var files = facts.putArray("files");
    for (var file : seen.files.entrySet()) {
      ObjectNode described = files.addObject();
      described.put("uri", file.getKey()).put("bytes", file.getValue());
      if (opensAll || !new Path(file.getKey()).toUri().getScheme().endsWith("file")) {
        described.put("error", open(file.getKey(), file.getValue()));
      }
    }
    seen.unknown.forEach(facts.putArray("unknown")::add);
  }

  /**
   * Finds the checkpoint of a running job that has taken the place of one.
   *
   * @return null if that one is still there, or there is none
   */
  static String newerThan(String uri) throws IOException {
    Path gone = new Path(uri);
    var fileSystem = gone.getFileSystem();
    // Flink removes the metadata first, and the directory last.
    if (!CHECKPOINT.matcher(gone.getName()).matches()
        || fileSystem.exists(new Path(gone, METADATA))) {
      return null;
    }
    String newest = null;
    long highest = -1;
    for (var found : fileSystem.listStatus(gone.getParent())) {
      var named = CHECKPOINT.matcher(found.getPath().getName());
      if (named.matches() && Long.parseLong(named.group(1)) > highest) {
        if (fileSystem.exists(new Path(found.getPath(), METADATA))) {
          highest = Long.parseLong(named.group(1));
          newest = gone.getParent() + "/" + named.group();
        }
      }
    }
    return newest;
  }

  private static CheckpointMetadata load(String uri) throws IOException {
    Path path = new Path(uri + "/" + METADATA);
    try (var stream = new DataInputStream(path.getFileSystem().open(path))) {
      return Checkpoints.loadCheckpointMetadata(
          stream, Thread.currentThread().getContextClassLoader(), uri);
    }
  }

  /** What keeps a file from being read, where nobody but Flink can look; null is nothing. */
  private static String open(String uri, long length) {
    Path path = new Path(uri);
    try (var stream = path.getFileSystem().open(path)) {
      long there = path.getFileSystem().getFileStatus(path).getLen();
      if (length >= 0 && there != length) {
        return "it has " + there + " bytes, and the checkpoint names " + length;
      }
      // A sealed file is opened with its key by the first byte at the latest.
      stream.read();
      return null;
    } catch (Exception error) {
      return error.getMessage() == null ? error.toString() : error.getMessage();
    }
  }

  private static void describe(OperatorState state, ObjectNode facts) {
    facts.put("id", state.getOperatorID().toHexString());
    facts.put("uid", state.getOperatorUid().orElse(null));
    facts.put("name", state.getOperatorName().orElse(null));
    facts.put("parallelism", state.getParallelism());
    facts.put("max_parallelism", state.getMaxParallelism());
    facts.put("bytes", state.getStateSize());
    facts.put("has_state", Operators.hasState(state));
  }

  private void addAll(OperatorState state) {
    if (state.getCoordinatorState() != null) {
      add(state.getCoordinatorState());
    }
    for (OperatorSubtaskState subtask : state.getStates()) {
      subtask.getManagedOperatorState().forEach(this::add);
      subtask.getRawOperatorState().forEach(this::add);
      subtask.getManagedKeyedState().forEach(this::add);
      subtask.getRawKeyedState().forEach(this::add);
      subtask.getInputChannelState().forEach(this::add);
      subtask.getResultSubpartitionState().forEach(this::add);
    }
  }

  private void add(StateObject handle) {
    if (handle instanceof OperatorStateHandle operator) {
      add(operator.getDelegateStateHandle());
    } else if (handle instanceof KeyGroupsStateHandle groups) {
      add(groups.getDelegateStateHandle());
    } else if (handle instanceof IncrementalRemoteKeyedStateHandle incremental) {
      add(incremental.getMetaDataStateHandle());
      addLocal(incremental.getSharedState());
      addLocal(incremental.getPrivateState());
    } else if (handle instanceof ChangelogStateBackendHandle changelog) {
      changelog.getMaterializedStateHandles().forEach(this::add);
      changelog.getNonMaterializedStateHandles().forEach(this::add);
    } else if (handle instanceof ChangelogStateHandleStreamImpl changes) {
      changes.getHandlesAndOffsets().forEach(pair -> add(pair.f0));
    } else if (handle instanceof AbstractChannelStateHandle<?> channel) {
      add(channel.getDelegate());
    } else if (handle instanceof AbstractMergedChannelStateHandle<?, ?> channels) {
      add(channels.getDelegate());
    } else if (handle instanceof SegmentFileStateHandle segment) {
      // A part of a file that several share, so its length is not that of the file.
      files.putIfAbsent(segment.getFilePath().toUri().toString(), -1L);
    } else if (handle instanceof StreamStateHandle stream) {
      addStream(stream);
    } else {
      unknown.add(handle.getClass().getName());
    }
  }

  private void addLocal(Collection<HandleAndLocalPath> handles) {
    handles.forEach(each -> add(each.getHandle()));
  }

  private void addStream(StreamStateHandle stream) {
    if (stream.maybeGetPath().isPresent()) {
      files.put(stream.maybeGetPath().get().toUri().toString(), stream.getStateSize());
    } else if (stream.asBytesIfInMemory().isEmpty()) {
      unknown.add(stream.getClass().getName());
    }
  }
}
