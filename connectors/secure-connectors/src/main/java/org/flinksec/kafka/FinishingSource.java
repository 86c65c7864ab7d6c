// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A bounded Kafka source that also ends after it was restored, and where there is nothing to read.
 *
 * <p>The enumerator of Flink's Kafka connector 5.0.0 tells its readers that no more partitions come
 * only when it has just discovered some. Restored from a checkpoint it knows them all, discovers
 * nothing, and the job reads to the end and then waits for ever; and so it does where a pattern
 * matches no topic.
 */
public final class FinishingSource<T, S extends SourceSplit, E>
    implements Source<T, S, E>, ResultTypeQueryable<T> {
  private static final long serialVersionUID = 1L;

  private final Source<T, S, E> source;

  private FinishingSource(Source<T, S, E> source) {
    this.source = source;
  }

  /**
   * Makes a source end.
   *
   * @param source Flink's Kafka source, bounded
   */
  public static <T, S extends SourceSplit, E> FinishingSource<T, S, E> of(Source<T, S, E> source) {
    return new FinishingSource<>(source);
  }

  @Override
  public SplitEnumerator<S, E> restoreEnumerator(SplitEnumeratorContext<S> context, E state)
      throws Exception {
    SettlingContext<S> ending = ending(context);
    return new SettlingEnumerator<>(source.restoreEnumerator(ending, state), ending);
  }

  @Override
  public SplitEnumerator<S, E> createEnumerator(SplitEnumeratorContext<S> context)
      throws Exception {
    SettlingContext<S> ending = ending(context);
    return new SettlingEnumerator<>(source.createEnumerator(ending), ending);
  }

  private static <S extends SourceSplit> SettlingContext<S> ending(
      SplitEnumeratorContext<S> context) {
    return new SettlingContext<>(context, context::signalNoMoreSplits);
  }

  @Override
  public SourceReader<T, S> createReader(SourceReaderContext context) throws Exception {
    return source.createReader(context);
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SimpleVersionedSerializer<S> getSplitSerializer() {
    return source.getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<E> getEnumeratorCheckpointSerializer() {
    return source.getEnumeratorCheckpointSerializer();
  }

  @Override
  @SuppressWarnings("unchecked") // Flink's Kafka source tells its type by this interface
  public TypeInformation<T> getProducedType() {
    return ((ResultTypeQueryable<T>) source).getProducedType();
  }
}
