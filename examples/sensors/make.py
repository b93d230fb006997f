"""Makes the data of the sensors example: invented readings, the same on every machine. Needs Python alone.

    python3 make.py data

Writes into the folder named:

    readings.jsonl   one object per message of a device, nested as gateways send them, some twice and some hours late
    spine.csv        one question per device every two hours of the last two days, with the label `failed_within_6h`
"""
import json
import pathlib
import random
import sys

BEGIN = 1_772_323_200  # 2026-03-01T00:00:00Z
HOUR = 3600
DAYS = 6
DEVICES = [f"pump {number}" for number in range(9)]


def main(folder):
    draw = random.Random(20260301)
    folder.mkdir(parents=True, exist_ok=True)
    messages, spine = [], ["device,timestamp,failed_within_6h"]
    for place, device in enumerate(DEVICES):
        fails = BEGIN + int(draw.uniform(3.5, 6.5) * 24 * HOUR) if place % 3 == 0 else None
        at = BEGIN + draw.random() * HOUR
        sequence = 0
        while at < BEGIN + DAYS * 24 * HOUR:
            near = max(0.0, 1 - (fails - at) / (12 * HOUR)) if fails is not None and at < fails else 0.0
            heat = 40 + place + 3 * draw.gauss(0, 1) + 25 * near
            shake = abs(draw.gauss(0.8, 0.2)) + 2.5 * near * draw.random()
            sequence += 1
            state = "fault" if draw.random() < 0.01 + 0.3 * near else draw.choice(["run", "run", "run", "idle"])
            if fails is not None and at >= fails:
                break
            late = draw.uniform(1, 8) if draw.random() < 0.95 else draw.uniform(HOUR, 5 * HOUR)
            message = {
                "gateway": {"received": int((at + late) * 1000), "name": f"g{place % 2}"},
                "device": {"id": device, "seq": sequence},
                "reading": {"at ms": int(at * 1000), "temp C": round(heat, 1), "vibration.rms": round(shake, 3), "state": state},
            }
            if draw.random() < 0.04:
                del message["reading"]["vibration.rms"]
            messages.append((at + late, message))
            if draw.random() < 0.02:
                again = json.loads(json.dumps(message))
                again["gateway"]["received"] = int((at + late + 30) * 1000)
                messages.append((at + late + 30, again))
            at += draw.uniform(600, 2400)
        for hour in range(24 * (DAYS - 2), 24 * DAYS, 2):
            asked = BEGIN + hour * HOUR
            if fails is None or asked < fails:
                failed = int(fails is not None and fails <= asked + 6 * HOUR)
                day, rest = divmod(hour, 24)
                spine.append(f"{device},2026-03-{1 + day:02}T{rest:02}:00:00Z,{failed}")
    messages.sort(key=lambda pair: pair[0])
    (folder / "readings.jsonl").write_text("".join(json.dumps(message, separators=(",", ":")) + "\n" for _, message in messages))
    (folder / "spine.csv").write_text("\n".join(spine) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
