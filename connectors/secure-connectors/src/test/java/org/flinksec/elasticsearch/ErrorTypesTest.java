// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.elasticsearch.ElasticsearchException;
import org.junit.jupiter.api.Test;

/** The classes of the server's own errors are the referee of what is a document's fault. */
class ErrorTypesTest {
  /**
   * Of all the types that Elasticsearch knows how to send, those of a document. A type that a later
   * release adds, or one that nobody knows, stops the job.
   */
  @Test
  void ofElasticsearchsOwnErrorsTheseAreADocumentsFaultAndNoOther() throws Exception {
    List<String> types = registered();
    assertThat(types)
        .hasSizeGreaterThan(150)
        .contains(
            "index_closed_exception",
            "cluster_block_exception",
            "invalid_index_name_exception",
            "index_not_found_exception",
            "routing_missing_exception",
            "security_exception",
            "script_exception");
    List<String> ofDocuments =
        types.stream().filter(type -> ErrorTypes.isOfDocument(type, "any reason")).toList();
    assertThat(new TreeSet<>(ofDocuments))
        .isEqualTo(new TreeSet<>(ErrorTypes.OF_DOCUMENTS))
        .hasSize(5);
  }

  @Test
  void whatIsUnknownIsNotADocumentsFault() {
    for (String type : List.of("", "an_exception_of_tomorrow", "fail_processor_exception")) {
      assertThat(ErrorTypes.isOfDocument(type, "mapper [x] cannot be changed")).isFalse();
    }
    assertThat(ErrorTypes.isOfDocument(null, null)).isFalse();
    assertThat(ErrorTypes.isOfDocument(ErrorTypes.AMBIGUOUS, null)).isFalse();
    assertThat(ErrorTypes.isOfDocument(ErrorTypes.AMBIGUOUS, "no such thing")).isFalse();
  }

  @Test
  void aDynamicTemplateThatIsNotThereIsTheJobsFaultAndTold() {
    String reason =
        "[1:9] Can't find dynamic template for dynamic template name [notes] of field [note]";
    assertThat(ErrorTypes.isOfDocument("document_parsing_exception", reason)).isFalse();
    assertThat(Reasons.tell("document_parsing_exception", reason))
        .isEqualTo(
            "document_parsing_exception at line 1, column 9: the index has no dynamic template"
                + " 'notes', which dynamic_templates names for field 'note'");
  }

  @Test
  void aScriptThatFailsIsTheJobsFaultAndTold() {
    String reason = "failed to execute script";
    assertThat(ErrorTypes.isOfDocument(ErrorTypes.AMBIGUOUS, reason)).isFalse();
    assertThat(Reasons.tell(ErrorTypes.AMBIGUOUS, reason)).contains("script fails");
  }

  @Test
  void aBlockIsToldWithoutTheSemicolonThatElasticsearchPutsBehindEach() {
    assertThat(Reasons.tell("cluster_block_exception", "index [a] blocked by: [FORBIDDEN/8/x];"))
        .isEqualTo("cluster_block_exception: index [a] blocked by: [FORBIDDEN/8/x]");
  }

  /** Whatever the type, no reason that is unknown here is told: it may quote the document. */
  @Test
  void noUnknownReasonIsTold() throws Exception {
    for (String type : registered()) {
      String told = Reasons.tell(type, "[1:7] CANARY and [CANARY] and 'CANARY'");
      if (told.contains("CANARY")) {
        // Errors about indices and rights, raised before any document is looked at.
        assertThat(type)
            .isIn(
                "cluster_block_exception",
                "index_closed_exception",
                "index_not_found_exception",
                "invalid_index_name_exception",
                "security_exception",
                "circuit_breaking_exception");
      }
    }
    assertThat(Reasons.tell("a\u001b[31m", "CANARY")).isEqualTo("an error of unknown type");
    assertThat(Reasons.tell("security_exception", "x\u001b[2J\ny")).doesNotContain("\u001b", "\n");
  }

  private static List<String> registered() throws ReflectiveOperationException {
    new ElasticsearchException("loads the list in the order that it needs");
    Class<?> handles =
        Class.forName("org.elasticsearch.ElasticsearchException$ElasticsearchExceptionHandle");
    Field exceptionClass = handles.getDeclaredField("exceptionClass");
    exceptionClass.setAccessible(true);
    List<String> types = new ArrayList<>();
    for (Object handle : handles.getEnumConstants()) {
      types.add(name((Class<?>) exceptionClass.get(handle)));
    }
    return types;
  }

  /** As Elasticsearch names them: the class in lower case, without its own name in front. */
  private static String name(Class<?> exception) {
    return exception
        .getSimpleName()
        .replaceFirst("^Elasticsearch", "")
        .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
        .toLowerCase(java.util.Locale.ROOT);
  }
}
