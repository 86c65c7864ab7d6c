// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What to do about failures that a job meets while it runs: of rights, and of a KDC. */
final class Advice {
  private static final Map<String, String> BY_CLASS =
      Map.of(
          "TopicAuthorizationException",
          "give the job's principal its right on the topic again: READ, or WRITE, and DESCRIBE",
          "TransactionalIdAuthorizationException",
          "give the job's principal WRITE and DESCRIBE on its transactional ids again: they begin"
              + " with the job's name and a colon, or with kafka.transactional_id_prefix and a"
              + " slash",
          "GroupAuthorizationException",
          "give the job's principal READ on its group, kafka.group_id, again; until then the job"
              + " goes on, as its offsets are in its checkpoints, but Kafka does not show how far"
              + " it is",
          "SafeModeException",
          "wait until the NameNode has left safe mode; hdfs dfsadmin -safemode get tells",
          "DSQuotaExceededException",
          "remove files, or ask the administrator of HDFS for a larger quota of space",
          "NSQuotaExceededException",
          "remove files, or ask the administrator of HDFS for a larger quota of names",
          "AccessControlException",
          "give the user of the job's principal its rights on the directory of HDFS again");

  // What asks a KDC, for a ticket of the job or for one to a server.
  private static final Set<String> OF_KERBEROS =
      Set.of("javax.security.auth.login.LoginException", "org.ietf.jgss.GSSException");
  private static final String OF_NETWORKS = "java.net.";
  private static final String NO_KDC =
      "no KDC answers: check that a KDC that kerberos.krb5_conf names for the realm of"
          + " kerberos.principal is up and can be reached; until then the job goes on with the"
          + " connections that it has";

  private Advice() {}

  /**
   * Returns a hint, if there is one.
   *
   * @param classes the names of a failure's exceptions, the root last
   */
  static Optional<String> about(List<String> classes) {
    String root = classes.get(classes.size() - 1);
    // The root alone says that a connection was refused, and not whose.
    if (root.startsWith(OF_NETWORKS) && classes.stream().anyMatch(OF_KERBEROS::contains)) {
      return Optional.of(NO_KDC);
    }
    return Optional.ofNullable(BY_CLASS.get(Failures.simple(root)));
  }
}
