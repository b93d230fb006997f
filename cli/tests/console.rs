//! `tests/ui/<CODE>/<point>.console`: a session of the command line, with what it says on standard error.
//!
//! Sections, done in order: `== file NAME` with a text, `== bytes NAME HEX`, `== copy NAME [LENGTH]` (the flights of the
//! example, cut to LENGTH bytes), `== env NAME VALUE` (a variable of the command), `== given` with a command that succeeds,
//! `== edit NAME` with a text that is in the file and on the next line what it becomes, `== busy FOLDER` and `== busy-file
//! NAME` (which another run writes to), `== pipe NAME`, `== link NAME TARGET`,
//! `== keys NAME COUNT` (a line of a spine with an object of so many keys),
//! `== move FROM TO`, `== mend FOLDER` (a build whose manifest gets the hashes of the files as they are); then `== run` with the
//! command, `== exit CODE`, `== stderr` with the messages, hashes as `$HASH`. A session that fails leaves no file behind that
//! was not there, but for what is in a folder that `== leaves FOLDER` names. `FEATC_BLESS=1` rewrites the messages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lives in the repository")
        .to_owned()
}

fn flights() -> Vec<u8> {
    std::fs::read(root().join("examples/flights/data/flights-2013-q1.parquet")).expect("the example has its data")
}

/// A section: its heading and its text.
fn sections(session: &str) -> Vec<(Vec<&str>, &str)> {
    let mut found = Vec::new();
    for part in session.split("== ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        found.push((head.split_whitespace().collect(), body));
    }
    found
}

fn featc(folder: &Path, arguments: &[&str]) -> Output {
    featc_with(folder, arguments, &[])
}

/// With variables of its own; none of the object stores' comes from outside.
fn featc_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    let outside = std::env::vars_os().map(|(name, _)| name);
    outside
        .filter(|name| name.to_string_lossy().starts_with("AWS_"))
        .for_each(|name| {
            command.env_remove(name);
        });
    command
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
    std::fs::write(path, bytes).expect("a writable folder");
}

fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        if entry.file_type().is_ok_and(|ty| ty.is_dir()) {
            found.extend(tree(&entry.path()));
        }
        found.insert(entry.path());
    }
    found
}

/// With `$HASH` for every 32 hexadecimal digits.
fn without_hashes(said: &str) -> String {
    let mut text = String::new();
    let mut digits = String::new();
    for next in said.chars().chain(std::iter::once('\0')) {
        if next.is_ascii_hexdigit() {
            digits.push(next);
            continue;
        }
        text.push_str(if digits.len() == 32 { "$HASH" } else { &digits });
        digits.clear();
        if next != '\0' {
            text.push(next);
        }
    }
    text
}

/// Runs a command that succeeds.
fn given(folder: &Path, command: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let output = featc(folder, &words[1..]);
    assert!(
        output.status.success(),
        "{command}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Replaces the first of two lines, where it is in the file, by the second.
fn edit(path: &Path, lines: &str) {
    let (from, to) = lines.trim_end().split_once('\n').expect("two lines");
    let text = std::fs::read_to_string(path).expect("a file to edit");
    assert!(text.contains(from), "no {from} in {}", path.display());
    write(path, text.replacen(from, to, 1).as_bytes());
}

/// Gives the manifest of a build the hashes of its files as they are.
fn mend(folder: &Path) {
    use featc_ir::manifest::{FILE, Manifest, content_hash};
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file of a build");
    let mut manifest: Manifest = serde_json::from_slice(&read(FILE)).expect("a manifest");
    for (name, hash) in &mut manifest.files {
        *hash = content_hash(&read(name));
    }
    write(&folder.join(FILE), manifest.to_json().as_bytes());
}

/// A new folder that somebody writes to, as long as the result lives.
fn busy(path: &Path) -> std::fs::File {
    std::fs::create_dir(path).expect("a writable folder");
    let lock = std::fs::File::open(path).expect("a readable folder");
    lock.lock().expect("a folder that can be locked");
    lock
}

/// A pipe with a name, which nobody writes to.
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success());
}

fn link(path: &Path, target: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
    std::os::unix::fs::symlink(target, path).expect("a writable folder");
}

/// Plays a session; returns what is wrong and, when blessing, the session with what was said.
fn play(path: &Path) -> Option<String> {
    let session = std::fs::read_to_string(path).expect("a readable fixture");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut arguments, mut exit, mut expected) = (Vec::new(), 0, "");
    let mut variables = Vec::new();
    let (mut locks, mut claims) = (Vec::new(), Vec::new());
    let mut leaves = BTreeSet::new();
    for (head, body) in sections(&session) {
        match head.as_slice() {
            ["file", name] => write(&folder.path().join(name), body.as_bytes()),
            ["bytes", name, hex] => {
                let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
                write(
                    &folder.path().join(name),
                    &(0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>(),
                );
            }
            ["copy", name] => write(&folder.path().join(name), &flights()),
            ["copy", name, length] => write(
                &folder.path().join(name),
                &flights()[..length.parse().expect("a number")],
            ),
            ["env", name, value] => variables.push((*name, *value)),
            ["given"] => given(folder.path(), body),
            ["edit", name] => edit(&folder.path().join(name), body),
            ["busy", name] => locks.push(busy(&folder.path().join(name))),
            ["busy-file", name] => claims.push(featr::Claim::take(&folder.path().join(name)).expect("nobody has it")),
            ["move", from, to] => {
                std::fs::rename(folder.path().join(from), folder.path().join(to)).expect("a file to move");
            }
            ["mend", name] => mend(&folder.path().join(name)),
            ["leaves", name] => {
                leaves.insert(folder.path().join(name));
            }
            ["keys", name, count] => {
                let keys = (0..count.parse::<u32>().expect("a number")).map(|key| format!("\"k{key}\":{key}"));
                let keys: Vec<String> = keys.collect();
                let line = format!(
                    "{{\"card\":\"a1\",\"timestamp\":\"2024-01-01T11:00:00Z\",\"n\":{{{}}}}}\n",
                    keys.join(",")
                );
                write(&folder.path().join(name), line.as_bytes());
            }
            ["pipe", name] => pipe(&folder.path().join(name)),
            ["link", name, target] => link(&folder.path().join(name), target),
            ["run"] => arguments = body.split_whitespace().collect(),
            ["exit", code] => exit = code.parse().expect("a number"),
            ["stderr"] => expected = body,
            other => panic!("{}: section {other:?}", path.display()),
        }
    }
    let before = tree(folder.path());
    let output = featc_with(folder.path(), &arguments[1..], &variables);
    let said = String::from_utf8_lossy(&output.stderr).replace(&folder.path().display().to_string(), "$FOLDER");
    let said = without_hashes(&said);
    if std::env::var_os("FEATC_BLESS").is_some_and(|value| value == "1") {
        let (inputs, _) = session
            .split_once("== stderr\n")
            .expect("a session ends with its messages");
        std::fs::write(path, format!("{inputs}== stderr\n{said}")).expect("fixtures are writable when blessing");
        expected = &said;
    }
    let code = path
        .parent()
        .and_then(Path::file_name)
        .expect("a folder per code")
        .to_string_lossy()
        .into_owned();
    let after = tree(folder.path());
    let new = after.difference(&before);
    let left: Vec<&PathBuf> = new
        .filter(|path| !leaves.iter().any(|folder| path.starts_with(folder)))
        .collect();
    let unmade: Vec<&PathBuf> = leaves.iter().filter(|folder| !folder.exists()).collect();
    let place = path.display();
    if output.status.code() != Some(exit) {
        return Some(format!(
            "{place}: exit {:?} instead of {exit}\n{said}",
            output.status.code()
        ));
    }
    // A warning may stand beside what it warns of.
    let errors = said.matches("error[").count();
    if !said.contains(&format!("[{code}]")) || (code.starts_with('E') && errors != 1) {
        return Some(format!("{place}: not just one error {code}:\n{said}"));
    }
    if !left.is_empty() || !unmade.is_empty() {
        return Some(format!("{place}: left behind {left:?}, not there {unmade:?}"));
    }
    (said != expected).then(|| format!("{place}\n--- expected\n{expected}\n--- said\n{said}"))
}

#[test]
fn every_session_says_what_it_said() {
    let mut sessions = Vec::new();
    for code in std::fs::read_dir(root().join("tests/ui")).expect("tests/ui").flatten() {
        let files = std::fs::read_dir(code.path())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        sessions.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "console")));
    }
    sessions.sort();
    assert!(sessions.len() > 20, "{} sessions", sessions.len());
    let wrong: Vec<String> = sessions.iter().filter_map(|path| play(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_command_has_help() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for command in [
        "check", "build", "certify", "fmt", "explain", "train", "backfill", "replay", "verify", "get", "serve", "demo",
        "notices",
    ] {
        let output = featc(folder.path(), &[command, "--help"]);
        assert!(output.status.success());
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("Usage: featc"),
            "{command}"
        );
    }
    assert_eq!(
        featc(folder.path(), &["train"]).status.code(),
        Some(2),
        "wrong usage exits with 2"
    );
}

#[test]
fn wrong_usage_is_told_to_machines_as_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for arguments in [
        "--json train shop.feat --threads many",
        "train shop.feat --threads many --json",
        "--message-format json train shop.feat --threads many",
        "--message-format=json train shop.feat --threads many",
    ] {
        let output = featc(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        let said: serde_json::Value = serde_json::from_slice(&output.stderr).expect("one JSON document");
        assert_eq!(said["code"], "E0910", "{arguments}");
        assert_eq!(said["message"], "`--threads many`: no whole number");
        assert_eq!(said["primary"]["file"], "command line");
        let column = arguments.find("--threads").expect("the option") + "featc ".len() + 1;
        assert_eq!(said["primary"]["start"]["column"], column, "{arguments}");
        assert_eq!(said["help"]["text"], "write a number, or leave it out for all threads");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_demo_ends_with_zero_differences() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = featc(folder.path(), &["demo"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("verify: ") && line.ends_with(": 0 differ"))
            .count(),
        2,
        "{said}"
    );
    assert!(
        said.contains("80678 rows on disk") && said.contains("values, the same as before"),
        "{said}"
    );
    let leak = said
        .lines()
        .find(|line| line.contains("mean_delay_3h: complete differs"))
        .expect("the leak is told");
    assert!(!leak.contains("differs from as-of-arrival on 0 of"), "{leak}");
}

#[test]
fn build_is_deterministic_and_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = root().join("examples/flights/flights.feat");
    let read = |out: &str| {
        let output = featc(folder.path(), &["build", &program.display().to_string(), "--out", out]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let base = folder.path().join(out);
        let files = tree(&base).into_iter().filter(|path| path.is_file());
        files
            .map(|path| {
                (
                    path.strip_prefix(&base).expect("inside").to_owned(),
                    std::fs::read(&path).expect("readable"),
                )
            })
            .collect::<Vec<_>>()
    };
    let (first, second) = (read("one"), read("two"));
    assert_eq!(first, second);
    let names: Vec<String> = first.iter().map(|(path, _)| path.display().to_string()).collect();
    for name in [
        "program.txt",
        "program.json",
        "certificate.json",
        "stream/delay_v1.txt",
        "stream/delay_v1.json",
        "stream/delay_v1.mmd",
        "manifest.json",
        "origins.json",
        "batch/delay_v1.json",
        "batch/delay_v1.txt",
    ] {
        assert!(
            names.contains(&format!("flights/{name}")),
            "{name} is missing in {names:?}"
        );
    }
}
