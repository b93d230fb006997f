"""Training sets: every kind of input, every type, and the values of the command line."""

import datetime
import decimal

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
from conftest import FLIGHTS, SHOP, assert_same, payments, questions

import featc


@pytest.mark.parametrize("words", [(), ("--status",), ("--truth=complete",), ("--delay=10m", "--status")])
def test_values_are_those_of_the_command_line(shop, command_line, words):
    spine, txn = questions(), payments()
    expected = command_line.train(spine, txn, *words)
    options = {"status": "--status" in words}
    if "--truth=complete" in words:
        options["truth"] = "complete"
    if "--delay=10m" in words:
        options["delay"] = datetime.timedelta(minutes=10)
    assert_same(shop.train("risk", spine, sources={"txn": txn}, **options), expected)
    paths = {"txn": command_line.folder / "txn.parquet"}
    assert_same(shop.train("risk", command_line.folder / "spine.parquet", sources=paths, **options), expected)


def test_flights_are_those_of_the_command_line(command_line):
    command_line("train", FLIGHTS / "flights.feat", "--service=delay_v1", f"--spine={FLIGHTS / 'data/spine-q1.csv'}", "--out=out.parquet", "--status")
    expected = pyarrow.parquet.read_table(command_line.folder / "out.parquet")
    program = featc.Program(FLIGHTS / "flights.feat")
    from_paths = program.train("delay_v1", FLIGHTS / "data/spine-q1.csv", status=True)
    assert_same(from_paths, expected)
    rows = {"departures": pyarrow.parquet.read_table(FLIGHTS / "data/flights-2013-q1.parquet")}
    spine = expected.select(["flight_id", "carrier", "origin", "tailnum", "timestamp", "late"])
    from_memory = program.train("delay_v1", spine, status=True, sources=rows)
    assert_same(from_memory, expected)
    # From files, row groups that cannot matter are left out and not counted; in memory every row is.
    sources = from_memory.report["sources"]
    assert [source["source"] for source in sources] == ["departures"]
    assert sources[0]["accepted"] + sum(sources[0]["rejected"].values()) == len(rows["departures"])


def chunked(table):
    return pyarrow.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1, 77), table.slice(78)])


def sliced(table):
    return pyarrow.concat_tables([table.slice(0, 3), table]).combine_chunks().slice(3)


def in_dictionary(table):
    place = table.column_names.index("shop")
    return table.set_column(place, "shop", table["shop"].dictionary_encode())


def cast_to(**types):
    def cast(table):
        for name, ty in types.items():
            place = table.column_names.index(name)
            table = table.set_column(place, name, table[name].cast(ty, safe=False))
        return table

    return cast


KINDS = {
    "table": lambda table: table,
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader": lambda table: table.to_reader(max_chunksize=50),
    "dataset": lambda table: pyarrow.dataset.dataset(table),
    "chunked": chunked,
    "sliced": sliced,
    "polars": lambda table: polars.from_arrow(table),
    "polars lazy": lambda table: polars.from_arrow(table).lazy(),
    "dictionary": in_dictionary,
    "large strings": cast_to(shop=pyarrow.large_string()),
    "string views": cast_to(shop=pyarrow.string_view()),
    "milliseconds": cast_to(at=pyarrow.timestamp("ms", "UTC"), known_at=pyarrow.timestamp("s", "UTC")),
    "nanoseconds": cast_to(at=pyarrow.timestamp("ns", "Europe/Amsterdam"), took=pyarrow.duration("ns")),
    "small integers": cast_to(card=pyarrow.uint8(), id=pyarrow.int16()),
    "unsigned": cast_to(card=pyarrow.uint64(), id=pyarrow.uint32()),
    "date64": cast_to(day=pyarrow.date64()),
    "decimal256": cast_to(price=pyarrow.decimal256(20, 2)),
    "another order": lambda table: table.select(list(reversed(table.column_names))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source(shop, kind):
    spine = questions()
    expected = shop.train("risk", spine, sources={"txn": payments()}, status=True)
    found = shop.train("risk", spine, sources={"txn": KINDS[kind](payments())}, status=True)
    assert_same(found, expected)


@pytest.mark.parametrize("kind", ["table", "batch", "reader", "dataset", "chunked", "sliced", "polars", "polars lazy"])
def test_every_kind_of_spine(shop, kind):
    txn = {"txn": payments()}
    expected = shop.train("risk", questions(), sources=txn)
    found = shop.train("risk", KINDS[kind](questions()), sources=txn)
    assert_same(found, expected)


def test_relations_of_duckdb():
    """DuckDB has intervals for durations, and another name for UTC."""
    program = featc.Program(SHOP.replace("    took: duration?,\n", "").replace("  /// The longest.\n  feature took = max(took) over 1d\n", ""))
    txn, connection = payments().drop_columns(["took"]), duckdb.connect()
    expected = program.train("risk", questions(), sources={"txn": txn}, status=True)
    found = program.train("risk", connection.from_arrow(questions()), sources={"txn": connection.from_arrow(txn)}, status=True)
    assert_same(found, expected, types=False)
    assert_same(found.to_arrow().drop_columns(["timestamp"]), expected.to_arrow().drop_columns(["timestamp"]))
    with pytest.raises(featc.RunError, match="took.*Interval"):
        featc.Program(SHOP).train("risk", questions(), sources={"txn": connection.from_arrow(payments())})


def test_plain_python_and_pandas(shop):
    txn = payments()
    expected = shop.train("risk", questions(), sources={"txn": txn})
    columns = expected.features
    rows = questions().to_pylist()
    events = txn.to_pydict()
    for spine in (questions().to_pydict(), rows, questions().to_pandas()):
        found = shop.train("risk", spine, sources={"txn": events})
        assert_same(found.to_arrow().select(columns), expected.to_arrow().select(columns))
    pandas_events = txn.to_pandas()
    # pandas has floats where integers are missing, and objects where booleans are.
    assert str(pandas_events["n"].dtype) == "float64"
    found = shop.train("risk", questions().to_pandas(), sources={"txn": pandas_events.drop(columns=["n"]).assign(n=txn["n"].to_pandas(types_mapper=pandas.ArrowDtype))})
    assert_same(found.to_arrow().select(columns), expected.to_arrow().select(columns))


def test_integer_keys_that_pandas_made_floats(shop):
    spine = questions(20).to_pandas()
    spine["card"] = spine["card"].astype("float64")
    spine.loc[4, "card"] = float("nan")
    found = shop.train("risk", spine, sources={"txn": payments()}, status=True).to_pandas()
    assert found["spend__times__status"][4] == "missing"
    assert found["spend__times"].notna().sum() > 10
    spine.loc[5, "card"] = 1.5
    with pytest.raises(featc.RunError, match="card"):
        shop.train("risk", spine, sources={"txn": payments()})


def test_pandas_index_categoricals_and_nanoseconds(shop):
    spine = questions().to_pandas()
    spine["timestamp"] = spine["timestamp"].astype("datetime64[ns, UTC]")
    spine["segment"] = pandas.Categorical(["a", "b", "c"] * 40)
    spine.index = pandas.Index([f"row {i}" for i in range(len(spine))], name="row")
    found = shop.train("risk", spine, sources={"txn": payments()}).to_pandas()
    assert list(found.index) == list(spine.index) and found["segment"].astype(str).tolist() == spine["segment"].astype(str).tolist()
    assert list(found.columns[: len(spine.columns)]) == list(spine.columns)


def test_naive_times_need_a_zone(shop):
    spine = cast_to(timestamp=pyarrow.timestamp("us"))(questions())
    with pytest.raises(featc.RunError) as refused:
        shop.train("risk", spine, sources={"txn": payments()})
    assert refused.value.code and "zone" in str(refused.value)
    found = shop.train("risk", spine, sources={"txn": payments()}, zone="UTC")
    expected = shop.train("risk", questions(), sources={"txn": payments()})
    assert_same(found.to_arrow().select(expected.features), expected.to_arrow().select(expected.features))


def test_empty_frames(shop):
    none = shop.train("risk", questions(0), sources={"txn": payments()})
    assert len(none) == 0 and none.to_arrow().num_columns == 3 + len(none.features)
    assert none.to_pandas().empty and none.to_pydict()["card"] == []
    found = shop.train("risk", questions(3), sources={"txn": payments(0)}, max_missing="100%", status=True)
    assert found.to_pydict()["spend__times__status"] == ["missing"] * 3


def test_the_spine_stays_as_it_is(shop):
    spine = questions(6).append_column("nested", [[{"a": [1, None]}, None, {"a": []}, {"a": None}, {"a": [2]}, None]])
    spine = spine.append_column("half", pyarrow.array(numpy.arange(6, dtype="float16")))
    found = shop.train("risk", spine, sources={"txn": payments()}).to_arrow()
    assert found.select(spine.column_names).equals(spine.replace_schema_metadata(None))


def test_python_values(shop):
    found = shop.train("risk", questions(), sources={"txn": payments()}, status=True)
    row = found.to_pylist()[60]
    assert isinstance(row["spend__price"], decimal.Decimal) and isinstance(row["spend__day"], datetime.date)
    assert isinstance(row["spend__took"], datetime.timedelta) and row["spend__seen"].tzinfo is datetime.timezone.utc
    assert isinstance(row["spend__recent"], list) and isinstance(row["spend__paid"], (bool, type(None)))
    expected = found.to_arrow().to_pylist()
    for mine, theirs in zip(found.to_pylist(), expected):
        for name in ("spend__price", "spend__day", "spend__took", "spend__seen", "spend__shop", "spend__times"):
            assert mine[name] == theirs[name], name
    statuses = set(found.to_pydict()["spend__n__status"])
    assert "error(overflow)" in statuses and "ok" in statuses
    assert "error(cap)" in set(found.to_pydict()["spend__shops__status"])


def test_numbers_for_models(shop):
    exact = shop.train("risk", questions(), sources={"txn": payments()})
    found = shop.train("risk", questions(), sources={"txn": payments()}, numeric=True)
    kinds = found.types
    for name in ("spend__price", "spend__paid", "spend__day", "spend__took"):
        assert kinds[name] == "Float64", name
    assert kinds["spend__times"] == "Int64" and kinds["card"] == "Int64"
    for mine, theirs in zip(found.to_pylist(), exact.to_pylist()):
        for name, number in (
            ("spend__price", float),
            ("spend__paid", float),
            ("spend__took", datetime.timedelta.total_seconds),
            ("spend__day", lambda day: float(day.toordinal() - 719_163)),
        ):
            assert mine[name] == (None if theirs[name] is None else number(theirs[name])), name


def test_results_go_everywhere_without_a_copy(shop):
    found = shop.train("risk", questions(), sources={"txn": payments()})
    arrow = found.to_arrow()
    assert pyarrow.table(found).equals(arrow)
    assert found.to_polars().height == 120 and polars.DataFrame(found).columns == found.columns
    assert duckdb.connect().from_arrow(arrow).count("*").fetchall() == [(120,)]
    address = arrow["spend__times"].chunk(0).buffers()[1].address
    assert pyarrow.table(found)["spend__times"].chunk(0).buffers()[1].address == address


def test_tables_by_themselves(shop):
    found = shop.train("risk", questions(), sources={"txn": payments()})
    head = found.head(2)
    assert len(head) == 2 and head.columns == found.columns and head.to_pylist() == found.to_pylist()[:2] == list(head)
    assert len(found.head(0)) == 0 and len(found.head(10_000)) == 120
    assert found.nbytes > 120 * 8 and head.nbytes < found.nbytes
    assert pyarrow.schema(found).names == found.columns


def test_report_warnings_and_notes(shop):
    late = payments().to_pandas(types_mapper=pandas.ArrowDtype)
    late["known_at"] = late["at"] + pandas.Timedelta(days=2)
    bad = pyarrow.concat_tables([payments(), pyarrow.Table.from_pandas(late.head(20), preserve_index=False, schema=payments().schema)])
    found = shop.train("risk", questions(), sources={"txn": bad}, strict=False)
    assert found.rejected == {"txn": {"late": 20}} and any("20 of 420 rows rejected" in note for note in found.notes)
    assert found.report["truth"]["name"] == "as-of-arrival"
    assert found.report["provenance"]["program"]["hash"] == shop.hash
    assert found.report["provenance"]["sources"][0]["format"] == "memory"
    with pytest.raises(featc.RunError, match="strict=True"):
        shop.train("risk", questions(), sources={"txn": bad}, strict=True)
    asked = questions().set_column(2, "timestamp", payments(120)["at"])
    with pytest.warns(featc.FeatcWarning, match="very instant") as told:
        warned = shop.train("risk", asked, sources={"txn": payments()}, truth="complete")
    assert warned.warnings[0].code == told[0].message.diagnostic.code and warned.warnings[0].severity == "warning"


def test_memory_limit_threads_and_seconds_change_nothing(shop):
    expected = shop.train("risk", questions(), sources={"txn": payments()})
    for options in ({"threads": 1}, {"threads": 4}, {"memory_limit": "64MB"}, {"memory_limit": 64_000_000, "threads": 2}):
        assert_same(shop.train("risk", questions(), sources={"txn": payments()}, **options), expected)


def test_copies_in_memory_count_once(shop):
    twice = pyarrow.concat_tables([payments(), payments()])
    expected = shop.train("risk", questions(), sources={"txn": payments()})
    assert_same(shop.train("risk", questions(), sources={"txn": twice.to_reader()}), expected)


def test_notes_name_a_feature_once(shop):
    found = shop.train("risk", questions(), sources={"txn": payments()}, status=True)
    told = "\n".join(found.notes)
    assert "spend__n: " in told and "spend__spend" not in told
    assert {feature["feature"] for feature in found.report["features"]} <= set(found.features)


def test_instants_beyond_those_of_python(shop):
    far = pyarrow.array([2**62] * 3, pyarrow.timestamp("us", "UTC"))
    found = shop.train("risk", questions(3).append_column("far", far), sources={"txn": payments()})
    for values in (found.to_pydict, found.to_pylist):
        with pytest.raises(ValueError, match="`far`.*to_arrow"):
            values()
    assert str(2**62) in found._repr_html_()
    assert found.to_arrow()["far"].combine_chunks().equals(far)


def test_times_of_numpy(shop):
    from featc._inputs import to_columns, table

    nat = numpy.datetime64("NaT")
    instants = numpy.array(["2024-05-01T10:00:00.000001", "NaT"], "datetime64[ns]")
    spans = numpy.array([1_000, "NaT"], "timedelta64[ns]")
    one = [datetime.datetime(2024, 5, 1, 10, 0, 0, 1), None]
    for values in (instants, list(instants), [instants[0], nat], [instants[0], pandas.NaT], instants.astype("datetime64[us]")):
        assert to_columns(table({"x": values}, "rows")) == {"x": one}
    for values in (spans, list(spans), [spans[0], pandas.NaT], [pandas.Timedelta(1, "us"), None]):
        assert to_columns(table({"x": values}, "rows")) == {"x": [datetime.timedelta(microseconds=1), None]}
    stamps = [pandas.Timestamp("2024-05-01T10:00:00.000001Z"), pandas.NaT]
    assert to_columns(table({"x": stamps}, "rows"))["x"][0] == one[0].replace(tzinfo=datetime.timezone.utc)


def test_texts_of_instants(shop):
    """As `pandas.read_csv` has them."""
    txn, texts = payments().to_pydict(), [stamp.isoformat() for stamp in questions()["timestamp"].to_pylist()]
    expected = shop.train("risk", questions(), sources={"txn": txn})
    events = {**txn, "at": [stamp.isoformat() for stamp in txn["at"]], "known_at": [f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for stamp in txn["known_at"]]}
    spine = {**questions().to_pydict(), "timestamp": texts}
    for asked in (spine, pandas.DataFrame(spine), polars.DataFrame(spine), questions().set_column(2, "timestamp", pyarrow.array(texts).dictionary_encode())):
        found = shop.train("risk", asked, sources={"txn": events})
        assert_same(found.to_arrow().select(["timestamp", *expected.features]), expected.to_arrow().select(["timestamp", *expected.features]))
    online = shop.online("complete")
    assert online.push("txn", events)["accepted"] == 400
    assert online.push("txn", {name: values[0] for name, values in events.items()})["rows"] == 1
    one = {"card": 3, "timestamp": "2024-05-01T10:00:00Z"}
    assert len(shop.train("risk", one, sources={"txn": events})) == 1
    assert shop.verify("risk", spine, sources={"txn": events})["differ"] == 0
    for broken in ("yesterday", "2024-05-01 10:00"):
        with pytest.raises(featc.RunError) as refused:
            shop.train("risk", {**one, "timestamp": broken}, sources={"txn": events})
        assert refused.value.code == "E0702" and "timestamp" in str(refused.value)


def test_every_command_takes_keys_that_pandas_made_floats(shop, tmp_path):
    spine = questions(20).to_pandas()
    spine["card"] = spine["card"].astype("float64")
    txn = {"txn": payments()}
    assert shop.verify("risk", spine, sources=txn)["differ"] == 0
    shop.train_to(tmp_path / "out.parquet", "risk", spine, sources=txn)
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet")["card"].to_pylist() == questions(20)["card"].to_pylist()


def test_floats_that_may_be_rounded_are_no_integers(shop):
    spine = questions(3).to_pandas()
    for number in (2.0**53, -(2.0**53)):
        with pytest.raises(featc.RunError, match="card"):
            shop.train("risk", spine.assign(card=[number, 1.0, 2.0]), sources={"txn": payments()})
    assert len(shop.train("risk", spine.assign(card=[2.0**53 - 1, 1.0, 2.0]), sources={"txn": payments()})) == 3
