// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

/** Reads what a function has answered, or throws what it has raised. */
final class Answers {
  private final FunctionThread function;

  Answers(FunctionThread function) {
    this.function = function;
  }

  /**
   * Reads an answer.
   *
   * @param bytes null where the function has hung, and nothing else can be said
   * @param batch that it got, for the places of its items
   * @return the rest of the answer, behind what it says of errors
   */
  Unpacker read(byte[] bytes, Batch batch) {
    FunctionThread.Hung hung = function.hung();
    if (bytes == null) {
      throw hung(hung, batch);
    }
    Unpacker answer = new Unpacker(bytes);
    answer.arrayHeader();
    if (!answer.nil()) {
      answer.arrayHeader();
      int[] items = new int[answer.arrayHeader()];
      for (int i = 0; i < items.length; i++) {
        items[i] = answer.small();
      }
      String where = batch.where(items);
      PythonFunctionException raised = PythonFunctionException.read(answer, where);
      throw hung == null ? raised : hung(hung, where, raised.getStackTrace());
    }
    if (hung != null) {
      throw hung(hung, batch);
    }
    return answer;
  }

  private PythonFunctionException hung(FunctionThread.Hung hung, Batch batch) {
    FunctionWatch.Seen seen = hung.seen();
    String where = seen.isAnswered() ? batch.where(seen.item()) : FunctionWatch.Seen.KEPT;
    return hung(hung, where, seen.frames());
  }

  private PythonFunctionException hung(
      FunctionThread.Hung hung, String where, StackTraceElement[] frames) {
    return PythonFunctionException.hung(function.function(), hung.seconds(), where, frames);
  }
}
