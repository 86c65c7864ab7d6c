// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.flinksec.badrecords.Lineage;
import org.flinksec.rows.Shape;

/** Makes operators that run Python functions in batches; called by Python. */
public final class BatchFunctions {
  private static final String PICKLED =
      "org.apache.flink.streaming.api.typeinfo.python.PickledByteArrayTypeInfo";

  private BatchFunctions() {}

  /**
   * Makes an operator.
   *
   * @param config of the job
   * @param payload the function and all about it, pickled
   * @param from the step whose elements it gets
   * @param element the type of an element; where there is a key, of what is behind it
   * @param keyed whether the step puts out rows of a key and an element
   * @param result the type of its main output
   * @param isInProcess whether the function has a process of its own
   */
  public static BatchOperator operator(
      Configuration config,
      byte[] payload,
      Transformation<?> from,
      TypeInformation<?> element,
      boolean keyed,
      TypeInformation<?> result,
      boolean isInProcess) {
    RowTypeInfo withKey = keyed ? (RowTypeInfo) from.getOutputType() : null;
    FunctionPlan plan =
        new FunctionPlan(
            payload,
            shape(element),
            keyed ? shape(withKey.<Object>getTypeAt(0)) : null,
            shape(result),
            Lineage.isTraced(from));
    return isInProcess
        ? new ProcessBatchOperator(config, plan)
        : new ThreadBatchOperator(config, plan);
  }

  /** The shape of a type; pickled values are bytes. */
  static Shape shape(TypeInformation<?> type) {
    return Shape.ofValue(
        type.getClass().getName().equals(PICKLED)
            ? PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO
            : type);
  }
}
