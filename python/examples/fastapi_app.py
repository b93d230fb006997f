"""An app that answers features from an embedded online object: `fastapi run fastapi_app.py`.

Events are posted as they happen; a reader asks for entities. One process, no other store; the state is saved when the app
ends and goes on when it starts again.
"""

import contextlib
import datetime
import os
import pathlib

import featc
from fastapi import FastAPI, HTTPException

FLIGHTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights"
STATE = pathlib.Path(os.environ.get("FEATURES_STATE", "features.state"))

program = featc.Program(FLIGHTS / "flights.feat")
online = program.online()


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI):
    if STATE.exists():
        online.load(STATE)
    yield
    online.save(STATE)


app = FastAPI(lifespan=lifespan)


# Plain functions: FastAPI calls them on threads, and featc works without the interpreter's lock.
@app.post("/events/{source}")
def push(source: str, rows: list[dict]) -> dict:
    for row in rows:
        for name, value in row.items():
            if name.endswith("_at") or name in ("sched_dep", "dep", "arr"):
                row[name] = value and datetime.datetime.fromisoformat(value)
    try:
        return online.push(source, rows)
    except featc.RunError as error:
        raise HTTPException(400, str(error)) from error


@app.post("/advance")
def advance(at: datetime.datetime) -> dict:
    """Moves the cut: in production a timer calls it with the clock's instant."""
    return online.advance(at)


@app.post("/features/{service}")
def read(service: str, entities: list[dict]) -> list[dict]:
    try:
        return online.read(service, entities, status=True).to_pylist()
    except featc.RunError as error:
        raise HTTPException(400, str(error)) from error
