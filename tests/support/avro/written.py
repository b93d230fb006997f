"""Writes `written.txt`: schemas, records of them as fastavro writes them, and the JSON that says the same.

    pip install fastavro==1.13.1; python tests/support/avro/written.py > tests/support/avro/written.txt

A schema stands behind `schema `; behind it its records, each in hexadecimal with the JSON object behind a blank. What JSON is
expected is written here by Python from the drawn values, by the rules of docs/serving.md, and never by what featc makes of them.
"""

import datetime
import decimal
import io
import json
import random
import struct
import uuid

import fastavro

decimal.getcontext().prec = 60
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
draw = random.Random(11)


def instant(unit):
    """An instant in whole units, as Avro's number, and its text."""
    us = draw.choice([0, -1, 1, draw.randrange(-62135596800, 253402300799) * 10**6 + draw.randrange(10**6), 1700000000123456])
    us -= us % unit
    moment = EPOCH + datetime.timedelta(microseconds=us)
    text = moment.strftime("%H:%M:%S")
    if us % 10**6:
        text += f".{us % 10**6:06}"
    return us // unit, f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{text}"


def number(value):
    """A float as JSON: the fewest digits that read back as the same bits."""
    if value != value:
        return '"NaN"'
    if abs(value) == float("inf"):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return json.dumps(value).replace("e+", "e").replace("e-0", "e-")


def double():
    return draw.choice([0.0, -0.0, 0.1, 5e-324, 1.7976931348623157e308, float("nan"), float("inf"), float("-inf"), draw.gauss(0, 1e6)])


def integer(bits):
    return draw.choice([0, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), draw.randrange(-1000, 1000)])


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def of(kind):
    """A schema, the value that fastavro is given, and its JSON."""
    if kind == "long":
        value = integer(64)
        return "long", value, str(value)
    if kind == "int":
        value = integer(32)
        return "int", value, str(value)
    if kind == "double":
        value = double()
        return "double", value, number(value)
    if kind == "float":
        value = single(draw.choice([0.1, -2.5, 3.4e38, draw.gauss(0, 10)]))
        return "float", value, number(value)
    if kind == "boolean":
        value = draw.random() < 0.5
        return "boolean", value, json.dumps(value)
    if kind == "string":
        value = "".join(draw.choice('aZ09 é"\\\n\t\u0000€😀') for _ in range(draw.randrange(8)))
        return "string", value, json.dumps(value, ensure_ascii=False)
    if kind == "date":
        days = draw.choice([-719162, 0, 2932896, draw.randrange(-700000, 2900000)])
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
        return {"type": "int", "logicalType": "date"}, days, json.dumps(f"{day.year:04}-{day.month:02}-{day.day:02}")
    if kind in ("timestamp-millis", "timestamp-micros", "local-timestamp-millis", "local-timestamp-micros"):
        value, text = instant(1000 if kind.endswith("millis") else 1)
        return {"type": "long", "logicalType": kind}, value, json.dumps(text + ("" if kind.startswith("local") else "Z"))
    if kind in ("decimal-bytes", "decimal-fixed"):
        scale = draw.choice([0, 2, 9])
        unscaled = draw.choice([0, 1, -1, 255, -256, 10**38 - 1, 1 - 10**38, draw.randrange(-(10**12), 10**12)])
        schema = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": scale}
        if kind == "decimal-fixed":
            schema.update(type="fixed", size=17, name=f"fixed_{scale}_{draw.randrange(10**9)}")
        return schema, decimal.Decimal(unscaled).scaleb(-scale), f"{decimal.Decimal(unscaled).scaleb(-scale):f}"
    if kind == "uuid":
        value = uuid.UUID(int=draw.getrandbits(128))
        return {"type": "string", "logicalType": "uuid"}, value, json.dumps(str(value))
    if kind == "enum":
        return {"type": "enum", "name": f"enum_{draw.randrange(10**9)}", "symbols": ["RED", "BLUE"]}, "BLUE", '"BLUE"'
    if kind == "nullable":
        schema, value, text = of(draw.choice(KINDS[:13]))
        is_null = draw.random() < 0.4
        branches = ["null", schema] if draw.random() < 0.5 else [schema, "null"]
        return branches, None if is_null else value, "null" if is_null else text
    if kind == "array":
        items = [of("nullable_long") for _ in range(draw.randrange(4))]
        return {"type": "array", "items": ["null", "long"]}, [value for _, value, _ in items], "[" + ",".join(text for _, _, text in items) + "]"
    if kind == "nullable_long":
        value = draw.choice([None, 1, -7])
        return ["null", "long"], value, json.dumps(value)
    if kind == "map":
        value = {f"k{place}": integer(32) for place in range(draw.randrange(3))}
        return {"type": "map", "values": "int"}, value, json.dumps(value, separators=(",", ":"))
    fields = [(f"f{place}", *of(draw.choice(KINDS))) for place in range(draw.randrange(1, 5))]
    schema = {"type": "record", "name": f"inner_{draw.randrange(10**9)}", "fields": [{"name": name, "type": ty} for name, ty, _, _ in fields]}
    return schema, {name: value for name, _, value, _ in fields}, "{" + ",".join(f'"{name}":{text}' for name, _, _, text in fields) + "}"


KINDS = [
    "long", "int", "double", "float", "boolean", "string", "date", "timestamp-millis", "timestamp-micros", "decimal-bytes",
    "decimal-fixed", "uuid", "enum", "local-timestamp-millis", "local-timestamp-micros", "nullable", "array", "map", "record",
]  # fmt: skip


def main():
    for number_of_schema in range(150):
        kinds = [draw.choice(KINDS) for _ in range(draw.randrange(1, 8))]
        fields = [(f"f{place}", *of(kind)) for place, kind in enumerate(kinds)]
        schema = {"type": "record", "name": "row", "namespace": f"n{number_of_schema}", "fields": [{"name": n, "type": ty} for n, ty, _, _ in fields]}
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), {name: value for name, _, value, _ in fields})
        line = "{" + ",".join(f'"{name}":{text}' for name, _, _, text in fields) + "}"
        print("schema", json.dumps(schema))
        print(buffer.getvalue().hex(), line)


main()
