"""DataFusion by itself, from Python. `frames`: RANGE frames over orders and questions in one table."""
import datafusion

import peer
import program

CALL = {"count": "count", "sum": "sum", "mean": "avg", "max": "max", "min": "min"}


def main():
    _, job, began = peer.job()
    ask = job["ask"]
    session = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(job["threads"]))
    session.register_parquet("orders", job["events"])
    session.register_parquet("questions", job["spine"])
    cells = ", ".join(f"{CALL[call]}({ask.column}) OVER w{w} AS {name}" for name, call, _, w in ask.features())
    windows = ", ".join(
        f"w{w} AS (PARTITION BY user_id ORDER BY t RANGE BETWEEN {program.length(w) - 1} PRECEDING AND CURRENT ROW)" for w in ask.windows
    )
    query = f"""SELECT * FROM (SELECT row_id, {cells}, last_value({ask.column}) IGNORE NULLS OVER before AS last_amount
        FROM (SELECT user_id, CAST(event_ts AS BIGINT) AS t, event_id, {ask.column}, CAST(NULL AS BIGINT) AS row_id FROM orders
              UNION ALL SELECT user_id, CAST(ts AS BIGINT), NULL, NULL, row_id FROM questions)
        WINDOW {windows}, before AS (PARTITION BY user_id ORDER BY t, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
        WHERE row_id IS NOT NULL"""
    session.sql(query).write_parquet(job["out"], compression="zstd")
    peer.done(began, datafusion.__version__)


main()
