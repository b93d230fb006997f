"""Installs a wheel into virtual environments with pandas, with Polars and with neither, and runs the page's first block there.

    python python/tests/empty_environments.py WHEEL [FOLDER]

The environments are made in FOLDER and kept there, by the versions of `requirements.txt` beside this; without FOLDER they are
temporary. Where `WHEEL` is `./python`, pip builds it.
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "python.md"
RESULTS = {"pandas": "train.to_pandas()['spend__total']", "polars": "train.to_polars()['spend__total']", "": "train.to_pydict()['spend__total']"}


def run(wheel: str, folder: pathlib.Path) -> None:
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S).group(1)
    assert len(block.splitlines()) <= 20
    pins = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().splitlines() if "==" in line)
    for library, result in RESULTS.items():
        wanted = f"{library}=={pins[library]}" if library else ""
        place = folder / f"only-{library or 'featc'}-{hashlib.sha256((sys.version + wanted).encode()).hexdigest()[:12]}"
        python = str(place / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if not (place / "whole").exists():
            venv.create(place, with_pip=True, clear=True)
            if wanted:
                subprocess.run([*pip, wanted], check=True)
            (place / "whole").touch()
        subprocess.run([*pip, "--force-reinstall", "--no-deps", wheel], check=True)
        others = {"pandas", "polars", "pyarrow"} - {library}
        code = f"{block}\nprint(list({result}), sorted(train.columns))\nfor name in {sorted(others)}:\n    try:\n        __import__(name)\n    except ImportError:\n        continue\n    raise SystemExit(f'{{name}} is there')"
        done = subprocess.run([python, "-c", code], cwd=place, capture_output=True, text=True)
        told = done.stdout.strip()
        assert done.returncode == 0 and told == "[0.1, 0.0] ['card', 'spend__total', 'timestamp']", (library, told, done.stderr)
        print(f"{library or 'neither'}: {told}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
    else:
        with tempfile.TemporaryDirectory() as name:
            run(sys.argv[1], pathlib.Path(name))
