"""Writes NOTICES.txt: the licences of every crate that is linked into the binary `featc` or the Python package.

Run it after a change of dependencies: `python3 cli/notices.py`. A test compares the list of crates with cargo's.
"""

import hashlib
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = re.compile(r"^(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)

#: Crates that link a library in C whose sources are another crate's, which is built and not linked.
SOURCES = {"openssl-sys": ("openssl-src", "openssl/LICENSE.txt")}


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked() -> set[tuple[str, str]]:
    """Name and version of every crate of the binary and of the Python package, on Linux, without our own."""
    tree = cargo("tree", "-p", "featc", "-p", "featc-python", "-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}", "--locked")
    crates = set()
    for line in filter(None, tree.splitlines()):
        name, version, *place = line.replace(" (*)", "").split()
        if not place:
            crates.add((name, version.removeprefix("v")))
    return crates


def texts(folder: pathlib.Path, more: list[pathlib.Path]) -> list[str]:
    """The licence files of a crate, also those one folder below, and more."""
    files = [path for path in folder.iterdir() if path.is_file() and NAMES.match(path.name) and path.suffix not in {".rs", ".py"}]
    for below in ("LICENSES", "licenses", "license"):
        if (folder / below).is_dir():
            files += [path for path in (folder / below).iterdir() if path.is_file()]
    # Libraries in C.
    files += more
    files += [path for path in (folder / "librdkafka" / "LICENSES.txt", folder / "src" / "zlib" / "LICENSE") if path.is_file()]
    found = []
    for path in sorted(files):
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip("\n")
        if text and text not in found:
            found.append("\n".join(line.rstrip() for line in text.splitlines()))
    return found


def main() -> None:
    packages = {
        (package["name"], package["version"]): package
        for package in json.loads(cargo("metadata", "--format-version", "1", "--locked"))["packages"]
    }
    numbers: dict[str, int] = {}
    bodies: list[str] = []
    lines = []
    for key in sorted(linked()):
        package = packages[key]
        own = []
        name, path = SOURCES.get(key[0], ("", ""))
        more = [pathlib.Path(other["manifest_path"]).parent / path for (of, _), other in packages.items() if of == name]
        for text in texts(pathlib.Path(package["manifest_path"]).parent, more):
            digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
            if digest not in numbers:
                numbers[digest] = len(bodies) + 1
                bodies.append(text)
            own.append(numbers[digest])
        authors = ", ".join(re.sub(r" *<[^>]*>", "", author) for author in package["authors"])
        where = f"texts {', '.join(map(str, own))}" if own else f"no text in the crate{'; by ' + authors if authors else ''}"
        lines.append(f"{key[0]} {key[1]}: {package['license']} ({where})")
    head = (
        "The binary `featc` and its Python package contain the crates below. Each is under its own licence; where it offers several, featc takes\n"
        "the one that is compatible with Apache-2.0. The numbered texts follow the list.\n"
    )
    rule = "\n\n" + "=" * 100 + "\n"
    numbered = [f"Text {number}\n\n{text}" for number, text in enumerate(bodies, 1)]
    (ROOT / "NOTICES.txt").write_text(head + "\n" + "\n".join(lines) + rule + rule.join(numbered) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
