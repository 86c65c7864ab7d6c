// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;

/** Slows a principal down, so that a test can do something while its job is at work. */
final class Limits {
  private static final long PATIENCE_SECONDS = 60;

  private Limits() {}

  static void limit(Properties client, String principal, long bytesPerSecond) throws Exception {
    ClientQuotaEntity user = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, principal));
    Double rate = bytesPerSecond == 0 ? null : Double.valueOf(bytesPerSecond);
    ClientQuotaAlteration.Op reading = new ClientQuotaAlteration.Op("consumer_byte_rate", rate);
    ClientQuotaAlteration change = new ClientQuotaAlteration(user, List.of(reading));
    try (Admin admin = Admin.create(client)) {
      admin.alterClientQuotas(List.of(change)).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
