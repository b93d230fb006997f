"""DuckDB. `frames`: orders and questions in one table, RANGE frames. `join`: range join with filters, ASOF for the last.

`sort` computes nothing: it sorts the needed columns of the log, and writes as many columns as there are features. It says
how far an engine is from reading, sorting and writing.
"""
import duckdb

import peer
import program

CSV = """columns = {'event_id': 'BIGINT', 'user_id': 'BIGINT', 'merchant_id': 'INTEGER', 'amount': 'DOUBLE', 'cents': 'BIGINT',
    'status': 'VARCHAR', 'event_ts': 'TIMESTAMP', 'ingest_ts': 'TIMESTAMP'}, header = true, auto_detect = false"""
CALL = {"count": "count({})", "sum": "sum({})", "mean": "avg({})", "max": "max({})", "min": "min({})",
        "median": "median({})", "quantile": "quantile_disc({}, 0.95)", "mode": "mode({0} ORDER BY {0})",
        "fifth": "nth_value({}, 5 ORDER BY t DESC, event_id DESC IGNORE NULLS)"}


def views(con, job):
    columns = ", ".join(job["ask"].columns())
    source = f"read_csv('{job['events']}', {CSV})" if job["format"] == "csv" else f"'{job['events']}'"
    distinct = "DISTINCT" if job["copies"] else ""
    con.execute(f"CREATE VIEW spine AS SELECT row_id, user_id, epoch_us(ts) AS t FROM '{job['spine']}'")
    if job["ask"].column == program.FEE:
        source = f"{source} e ASOF LEFT JOIN '{job['fees']}' f ON e.merchant_id = f.merchant_id AND e.event_ts >= f.since"
    con.execute(f"""CREATE VIEW ev AS SELECT {distinct} user_id, event_id, {columns}, epoch_us(event_ts) AS t FROM {source}
        WHERE user_id IN (SELECT user_id FROM spine)""")


def frames(ask):
    def cell(name, call, f, window):
        where = f"FILTER (WHERE {program.condition(f, chr(39))})" if f else ""
        return f"{CALL[call].format(ask.column)} {where} OVER w{window} AS {name}"

    cells = ", ".join(cell(*feature) for feature in ask.features())
    windows = ", ".join(
        f"w{w} AS (PARTITION BY user_id ORDER BY t RANGE BETWEEN {program.length(w) - 1} PRECEDING AND CURRENT ROW)" for w in ask.windows
    )
    columns = ask.columns()
    return f"""SELECT row_id, {cells}, last_value({ask.column} IGNORE NULLS) OVER before AS last_amount
        FROM (SELECT user_id, t, event_id, {', '.join(columns)}, NULL::BIGINT AS row_id FROM ev
              UNION ALL SELECT user_id, t, NULL, {', '.join('NULL' for _ in columns)}, row_id FROM spine)
        WINDOW {windows}, before AS (PARTITION BY user_id ORDER BY t, event_id NULLS LAST ROWS UNBOUNDED PRECEDING)
        QUALIFY row_id IS NOT NULL"""


def join(ask):
    def cell(name, call, f, window):
        where = f" AND {program.condition(f, chr(39))}" if f else ""
        return f"{CALL[call].format(ask.column)} FILTER (WHERE e.t > s.t - {program.length(window)}{where}) AS {name}"

    cells = ", ".join(cell(*feature) for feature in ask.features())
    longest = max(program.length(w) for w in ask.windows)
    return f"""WITH inside AS (SELECT row_id, {cells} FROM spine s
            JOIN ev e ON e.user_id = s.user_id AND e.t <= s.t AND e.t > s.t - {longest} GROUP BY row_id),
        newest AS (SELECT user_id, t, arg_max({ask.column}, event_id) AS value FROM ev GROUP BY ALL),
        before AS (SELECT s.row_id, n.value AS last_amount FROM spine s ASOF LEFT JOIN newest n ON s.user_id = n.user_id AND s.t >= n.t)
        SELECT before.row_id, inside.* EXCLUDE row_id, last_amount FROM before LEFT JOIN inside USING (row_id)"""


def sort(con, ask):
    con.execute(f"CREATE TEMP TABLE inside AS SELECT user_id, t, event_id, {', '.join(ask.columns())} FROM ev ORDER BY user_id, t, event_id")
    cells = ", ".join(f"t * {i + 1} % 1000000 / 100 AS {name}" for i, (name, *_) in enumerate(ask.features()))
    return f"SELECT row_id, {cells}, t AS last_amount FROM spine ORDER BY user_id, t"


def main():
    method, job, began = peer.job()
    con = duckdb.connect()
    con.execute(f"SET threads = {job['threads']}; SET preserve_insertion_order = false; SET temp_directory = '{job['out']}.spill'")
    if job["memory"]:
        con.execute(f"SET memory_limit = '{job['memory']}'")
    views(con, job)
    query = sort(con, job["ask"]) if method == "sort" else {"frames": frames, "join": join}[method](job["ask"])
    con.execute(f"COPY ({query}) TO '{job['out']}' (FORMAT parquet, COMPRESSION zstd)")
    peer.done(began, duckdb.__version__)


main()
