import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Count, sum, mean, greatest and last per user over exact windows, in Flink's table API: a window of RANGE for each event.
 *
 * <p>{@code Ingest JOB PAYMENTS.csv CHECKPOINTS}, where JOB is {@code read} (the rows are thrown away: what reading alone costs) or
 * a number of windows. Prints the seconds of the job alone, without the start of the process and of the cluster inside of it.
 */
final class Ingest {
    private static final String[] WINDOWS = {
        "'1' MINUTE", "'10' MINUTE", "'1' HOUR", "'6' HOUR", "'1' DAY", "'7' DAY", "'30' DAY"
    };
    private static final String[] AGGREGATES = {"COUNT", "SUM", "AVG", "MAX", "LAST_VALUE"};

    /** Flink takes one frame for a SELECT, so each window is a query over the one before. */
    private static String over(int windows) {
        String from = "payments";
        String columns = "`user`, `at`, amount";
        for (int window = 0; window < windows; window++) {
            StringBuilder select = new StringBuilder();
            StringBuilder names = new StringBuilder();
            for (String aggregate : AGGREGATES) {
                String name = aggregate.toLowerCase() + "_" + window;
                select.append(", ").append(aggregate).append("(amount) OVER w AS ").append(name);
                names.append(", ").append(name);
            }
            // A precision of two digits is what Flink takes for days.
            String length = WINDOWS[window].endsWith("DAY") ? WINDOWS[window] + "(2)" : WINDOWS[window];
            from = "(SELECT " + columns + select + " FROM " + from + " WINDOW w AS (PARTITION BY `user` ORDER BY `at`"
                + " RANGE BETWEEN INTERVAL " + length + " PRECEDING AND CURRENT ROW))";
            columns += names;
        }
        return "SELECT " + columns.replace("`at`, ", "") + " FROM " + from;
    }

    private static String sink(int windows) {
        StringBuilder columns = new StringBuilder("`user` BIGINT, amount DOUBLE");
        for (int window = 0; window < windows; window++) {
            for (String aggregate : AGGREGATES) {
                String type = aggregate.equals("COUNT") ? "BIGINT" : "DOUBLE";
                columns.append(", ").append(aggregate.toLowerCase()).append("_").append(window).append(" ").append(type);
            }
        }
        return columns.toString();
    }

    public static void main(String[] arguments) throws Exception {
        int windows = arguments[0].equals("read") ? 0 : Integer.parseInt(arguments[0]);
        Configuration options = new Configuration();
        options.setString("parallelism.default", "2");
        options.setString("table.local-time-zone", "UTC");
        options.setString("rest.bind-address", "127.0.0.1");
        options.setString("rest.address", "127.0.0.1");
        options.setString("jobmanager.rpc.address", "127.0.0.1");
        options.setString("state.backend.type", "hashmap");
        options.setString("execution.checkpointing.interval", "10 s");
        options.setString("execution.checkpointing.dir", Path.of(arguments[2]).toUri().toString());
        EnvironmentSettings settings = EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(options).build();
        TableEnvironment tables = TableEnvironment.create(settings);
        tables.executeSql("CREATE TABLE payments (id BIGINT, `user` BIGINT, shop BIGINT, amount DOUBLE, ms BIGINT,"
            + " `at` AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR `at` AS `at` - INTERVAL '1' MINUTE) WITH ("
            + "'connector' = 'filesystem', 'path' = '" + Path.of(arguments[1]).toUri() + "', 'format' = 'csv')");
        tables.executeSql("CREATE TABLE answers (" + sink(windows) + ") WITH ('connector' = 'blackhole')");
        String query = windows == 0 ? "SELECT `user`, amount FROM payments" : over(windows);
        long begun = System.nanoTime();
        tables.executeSql("INSERT INTO answers " + query).await();
        System.out.printf("%.2f%n", (System.nanoTime() - begun) / 1e9);
    }
}
