"""The ten features of docs/ten-features.md: the queries of docs/from-sql.md give the values of a training set, and the other
pages quote the program's own lines."""

import decimal
import math
import re

import duckdb
import pytest
from conftest import ROOT

import featc

FRAUD = ROOT / "examples/fraud/data"
PROGRAM = re.search(r"```feat\n(.*?)```", (ROOT / "docs/ten-features.md").read_text(), re.S).group(1)
PAGES = ["from-sql.md", "from-feast.md", "from-chronon.md", "from-tecton.md"]


def database():
    """The payments of the example, its questions, and merchants of which every third changes its category on the way."""
    data = duckdb.connect()
    data.execute("set timezone = 'UTC'")
    data.execute(f"create table payments as select * from read_csv('{FRAUD}/payments.csv', types = {{'amount': 'decimal(12, 2)'}})")
    data.execute(
        f"create table spine as select row_number() over () as question, card, cast(amount as decimal(12, 2)) as amount, timestamp "
        f"from read_csv('{FRAUD}/spine.csv')"
    )
    data.execute("create table merchants (merchant varchar, category varchar, since timestamptz, loaded_at timestamptz)")
    names = [name for (name,) in data.execute("select distinct merchant from payments order by 1").fetchall()]
    for place, name in enumerate(names):
        first = "gambling" if place % 5 == 0 else "shop"
        data.execute("insert into merchants values (?, ?, '2025-06-01', '2025-06-01')", [name, first])
        if place % 3 == 0:
            # Known two days after it holds.
            then = "shop" if first == "gambling" else "gambling"
            data.execute("insert into merchants values (?, ?, '2026-01-25 08:00', '2026-01-27 09:30')", [name, then])
    return data


def same(left, right):
    if isinstance(left, decimal.Decimal) or isinstance(right, decimal.Decimal):
        return decimal.Decimal(left) == decimal.Decimal(right)
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-13, abs_tol=0.0)
    return left == right


def test_the_queries_give_the_values_of_the_program():
    data = database()
    program = featc.Program.from_text(PROGRAM)
    sources = {name: data.table(name) for name in ("payments", "merchants")}
    spine = data.sql("select * from spine order by question").to_arrow_table()
    answers = program.train("fraud", spine, sources=sources).to_pydict()
    features = {name.rsplit("__", 1)[-1]: values for name, values in answers.items() if name not in spine.column_names}
    compared = {}
    for query in re.findall(r"```sql\n(.*?)```", (ROOT / "docs/from-sql.md").read_text(), re.S):
        done = data.execute(query)
        if query.startswith("create"):
            continue
        columns = [column[0] for column in done.description]
        rows = sorted(done.fetchall())
        assert columns[0] == "question" and [row[0] for row in rows] == answers["question"]
        for place, name in enumerate(columns[1:], 1):
            differ = [(row[0], row[place], value) for row, value in zip(rows, features[name]) if not same(row[place], value)]
            assert differ == [], (name, len(differ))
            compared[name] = len(set(features[name]))
    assert set(compared) == set(features)
    # No query is compared over values that are all alike.
    assert min(compared.values()) >= 4, compared


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_quote_the_program(page):
    text = (ROOT / "docs" / page).read_text()
    lines = [line.strip() for block in re.findall(r"```text\n(.*?)```", text, re.S) for line in block.splitlines() if line.strip()]
    features = [line for line in lines if line.startswith("feature ")]
    assert {line.strip() for line in PROGRAM.splitlines() if line.strip().startswith("feature ")} == set(features)
    assert [line for line in lines if line not in PROGRAM] == []
    numbers = re.findall(r"^## (\d+)\. ", text, re.M)
    assert numbers == [str(number) for number in range(1, 11)]
