"""Polars. `rolling`: orders and questions in one frame, one `rolling` per window. `over`: `rolling_*_by` over customers.

`sums`: running sums looked up by as-of joins; it has no maximum, and an infinity would spoil all later windows.
"""
import operator

import polars as pl

import peer
import program

OPERATORS = {"=": operator.eq, "<": operator.lt, ">=": operator.ge}


def log(job):
    if job["format"] == "frames":
        frame = job["events"].lazy()
    elif job["format"] == "csv":
        frame = pl.scan_csv(job["events"], try_parse_dates=True)
    else:
        frame = pl.scan_parquet(job["events"])
    if job["ask"].column == program.FEE:
        fees = pl.scan_parquet(job["fees"]).sort("since")
        frame = frame.with_columns(pl.col("merchant_id").cast(pl.Int64)).sort("event_ts")
        join = {"left_on": "event_ts", "right_on": "since", "by": "merchant_id", "strategy": "backward", "check_sortedness": False}
        frame = frame.join_asof(fees, **join)
    frame = frame.select("user_id", pl.col("event_ts").alias("t"), "event_id", *job["ask"].columns())
    return frame.unique("event_id") if job["copies"] else frame


def questions(job):
    asked = job["spine"].lazy() if job["format"] == "frames" else pl.scan_parquet(job["spine"])
    return asked.select("user_id", pl.col("ts").alias("t"), "row_id")


def taken(ask, f):
    """The column under a filter: null where the filter is not true."""
    return pl.col(f"of_{f[0]}" if f else ask.column)


def called(column, call):
    match call:
        case "quantile":
            return column.quantile(0.95, interpolation="equiprobable")
        case "fifth":
            return column.drop_nulls().get(-5, null_on_oob=True)
        case "mode":
            return column.drop_nulls().mode().min()
        case _:
            return getattr(column, call)()


def together(job):
    ask = job["ask"]
    filters = {f: pl.when(OPERATORS[f[2]](pl.col(f[1]), f[3])).then(pl.col(ask.column)).alias(f"of_{f[0]}") for _, _, f, _ in ask.features() if f}
    asked = questions(job)
    events = log(job).join(asked.select("user_id").unique(), on="user_id", how="semi")
    events = events.with_columns(filters.values()).drop(set(ask.columns()) - {ask.column})
    return pl.concat([events, asked], how="diagonal").sort("user_id", "t", "event_id", nulls_last=True)


def rolling(job):
    ask = job["ask"]
    every = together(job).collect()
    asked = every["row_id"].is_not_null()
    last = pl.col(ask.column).forward_fill().over("user_id").alias("last_amount")
    parts = [every.lazy().select("row_id", last).filter(asked).collect()]
    for window in ask.windows:
        cells = [called(taken(ask, f), call).alias(name) for name, call, f, w in ask.features() if w == window]
        part = every.lazy().rolling("t", period=window, closed="right", group_by="user_id").agg(cells)
        parts.append(part.drop("user_id", "t").filter(asked).collect())
    return pl.concat(parts, how="horizontal")


def over(job):
    ask = job["ask"]

    def cell(name, call, f, window):
        column = taken(ask, f)
        settings = {"by": "t", "window_size": window, "closed": "right", "min_samples": 1}
        if call == "count":
            return column.is_not_null().cast(pl.Int64).rolling_sum_by(**settings).over("user_id").alias(name)
        return getattr(column, f"rolling_{call}_by")(**settings).over("user_id").alias(name)

    last = pl.col(ask.column).forward_fill().over("user_id").alias("last_amount")
    cells = [cell(*feature) for feature in ask.features()]
    return together(job).select("row_id", last, *cells).filter(pl.col("row_id").is_not_null()).collect()


def sums(job):
    ask = job["ask"]
    value = pl.col(ask.column)
    running = (
        log(job)
        .sort("user_id", "t", "event_id")
        .with_columns(n=value.cum_count().over("user_id").cast(pl.Int64), s=value.cum_sum().over("user_id"))
        .unique(["user_id", "t"], keep="last", maintain_order=True)
        .sort("t")
        .collect()
        .lazy()
    )
    join = {"by": "user_id", "strategy": "backward", "check_sortedness": False}
    answer = questions(job).sort("t").join_asof(running.select("user_id", "t", "n", "s", last_amount=value), on="t", **join)
    for w in ask.windows:
        n, total = f"n_{w}", f"total_{w}"
        start = running.select("user_id", edge="t", n1="n", s1="s")
        answer = (
            answer.with_columns(edge=pl.col("t") - pl.duration(microseconds=program.length(w)))
            .join_asof(start, on="edge", **join)
            .with_columns((pl.col("n").fill_null(0) - pl.col("n1").fill_null(0)).alias(n))
            .with_columns(pl.when(pl.col(n) > 0).then(pl.col("s") - pl.col("s1").fill_null(0)).alias(total))
            .with_columns((pl.col(total) / pl.col(n)).alias(f"mean_{w}"))
            .drop("n1", "s1", "edge")
        )
    return answer.drop("user_id", "t", "n", "s").collect()


def main():
    method, job, began = peer.job()
    {"rolling": rolling, "over": over, "sums": sums}[method](job).write_parquet(job["out"], compression="zstd")
    peer.done(began, pl.__version__)


if __name__ == "__main__":
    main()
