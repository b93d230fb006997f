"""Makes the data of the card fraud example: invented payments, the same on every machine. Needs Python alone.

    python3 make.py data

Writes into the folder named:

    payments.csv   one row per payment: when it was made, when it was recorded, whether it was approved
    spine.csv      one question per payment of the last ten days, with the values of that payment and the label `fraud`
"""
import datetime
import pathlib
import random
import sys

BEGIN = datetime.datetime(2026, 1, 1)
DAYS = 45
CARDS = [f"c{number:03}" for number in range(60)]
MERCHANTS = [f"m{number:02}" for number in range(25)]
COUNTRIES = ["NL", "DE", "FR", "US", "SG"]


def text(instant):
    return instant.isoformat(timespec="milliseconds") + "Z"


def payments(draw):
    rows = []
    for place, card in enumerate(CARDS):
        home = COUNTRIES[place % 3]
        usual = 8 + 4 * (place % 9)
        day = 0.0
        while True:
            day += draw.expovariate(1.4)
            if day >= DAYS:
                break
            stolen = draw.random() < 0.015
            # A thief pays several times within minutes, abroad and much.
            for payment in range(draw.randint(3, 6) if stolen else 1):
                at = BEGIN + datetime.timedelta(days=day, minutes=payment * draw.uniform(1, 9))
                amount = usual * draw.lognormvariate(1.6 if stolen else 0, 0.5)
                country = draw.choice(COUNTRIES[3:]) if stolen else home if draw.random() < 0.95 else draw.choice(COUNTRIES)
                rows.append((at, card, draw.choice(MERCHANTS), f"{amount:.2f}", country, draw.random() > (0.25 if stolen else 0.03), stolen))
    rows.sort()
    return rows


def main(folder):
    draw = random.Random(20260101)
    folder.mkdir(parents=True, exist_ok=True)
    rows = payments(draw)
    lines = ["payment_id,card,merchant,amount,country,approved,paid_at,recorded_at"]
    spine = ["card,merchant,amount,country,timestamp,fraud"]
    for number, (at, card, merchant, amount, country, approved, stolen) in enumerate(rows, 1):
        # Most are recorded within seconds; some terminals send theirs at night.
        delay = draw.uniform(0.2, 5) if draw.random() < 0.97 else draw.uniform(600, 36_000)
        recorded = at + datetime.timedelta(seconds=delay)
        lines.append(f"{number},{card},{merchant},{amount},{country},{str(approved).lower()},{text(at)},{text(recorded)}")
        if at >= BEGIN + datetime.timedelta(days=DAYS - 10):
            spine.append(f"{card},{merchant},{amount},{country},{text(at)},{int(stolen)}")
    (folder / "payments.csv").write_text("\n".join(lines) + "\n")
    (folder / "spine.csv").write_text("\n".join(spine) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
