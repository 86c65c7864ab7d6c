// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;
import java.util.Map;

/** Tries the settings of a sink before a job is submitted. */
public final class ElasticsearchPreflight {
  private ElasticsearchPreflight() {}

  /**
   * Speaks to every host, with the certificates and credentials of the settings.
   *
   * @param config the settings that {@link ElasticsearchSinks} takes
   * @return empty if the sink will get through to at least one host and nothing is wrong with the
   *     settings; else what is wrong, naming the setting and the host
   */
  public static String check(Map<String, String> config) {
    try {
      ElasticsearchSettings settings = ElasticsearchSettings.parse(config);
      List<String> silent = FirstContact.make(settings);
      return silent.size() < settings.hosts().size()
          ? ""
          : "elasticsearch.hosts: no answer from " + String.join(", ", silent);
    } catch (IllegalArgumentException | ElasticsearchSinkException e) {
      return e.getMessage();
    }
  }
}
