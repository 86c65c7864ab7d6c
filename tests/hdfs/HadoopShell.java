// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FsShell;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.tools.DFSAdmin;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.util.Tool;
import org.apache.hadoop.util.ToolRunner;

/**
 * Hadoop's own shells in one JVM: {@code hadoop fs} and {@code hdfs dfsadmin}. Arguments: a
 * principal and its keytab. Reads a command a line, its words between tabs, the first of them
 * {@code fs} or {@code dfsadmin}; answers with what it said, a line each behind {@code |}, and
 * {@code =CODE}. It ends with its standard input.
 */
public final class HadoopShell {
  private HadoopShell() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream answers = System.out;
    Configuration configuration = new HdfsConfiguration();
    UserGroupInformation.setConfiguration(configuration);
    UserGroupInformation.loginUserFromKeytab(arguments[0], arguments[1]);
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split("\t", -1);
      Tool shell =
          words[0].equals("fs") ? new FsShell(configuration) : new DFSAdmin(configuration);
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
      System.setOut(out);
      System.setErr(out);
      int code;
      try {
        code = ToolRunner.run(shell, Arrays.copyOfRange(words, 1, words.length));
      } catch (Exception e) {
        e.printStackTrace(out);
        code = -1;
      }
      for (String each : said.toString(StandardCharsets.UTF_8).split("\n")) {
        answers.println("|" + each);
      }
      answers.println("=" + code);
      answers.flush();
    }
    Runtime.getRuntime().halt(0);
  }
}
