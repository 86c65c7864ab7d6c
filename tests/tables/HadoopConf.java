// SPDX-License-Identifier: Apache-2.0

import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Prints what Hadoop itself reads from directories: directory, name and value of each option. */
public final class HadoopConf {
    private HadoopConf() {}

    public static void main(String[] directories) {
        for (String directory : directories) {
            // As Flink does it: core-site.xml, then hdfs-site.xml, without Hadoop's own defaults.
            Configuration configuration = new Configuration(false);
            for (String name : new String[] {"core-site.xml", "hdfs-site.xml"}) {
                File file = new File(directory, name);
                if (file.exists()) {
                    configuration.addResource(new Path(file.toURI()));
                }
            }
            Map<String, String> found = new TreeMap<>();
            configuration.forEach(entry -> found.put(entry.getKey(), entry.getValue()));
            found.forEach((name, value) -> System.out.println(directory + "\t" + name + "\t" + value));
        }
    }
}
