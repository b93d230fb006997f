"""Makes the data of the food delivery example: invented orders, the same on every machine. Needs Python alone.

    python3 make.py data

Writes into the folder named:

    orders.csv        one row per order that came to its end: when it was placed, delivered or cancelled, and reported
    restaurants.csv   one row per version of a restaurant: in which city it is, since when, and when that was loaded
    spine.csv         one question per order of the last three days, asked when it is placed, with the label `minutes`
"""
import datetime
import pathlib
import random
import sys

BEGIN = datetime.datetime(2026, 5, 1)
DAYS = 14
CITIES = ["Delft", "Leiden", "Utrecht"]


def text(instant):
    return instant.isoformat(timespec="seconds") + "Z"


def main(folder):
    draw = random.Random(20260501)
    folder.mkdir(parents=True, exist_ok=True)
    versions, slow = [], {}
    for number in range(1, 25):
        since = BEGIN - datetime.timedelta(days=30)
        city = CITIES[number % 3]
        versions.append((number, city, since, since + datetime.timedelta(hours=3)))
        slow[number] = draw.uniform(8, 25)
        if number % 4 == 0:
            # It moves, and somebody writes it down a day later, or two days before.
            moved = BEGIN + datetime.timedelta(days=draw.uniform(3, 10))
            loaded = moved + datetime.timedelta(days=draw.choice([1, -2]))
            versions.append((number, CITIES[(number + 1) % 3], moved, loaded))
    versions.sort(key=lambda version: version[3])
    lines = [f"{number},{city},{text(since)},{text(loaded)}" for number, city, since, loaded in versions]
    (folder / "restaurants.csv").write_text("restaurant_id,city,valid_from,loaded_at\n" + "".join(line + "\n" for line in lines))
    orders, spine = [], []
    for restaurant in slow:
        at = BEGIN + datetime.timedelta(hours=draw.uniform(0, 10))
        while at < BEGIN + datetime.timedelta(days=DAYS):
            busy = 1.6 if 17 <= at.hour <= 20 else 1.0
            minutes = slow[restaurant] * busy * draw.lognormvariate(0, 0.25) + 10
            done = at + datetime.timedelta(minutes=minutes)
            status = "cancelled" if draw.random() < 0.04 else "delivered"
            # Couriers without a connection report at the end of their shift.
            reported = done + datetime.timedelta(minutes=draw.uniform(0, 2) if draw.random() < 0.93 else draw.uniform(20, 240))
            amount, items = f"{draw.lognormvariate(3, 0.4):.2f}", draw.randint(1, 6)
            orders.append((at, restaurant, status, done if status == "delivered" else None, amount, items, reported))
            at += datetime.timedelta(hours=draw.expovariate(0.42 * busy))
    orders.sort(key=lambda order: order[:2])
    lines = ["order_id,restaurant_id,status,placed_at,delivered_at,amount,reported_at"]
    spine = ["restaurant_id,city,items,amount,timestamp,minutes"]
    where = {number: CITIES[number % 3] for number in slow}
    for number, (at, restaurant, status, done, amount, items, reported) in enumerate(orders, 1):
        lines.append(f"{number},{restaurant},{status},{text(at)},{text(done) if done else ''},{amount},{text(reported)}")
        if at >= BEGIN + datetime.timedelta(days=DAYS - 3) and done:
            spine.append(f"{restaurant},{where[restaurant]},{items},{amount},{text(at)},{(done - at).total_seconds() / 60:.1f}")
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")
    (folder / "spine.csv").write_text("\n".join(spine) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
