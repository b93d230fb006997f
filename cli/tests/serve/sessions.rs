//! Requests that are refused: sessions of `tests/ui`.

use crate::client::{Server, shop};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a repository")
        .to_owned()
}

fn sessions() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root().join("tests/ui")).expect("tests/ui").flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let mut found: Vec<PathBuf> = files.map(|file| file.path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "http"));
    found.sort();
    found
}

/// With `$NOW` for an instant of the server's clock.
fn without_instant(word: &str) -> &str {
    let is_now = word.len() > 20 && word.starts_with("20") && word.contains('.') && word.ends_with('Z');
    if is_now { "$NOW" } else { word }
}

/// Plays a session; returns what is wrong.
fn play(path: &Path) -> Option<String> {
    let session = std::fs::read_to_string(path).expect("a readable fixture");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    std::fs::write(folder.path().join("token"), "0123456789abcdef\n").expect("a writable folder");
    let (mut request, mut status, mut expected) = ("", 0, "");
    let (mut hold, mut blocks, mut repeat) = (0, None, 1);
    let mut pushes: Vec<(&str, &str)> = Vec::new();
    let mut options: Vec<String> = Vec::new();
    for part in session.split("== ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        let words: Vec<&str> = head.split_whitespace().collect();
        match words.as_slice() {
            ["serve", given @ ..] => {
                let here = |word: &&str| word.replace("$FOLDER", &folder.path().display().to_string());
                options = given.iter().map(here).collect();
            }
            ["program"] => std::fs::write(&program, body).expect("a writable folder"),
            ["push", source] => pushes.push((source, body)),
            ["hold", number] => hold = number.parse().expect("a number"),
            ["blocks", number] => blocks = Some((*number).to_owned()),
            ["repeat", number] => repeat = number.parse().expect("a number"),
            ["request"] => request = body.trim_end_matches('\n'),
            ["status", code] => status = code.parse().expect("a status"),
            ["body"] => expected = body,
            other => panic!("{}: section {other:?}", path.display()),
        }
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let state = folder.path().join("state");
    let server = match &blocks {
        None => Server::start(&program, &state, &options),
        Some(blocks) => Server::start_on_full_disk(&program, &state, blocks),
    };
    let server = server.expect("it starts");
    for (source, rows) in pushes {
        let pushed = server.request(&format!("POST /v1/push/{source}"), rows.as_bytes()).ok();
        assert_eq!(pushed["accepted"], rows.lines().count(), "{}: {pushed}", path.display());
    }
    let held: Vec<TcpStream> = (0..hold).map(|_| server.slow()).collect();
    if hold > 0 {
        std::thread::sleep(Duration::from_millis(500));
    }
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let body = vec![body; repeat].join("\n");
    let reply = server.request(head, body.as_bytes());
    let said = serde_json::to_string_pretty(&reply.json()).expect("JSON") + "\n";
    let said = said.replace(&folder.path().display().to_string(), "$FOLDER");
    let said = said.split(' ').map(without_instant).collect::<Vec<_>>().join(" ");
    // Whatever was asked, it is alive and in order afterwards.
    drop(held);
    let begun = Instant::now();
    if blocks.is_some() {
        assert_eq!(server.get("/ready").status, 503, "{}", path.display());
        // What is refused is tried again, though nobody pushes.
        while server.get("/ready").status == 503 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert_eq!(server.get("/ready").status, 200, "{}", path.display());
    if std::env::var_os("FEATC_BLESS").is_some_and(|value| value == "1") {
        let (inputs, _) = session.split_once("== body\n").expect("a session ends with a body");
        std::fs::write(path, format!("{inputs}== body\n{said}")).expect("fixtures are writable when blessing");
        return None;
    }
    let code = path
        .parent()
        .and_then(Path::file_name)
        .expect("a folder per code")
        .to_string_lossy()
        .into_owned();
    let place = path.display();
    if reply.status != status || reply.json()["error"]["code"] != code.as_str() {
        return Some(format!("{place}: {} instead of {status}\n{said}", reply.status));
    }
    (said != expected).then(|| format!("{place}\n--- expected\n{expected}\n--- said\n{said}"))
}

#[test]
fn every_bad_request_gets_one_clear_error() {
    let sessions = sessions();
    assert!(sessions.len() >= 20, "{} sessions", sessions.len());
    let wrong: Vec<String> = sessions.iter().filter_map(|path| play(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Codes that requests are refused with are codes of the registry, and their pages quote a session.
#[test]
fn every_code_has_its_page() {
    for code in featr_serve::CODES {
        let page = root().join(format!("docs/errors/{code}.md"));
        let page = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{code}: {error}"));
        let example = page
            .split("```json\n")
            .nth(1)
            .and_then(|rest| rest.split("\n```").next());
        if !code.starts_with("E080") {
            continue;
        }
        let example = example.unwrap_or_else(|| panic!("{code}: no `json` block"));
        let said = sessions()
            .into_iter()
            .filter(|path| path.to_string_lossy().contains(code));
        let said: Vec<String> = said.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        assert!(
            said.iter().any(|session| session.contains(example)),
            "{code}: no session says\n{example}"
        );
    }
}
