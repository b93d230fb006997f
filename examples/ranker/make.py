"""Makes the data of the ranker example: invented impressions and clicks, the same on every machine. Needs Python alone.

    python3 make.py data

Writes into the folder named:

    events.csv   one row per article that was shown to a reader, or clicked
    spine.csv    one question per article that was shown on the last two days, with the label `clicked`
"""
import datetime
import pathlib
import random
import sys

BEGIN = datetime.datetime(2026, 2, 1)
DAYS = 12
USERS = [f"u{number:02}" for number in range(40)]
TOPICS = ["economy", "sport", "science", "culture"]
ITEMS = [(f"a{number:03}", TOPICS[number % 4], draw) for number, draw in enumerate(random.Random(7).choices([0.02, 0.1, 0.3], k=80))]


def text(instant):
    return instant.isoformat(timespec="milliseconds") + "Z"


def main(folder):
    draw = random.Random(20260201)
    folder.mkdir(parents=True, exist_ok=True)
    rows, spine = [], []
    for place, user in enumerate(USERS):
        likes = TOPICS[place % 4]
        day = 0.0
        while True:
            day += draw.expovariate(1.3)
            if day >= DAYS:
                break
            begin = BEGIN + datetime.timedelta(days=day)
            # A page of articles, which appear together.
            for position, (item, topic, charm) in enumerate(draw.sample(ITEMS, 6), 1):
                shown = begin
                clicked = draw.random() < charm * (3 if topic == likes else 1) / position**0.5
                rows.append((shown, user, item, topic, "shown", position))
                if clicked:
                    rows.append((shown + datetime.timedelta(seconds=draw.uniform(2, 300)), user, item, topic, "click", position))
                if day >= DAYS - 2:
                    spine.append((shown, f"{user},{item},{position},{topic},{text(shown)},{int(clicked)}"))
    rows.sort()
    lines = ["event_id,user,item,topic,kind,position,at"]
    lines += [f"{number},{user},{item},{topic},{kind},{position},{text(at)}" for number, (at, user, item, topic, kind, position) in enumerate(rows, 1)]
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    spine.sort()
    (folder / "spine.csv").write_text("user,item,position,topic,timestamp,clicked\n" + "".join(line + "\n" for _, line in spine))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
