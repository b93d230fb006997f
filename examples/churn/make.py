"""Makes the data of the churn example: invented visits and orders of a shop, the same on every machine. Needs Python alone.

    python3 make.py data

Writes into the folder named:

    activity.csv   one row per visit, order and complaint of a customer
    spine.csv      one question per customer and month, asked some days into it, with the label `left` (no order in 60 days)
"""
import datetime
import pathlib
import random
import sys

BEGIN = datetime.datetime(2025, 10, 1)
END = datetime.datetime(2026, 6, 1)
CUSTOMERS = [f"k{number:03}" for number in range(70)]


def text(instant):
    return instant.isoformat(timespec="seconds") + "Z"


def main(folder):
    draw = random.Random(20251001)
    folder.mkdir(parents=True, exist_ok=True)
    rows, orders = [], {customer: [] for customer in CUSTOMERS}
    for place, customer in enumerate(CUSTOMERS):
        leaves = BEGIN + datetime.timedelta(days=draw.uniform(60, 400))
        at = BEGIN + datetime.timedelta(hours=draw.uniform(0, 400))
        pace = draw.uniform(1.5, 9)
        while at < min(leaves, END):
            kind = draw.choices(["visit", "order", "complaint"], [70, 25, 5])[0]
            amount = f"{draw.lognormvariate(3.2, 0.7):.2f}" if kind == "order" else ""
            if kind == "order":
                orders[customer].append(at)
            rows.append((at, customer, kind, amount))
            # Fewer and fewer before they leave; often near midnight, where months and days begin.
            slow = 3 if leaves - at < datetime.timedelta(days=40) else 1
            at += datetime.timedelta(days=draw.expovariate(1 / (pace * slow)))
            if draw.random() < 0.3:
                at = at.replace(hour=draw.choice([21, 22, 23, 0]), minute=draw.randrange(60))
    rows.sort()
    lines = ["event_id,customer,kind,amount,happened_at"]
    lines += [f"{number},{customer},{kind},{amount},{text(at)}" for number, (at, customer, kind, amount) in enumerate(rows, 1)]
    (folder / "activity.csv").write_text("\n".join(lines) + "\n")
    spine = ["customer,timestamp,left"]
    for year, month in [(2026, 1), (2026, 2), (2026, 3), (2026, 4)]:
        for customer in CUSTOMERS:
            # Some on the days when clocks are changed, some within an hour of midnight.
            day = draw.choice([1, 2, 9, 15, 28, 29]) if month == 3 else draw.choice([1, 2, 9, 15, 28])
            at = datetime.datetime(year, month, day, draw.choice([0, 1, 2, 11, 22, 23]), draw.randrange(60))
            until = at + datetime.timedelta(days=60)
            if until <= END and any(order <= at for order in orders[customer]):
                left = not any(at < order <= until for order in orders[customer])
                spine.append(f"{customer},{text(at)},{int(left)}")
    (folder / "spine.csv").write_text("\n".join(spine) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
