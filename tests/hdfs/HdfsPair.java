// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * One of two NameNodes of a name service, by Hadoop's own classes: {@code active}, or {@code
 * standby}, which has the DataNode, too. Prints {@code READY}; a line on standard input makes the
 * standby active.
 */
public final class HdfsPair {
  private HdfsPair() {}

  /** Arguments: {@code active} or {@code standby}, and the directory that both share. */
  public static void main(String[] arguments) {
    try {
      run(arguments);
    } catch (Exception | LinkageError error) {
      error.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void run(String[] arguments) throws Exception {
    boolean active = arguments[0].equals("active");
    Path names = Path.of(arguments[1]);
    DefaultMetricsSystem.setMiniClusterMode(true);
    Configuration configuration = new HdfsConfiguration();
    configuration.set("dfs.ha.namenode.id", active ? "nn1" : "nn2");
    configuration.set("dfs.namenode.name.dir", names.resolve(arguments[0]).toUri().toString());
    UserGroupInformation.setConfiguration(configuration);
    if (active) {
      NameNode.format(new Configuration(configuration));
      NameNode.initializeSharedEdits(new Configuration(configuration), true);
    } else {
      Path own = Files.createDirectories(names.resolve("standby/current"));
      try (DirectoryStream<Path> found = Files.newDirectoryStream(names.resolve("active/current"))) {
        for (Path file : found) {
          if (!file.getFileName().toString().startsWith("edits")) {
            Files.copy(file, own.resolve(file.getFileName()));
          }
        }
      }
    }
    NameNode nameNode = NameNode.createNameNode(new String[0], configuration);
    if (active) {
      become(nameNode);
    } else {
      DataNode.createDataNode(new String[0], configuration);
      // The NameNode has made itself the file system of its own configuration.
      try (FileSystem hdfs = FileSystem.newInstance(new HdfsConfiguration())) {
        for (String[] each : new String[][] {{"/data", "flink"}, {"/guest", "guest"}}) {
          org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(each[0]);
          hdfs.mkdirs(path);
          hdfs.setOwner(path, each[1], each[1]);
        }
        while (hdfs.getStatus().getCapacity() == 0) {
          Thread.sleep(50); // until the DataNode is there
        }
      }
    }
    System.out.println("READY");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (in.readLine() != null) {
      become(nameNode);
      System.out.println("ACTIVE");
      in.readLine();
    }
    Runtime.getRuntime().halt(0);
  }

  /** As {@code hdfs haadmin -transitionToActive} does, which would need another JVM. */
  private static void become(NameNode nameNode) throws Exception {
    Method method = NameNode.class.getDeclaredMethod("transitionToActive");
    method.setAccessible(true);
    method.invoke(nameNode);
  }
}
