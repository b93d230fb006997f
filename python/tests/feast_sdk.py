"""Feast's own SDK reads features from `featc serve`, by the repository that `featc export feast` writes.

    FEATC_BIN=target/debug/featc python python/tests/feast_sdk.py [FOLDER]

Feast comes from the pinned list `feast.txt` beside this, into an environment in FOLDER that is kept by that list; without
FOLDER it is temporary. The definitions of `docs/from-feast.md` run there, too. Registry, state and rows are made anew, the server listens to this machine alone.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "cli" / "tests" / "serve" / "every.feat"
TOKEN = "0123456789abcdef"
CARDS = ["a", "b", "nobody", None]

#: Runs in the environment, in the repository: what the SDK says to each question.
ASK = """
import json, sys, warnings
warnings.simplefilter("ignore")
from feast import FeatureStore
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus

store = FeatureStore(".")
for question in json.load(sys.stdin):
    service = question.pop("service", None)
    features = store.get_feature_service(service) if service else question.pop("features")
    try:
        response = store.get_online_features(features=features, **question)
    except Exception as error:
        print("told", json.dumps({"refused": str(error)}))
        continue
    names = response.proto.metadata.feature_names.val
    statuses = {name: [FieldStatus.Name(status) for status in of.statuses] for name, of in zip(names, response.proto.results)}
    print("told", json.dumps({"values": response.to_dict(), "statuses": statuses}), flush=True)
declared = {view.name: {field.name: str(field.dtype) for field in view.features} for view in store.list_feature_views()}
print("declared", json.dumps(declared))
"""

#: Runs in the same place: what older releases do, which ask view by view.
ASK_BY_VIEW = """
import datetime, warnings
warnings.simplefilter("ignore")
from feast import FeatureStore
from feast.infra.online_stores.remote import RemoteOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value

store = FeatureStore(".")

def ask(view, keys, features):
    key = lambda values: EntityKey(join_keys=list(values), entity_values=list(values.values()))
    return RemoteOnlineStore().online_read(store.config, store.get_feature_view(view), [key(values) for values in keys], features)

a, nobody, one = Value(string_val="a"), Value(string_val="nobody"), Value(int64_val=1)
[(at, told), (_, other)] = ask("spend", [{"card": a}, {"card": nobody}], ["times", "word"])
assert abs((datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()) < 60, at
assert (told["times"].int64_val, told["word"].string_val) == (2, "é2"), told
assert [value.WhichOneof("val") for value in other.values()] == [None, None], other
try:
    ask("pairs", [{"card": a, "shop": one}], ["n"])
except RuntimeError as error:
    assert "E0802" in str(error) and "`shop`" in str(error), error
else:
    raise SystemExit("a question about one join key of two is answered")
"""


def environment(folder):
    """The interpreter of an environment with Feast."""
    wanted = HERE / "feast.txt"
    place = folder / f"feast-{hashlib.sha256(sys.version.encode() + wanted.read_bytes()).hexdigest()[:12]}"
    python = str(place / "bin" / "python")
    if not (place / "whole").exists():
        venv.create(place, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--requirement", str(wanted)], check=True)
        (place / "whole").touch()
    return python


class Server:
    """`featc serve`, on a port of its own."""

    def __init__(self, featc, home, *options):
        words = [featc, "serve", "every.feat", "--state", "state", "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(words, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        told = self.process.stdout.readline()
        self.url = re.search(r"http://127\.0\.0\.1:\d+", told).group()

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/jsonl"}
        request = urllib.request.Request(self.url + path, body.encode(), headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(30) == 0


def fact(number, card, shop, price):
    return {
        "id": number, "card": card, "shop": shop, "f": number * 0.1, "price": price, "n": 2**63 - 2, "paid": number % 2 == 0,
        "word": f"é{number}", "on": "2024-02-29", "took": "PT5400.000001S", "at": "2024-03-01T10:00:00.5Z", "seen": "2024-03-01T10:00:01Z",
    }  # fmt: skip


def sdk(python, repository, questions, **more):
    """What the SDK says to each question, and what its registry declares."""
    settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **more}
    done = subprocess.run([python, "-c", ASK], cwd=repository, env=settings, input=json.dumps(questions), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    told = [json.loads(text) for word, text in lines if word == "told"]
    [declared] = [json.loads(text) for word, text in lines if word == "declared"]
    assert len(told) == len(questions), done.stdout
    return told, declared


def apply(python, repository):
    binary = str(pathlib.Path(python).with_name("feast"))
    done = subprocess.run([binary, "apply"], cwd=repository, capture_output=True, text=True, env={**os.environ, "FEATC_TOKEN": TOKEN})
    assert done.returncode == 0 and (repository / "data" / "registry.db").is_file(), done.stdout + done.stderr


def compare(told, answers, features):
    """The values of the SDK are those of /v1/answer: letter for letter, but for decimals, which are texts."""
    words = {"ok": "PRESENT", "empty": "PRESENT", "truncated": "PRESENT", "missing": "NOT_FOUND", "stale": "OUTSIDE_MAX_AGE"}
    compared = 0
    for name in features:
        for row, answer in enumerate(answers):
            ours, status = answer["values"][name], answer["statuses"][name]
            theirs, word = told["values"][name][row], told["statuses"][name][row]
            expected = words.get(status, "INVALID")
            assert word == ("NULL_VALUE" if ours is None and expected == "PRESENT" else expected), (name, row, status, word)
            ours = plain(ours, str if name in ("spend__price", "spend__prices") else float)
            assert theirs == ours and type(theirs) is type(ours), (name, row, ours, theirs)
            compared += 1
    return compared


class Digits(str):
    """A number that is no integer, as it is written."""


def plain(value, number):
    """A value of JSON with its digits as floats, or as texts."""
    if isinstance(value, list):
        return [plain(item, number) for item in value]
    return number(value) if isinstance(value, Digits) else value


def run_the_page(python):
    """The definitions of docs/from-feast.md are those of Feast."""
    blocks = re.findall(r"```python\n(.*?)```", (HERE.parents[1] / "docs" / "from-feast.md").read_text(), re.S)
    with tempfile.TemporaryDirectory() as name:
        # A function of an on-demand view is read from its file.
        definitions = pathlib.Path(name) / "definitions.py"
        definitions.write_text("\n".join([*blocks, "assert len(fraud.feature_view_projections) == 2 and len(spend.features) == 11"]))
        done = subprocess.run([python, str(definitions)], cwd=name, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:]


def run(folder):
    featc = os.path.abspath(os.environ.get("FEATC_BIN", str(HERE.parents[1] / "target" / "debug" / "featc")))
    python = environment(folder)
    run_the_page(python)
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        shutil.copy(PROGRAM, home / "every.feat")
        with Server(featc, home) as server:
            rows = [fact(1, "a", 1, "12345678901234567890.10"), fact(2, "a", 2, None), fact(3, "b", 1, None)]
            pushed = server.post("/v1/push/facts", "".join(json.dumps(row) + "\n" for row in rows))
            assert pushed["accepted"] == 3, pushed
            repository = home / "repository"
            subprocess.run([featc, "export", "feast", "every.feat", "--out", "repository", "--url", server.url], cwd=home, check=True, stdout=subprocess.PIPE)
            apply(python, repository)
            entities = [{"card": card} for card in CARDS]
            pairs = [{"card": "a", "shop": 1}, {"card": "nobody", "shop": 2}]
            told, declared = sdk(
                python,
                repository,
                [
                    {"service": "cards", "entity_rows": entities, "full_feature_names": True},
                    {"features": ["spend:total", "spend:word"], "entity_rows": entities},
                    {"features": ["pairs:n", "spend:times"], "entity_rows": pairs},
                    {"service": "both", "entity_rows": pairs},
                    {"service": "strict", "entity_rows": entities},
                    {"service": "strict", "entity_rows": entities[:2]},
                    {"features": ["pairs:n"], "entity_rows": [{"card": "a"}]},
                    {"features": ["spend:nothing"], "entity_rows": entities},
                    {"features": ["spend:others"], "entity_rows": entities},
                ],
            )
            asked = {"service": "cards", "entities": [{"card": card} for card in CARDS]}
            request = urllib.request.Request(server.url + "/v1/answer", json.dumps(asked).encode())
            with urllib.request.urlopen(request) as response:
                answers = json.load(response, parse_float=Digits)["answers"]
            # Every feature of the service, and each of its views' fields is one of them.
            features = list(answers[0]["values"])
            assert told[0]["values"].keys() == {"card", *features} and told[0]["values"]["card"] == CARDS
            compared = compare(told[0], answers, features)
            assert compared == 14 * len(CARDS)
            assert {f"spend__{name}" for name in declared["spend"]} == {name for name in features if "__" in name}
            seen = {word for words in told[0]["statuses"].values() for word in words}
            assert seen == {"PRESENT", "NULL_VALUE", "NOT_FOUND", "INVALID"}, seen
            # A type that the registry declares is the type of the values.
            types = {"Int64": int, "Float64": float, "Bool": bool, "String": str}
            for name, dtype in declared["spend"].items():
                scalar = dtype.removeprefix("Array(").removesuffix(")")
                values = [value for value in told[0]["values"][f"spend__{name}"] if value is not None]
                items = [item for value in values for item in (value if dtype != scalar else [value])]
                assert items and {type(item) for item in items} == {types[scalar]}, (name, dtype, items)
            assert told[1]["values"] == {"card": CARDS, "total": [plain(answer["values"]["spend__total"], float) for answer in answers], "word": ["é2", "é3", None, None]}
            assert told[2]["values"] == {"card": ["a", "nobody"], "shop": [1, 2], "n": [1, 0], "times": [2, 0]}
            assert told[5]["values"] == {"card": ["a", "b"], "times": [2, 1]}
            for place, code in [(3, "E0820"), (4, "E0817"), (6, "E0802"), (7, "E0821"), (8, "E0820")]:
                assert code in told[place]["refused"], (place, told[place])
            done = subprocess.run([python, "-c", ASK_BY_VIEW], cwd=repository, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr

        # With a token, which the SDK sends as the token of OpenID Connect.
        (home / "token").write_text(TOKEN + "\n")
        with Server(featc, home, "--token-file", "token") as server:
            store = repository / "feature_store.yaml"
            text = re.sub(r"path: .*", f'path: "{server.url}"', store.read_text())
            question = [{"service": "strict", "entity_rows": entities[:2]}]
            store.write_text(text)
            [without], _ = sdk(python, repository, question)
            assert "E0805" in without["refused"], without
            store.write_text(text.replace("# auth:", "auth:"))
            [with_token], _ = sdk(python, repository, question, FEATC_TOKEN=TOKEN)
            assert with_token["values"]["times"] == [2, 1], with_token
    print(f"feast: {compared} values of {len(features)} features", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(pathlib.Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as name:
            run(pathlib.Path(name))
