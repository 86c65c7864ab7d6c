// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.connector.file.sink.compactor.FileCompactStrategy;
import org.apache.flink.connector.file.sink.compactor.FileCompactor;
import org.apache.flink.connector.file.sink.compactor.operator.CompactorOperator;
import org.apache.flink.connector.file.sink.compactor.operator.CompactorRequest;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketWriter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.util.function.SerializableSupplierWithException;

/**
 * Flink's operators that merge files, which also merge all of a restored state at the end of their
 * input.
 *
 * <p>Flink's own takes the first checkpoint for the last one that it knows of until the next one is
 * made. Where the input ends before that, it leaves unmerged, and hidden for ever, what the
 * checkpoint that it was restored from has of later ones.
 */
final class Compactors
    extends AbstractStreamOperatorFactory<CommittableMessage<FileSinkCommittable>>
    implements OneInputStreamOperatorFactory<
        CompactorRequest, CommittableMessage<FileSinkCommittable>> {
  private static final long serialVersionUID = 1L;

  private final FileCompactStrategy strategy;
  private final FileCompactor files;
  private final Supplier<SimpleVersionedSerializer<FileSinkCommittable>> serializer;
  private final Supplier<BucketWriter<?, String>> writer;

  /** What Flink takes to make something in a task. */
  interface Supplier<T> extends SerializableSupplierWithException<T, IOException> {}

  Compactors(
      FileCompactStrategy strategy,
      FileCompactor files,
      Supplier<SimpleVersionedSerializer<FileSinkCommittable>> serializer,
      Supplier<BucketWriter<?, String>> writer) {
    this.strategy = strategy;
    this.files = files;
    this.serializer = serializer;
    this.writer = writer;
  }

  @Override
  @SuppressWarnings("unchecked") // as Flink asks for it
  public <T extends StreamOperator<CommittableMessage<FileSinkCommittable>>> T createStreamOperator(
      StreamOperatorParameters<CommittableMessage<FileSinkCommittable>> parameters) {
    try {
      return (T) new Compactor(parameters, strategy, serializer.get(), files, writer.get());
    } catch (IOException e) {
      throw new IllegalStateException("files cannot be merged", e);
    }
  }

  @Override
  @SuppressWarnings("rawtypes") // as Flink asks for it
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return Compactor.class;
  }

  private static final class Compactor extends CompactorOperator {
    private static final long serialVersionUID = 1L;

    Compactor(
        StreamOperatorParameters<CommittableMessage<FileSinkCommittable>> parameters,
        FileCompactStrategy strategy,
        SimpleVersionedSerializer<FileSinkCommittable> serializer,
        FileCompactor files,
        BucketWriter<?, String> writer) {
      super(parameters, strategy, serializer, files, writer);
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
      super.initializeState(context);
      if (context.getRestoredCheckpointId().isPresent()) {
        // It takes note of the number, and has nothing to say yet.
        prepareSnapshotPreBarrier(context.getRestoredCheckpointId().getAsLong());
      }
    }
  }
}
