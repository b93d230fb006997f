"""What Feast knows of the services of `featc serve`: names and types.

Written by `featc export feast`; write it anew when the program changes. Values are computed by the server.
"""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Bool, Float64, Int64, String

# Feast asks for a source. Nothing is ever read from this one, and the file is not there: `feast apply` warns of that.
source = FileSource(name="featc", path="data/not-read.parquet", timestamp_field="event_timestamp")

entity_card = Entity(name="card", join_keys=["card"], value_type=ValueType.STRING, description="Who pays.")
entity_shop = Entity(name="shop", join_keys=["shop"], value_type=ValueType.INT64, description="Who pays whom.")

view_spend = FeatureView(
    name="spend",
    entities=[entity_card],
    ttl=timedelta(0),
    schema=[
        Field(name="card", dtype=String),
        Field(name="total", dtype=Float64, description="The exact sum."),
        Field(name="times", dtype=Int64, description="How often."),
        Field(name="recent", dtype=Int64, description="In an hour."),
        Field(name="price", dtype=String, description="The sum of prices.", tags={"type": "decimal(38, 2)"}),
        Field(name="n", dtype=Int64, description="The sum of n, which may be too much."),
        Field(name="paid", dtype=Bool, description="Whether the last one was paid."),
        Field(name="word", dtype=String, description="The last word."),
        Field(name="day", dtype=String, description="The first day.", tags={"type": "date"}),
        Field(name="took", dtype=String, description="The longest.", tags={"type": "duration"}),
        Field(name="latest", dtype=String, description="The last instant.", tags={"type": "timestamp"}),
        Field(name="amounts", dtype=Array(Float64), description="The last amounts."),
        Field(name="prices", dtype=Array(String), description="The greatest prices.", tags={"type": "list<decimal(38, 2)>"}),
        Field(name="words", dtype=Array(String), description="The last words."),
    ],
    online=True,
    source=source,
    description="What a card \"does\".",
    owner="payments",
    tags={"money": "", "cards": ""},
)

view_pairs = FeatureView(
    name="pairs",
    entities=[entity_card, entity_shop],
    ttl=timedelta(0),
    schema=[
        Field(name="card", dtype=String),
        Field(name="shop", dtype=Int64),
        Field(name="n", dtype=Int64, description="Payments."),
    ],
    online=True,
    source=source,
    owner="payments",
)

service_cards = FeatureService(name="cards", features=[view_spend[["total", "times", "recent", "price", "n", "paid", "word", "day", "took", "latest", "amounts", "prices", "words"]]], description="What the model reads.")

service_both = FeatureService(name="both", features=[view_pairs[["n"]], view_spend[["times", "n"]]])

service_strict = FeatureService(name="strict", features=[view_spend[["times"]]])
