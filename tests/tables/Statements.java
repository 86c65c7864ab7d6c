// SPDX-License-Identifier: Apache-2.0

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.StringJoiner;
import org.apache.calcite.config.Lex;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.flink.sql.parser.impl.FlinkSqlParserImpl;
import org.apache.flink.sql.parser.validate.FlinkSqlConformance;

/** Where Flink's parser sees statements in texts: a line for each, of LINE:COLUMN between blanks. */
public final class Statements {
  public static void main(String[] arguments) throws Exception {
    // As Flink's planner sets it up.
    SqlParser.Config config =
        SqlParser.config()
            .withParserFactory(FlinkSqlParserImpl.FACTORY)
            .withConformance(FlinkSqlConformance.DEFAULT)
            .withLex(Lex.JAVA)
            .withIdentifierMaxLength(256);
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String text = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
      StringJoiner places = new StringJoiner(" ", "ok ", "");
      try {
        for (SqlNode statement : SqlParser.create(text, config).parseStmtList()) {
          places.add(
              statement.getParserPosition().getLineNum()
                  + ":"
                  + statement.getParserPosition().getColumnNum());
        }
        System.out.println(places);
      } catch (SqlParseException e) {
        System.out.println("refused");
      }
    }
  }
}
