// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.hdfs;

import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.security.UserGroupInformation;
import org.flinksec.sandbox.Owner;

/**
 * A NameNode and a DataNode in one JVM, configured by the {@code core-site.xml}, {@code
 * hdfs-site.xml} and {@code ssl-server.xml} on the class path.
 *
 * <p>Arguments: {@code format} or {@code keep}, then {@code OWNER=DIRECTORY} for each directory to
 * make, private to its owner, or {@code OWNER=DIRECTORY=KEY} for an encryption zone. With a zone,
 * there is a KMS, too, configured by {@code kms-site.xml}.
 */
public final class Hdfs {
  private static final FsPermission PRIVATE = new FsPermission((short) 0700);
  private static final int ZONE = 3;
  private static final long PATIENCE_MS = 60_000;

  private Hdfs() {}

  /** Starts them, and stops them when the owner is gone. */
  public static void main(String[] arguments) {
    Owner.run(owner -> run(owner, arguments));
  }

  private static void run(Owner owner, String[] arguments) throws Exception {
    // Formatting registers metrics that the NameNode registers again.
    DefaultMetricsSystem.setMiniClusterMode(true);
    Configuration configuration = new HdfsConfiguration();
    UserGroupInformation.setConfiguration(configuration);
    if (arguments[0].equals("format")) {
      NameNode.format(configuration);
    }
    boolean zones = Arrays.stream(arguments).anyMatch(one -> one.split("=").length == ZONE);
    if (zones) {
      Kms.start();
      owner.ready("kms");
    }
    NameNode nameNode = NameNode.createNameNode(new String[0], configuration);
    DataNode dataNode = DataNode.createDataNode(new String[0], configuration);
    awaitDataNode(nameNode, dataNode);
    try (FileSystem hdfs = FileSystem.newInstance(configuration)) {
      for (int i = 1; i < arguments.length; i++) {
        String[] parts = arguments[i].split("=", ZONE);
        Path directory = new Path(parts[1]);
        hdfs.mkdirs(directory);
        if (parts.length == ZONE) {
          Kms.makeZone(configuration, hdfs, directory, parts[2]);
        }
        hdfs.setOwner(directory, parts[0], parts[0]);
        hdfs.setPermission(directory, PRIVATE);
      }
    }
    owner.ready("hdfs");
    owner.awaitEnd();
    dataNode.shutdown();
    nameNode.stop();
  }

  private static void awaitDataNode(NameNode nameNode, DataNode dataNode) throws Exception {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (!dataNode.isDatanodeFullyStarted()
        || nameNode.getNamesystem().getNumLiveDataNodes() < 1
        || nameNode.isInSafeMode()) {
      if (System.currentTimeMillis() > end) {
        throw new TimeoutException("the DataNode does not register with the NameNode");
      }
      Thread.sleep(20);
    }
  }
}
