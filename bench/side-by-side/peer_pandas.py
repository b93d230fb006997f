"""pandas. `rolling`: orders and questions in one frame, one rolling object per window."""
import pandas as pd

import peer
import program

LAST_ID = 2**63 - 1


def main():
    _, job, began = peer.job()
    ask = job["ask"]
    spine = pd.read_parquet(job["spine"]).rename(columns={"ts": "t"})
    events = pd.read_parquet(job["events"], columns=["user_id", "event_ts", "event_id", ask.column]).rename(columns={"event_ts": "t"})
    if job["copies"]:
        events = events.drop_duplicates("event_id")
    both = pd.concat([events.assign(row_id=-1), spine.assign(event_id=LAST_ID)])
    both = both.sort_values(["user_id", "t", "event_id"], kind="stable").reset_index(drop=True)
    answer = pd.DataFrame({"row_id": both.row_id, "last_amount": both.groupby("user_id")[ask.column].ffill()})
    for window in ask.windows:
        length = pd.Timedelta(program.length(window), "us")
        group = both.groupby("user_id").rolling(length, on="t", closed="right", min_periods=1)[ask.column]
        for name, call, _, w in ask.features():
            if w == window:
                answer[name] = getattr(group, call)().to_numpy()
    answer[answer.row_id >= 0].to_parquet(job["out"], index=False, compression="zstd")
    peer.done(began, pd.__version__)


main()
