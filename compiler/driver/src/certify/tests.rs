use super::*;
use crate::diag::SourceMap;
use featc_ir::manifest::NEXT;
use serde_json::{Value as Json, json};
use std::sync::mpsc;
use std::time::Duration;

/// A program of two services, or of one.
fn program(both: bool) -> Program {
    let second = if both { "service both { spend.* }\n" } else { "" };
    let text = format!(
        "module shop
entity card (card: string)
source txn {{ columns (id: int64, card: string, amount: int64, at: timestamp) unique id time at }}
view spend of card from txn {{
  owner \"payments\"
  /// What the card spent.
  feature total = sum(amount) over 1d
}}
service risk {{ spend.total }}
{second}"
    );
    let mut sources = SourceMap::new();
    let file = sources.add("shop.feat", text);
    crate::compile(&sources, &[file]).value.expect("it compiles")
}

fn built(program: &Program, out: &Path) -> std::path::PathBuf {
    crate::build(program, &crate::lower(program), out).expect("writable")
}

/// Changes the manifest of a build.
fn edit(folder: &Path, change: impl Fn(&mut Json)) {
    let path = folder.join(FILE);
    let mut manifest = serde_json::from_slice(&std::fs::read(&path).expect("a manifest")).expect("JSON");
    change(&mut manifest);
    std::fs::write(path, manifest.to_string()).expect("writable");
}

/// What is said of a build, or that nothing is said for too long.
fn said(folder: &Path) -> String {
    let (send, receive) = mpsc::channel();
    let folder = folder.to_owned();
    std::thread::spawn(move || send.send(certify_folder(&folder)));
    match receive.recv_timeout(Duration::from_secs(20)) {
        Ok(Ok(certificate)) => format!("certified, {} services", certificate.services.len()),
        Ok(Err(CertifyError::Unusable { why })) => why,
        Ok(Err(CertifyError::Refused(refusal))) => refusal.to_string(),
        Err(_) => "nothing".to_owned(),
    }
}

type Change = fn(&mut Json);

#[test]
fn a_manifest_that_says_something_else_is_refused() {
    let edits: [(&str, Change, &str); 11] = [
        ("a member", |all| all["zzz"] = json!(1), "it has `/zzz`"),
        (
            "a member of a feature",
            |all| all["features"][0]["zzz"] = json!([]),
            "it has `/features/0/zzz`",
        ),
        (
            "a file that is not listed",
            |all| drop(all["files"].as_object_mut().expect("files").remove("stream/risk.mmd")),
            "does not name `stream/risk.mmd`",
        ),
        (
            "a file too many",
            |all| {
                all["files"]["origins.json"] = json!("0".repeat(32));
            },
            "`origins.json` does not match the manifest",
        ),
        ("kind", |all| all["kind"] = json!("x"), "`manifest.json` is a `x`"),
        ("kernels", |all| all["kernels"] = json!("other"), "built for other"),
        ("program", |all| all["program"] = json!("0".repeat(32)), "program"),
        ("services", |all| all["services"] = json!({}), "no service"),
        (
            "module",
            |all| all["module"] = json!("other"),
            "is not that of `program.json`",
        ),
        (
            "features",
            |all| all["features"] = json!([]),
            "is not that of `program.json`",
        ),
        (
            "files",
            |all| all["files"]["../shop/program.txt"] = all["files"]["program.txt"].clone(),
            "no file of a build",
        ),
    ];
    let program = program(true);
    let mut wrong = Vec::new();
    for (what, change, why) in edits {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = built(&program, out.path());
        assert_eq!(said(&folder), "certified, 2 services");
        edit(&folder, change);
        let said = said(&folder);
        if !said.contains(why) {
            wrong.push(format!("{what}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The paths of all objects of a document.
fn objects(document: &Json, path: &str, found: &mut Vec<String>) {
    match document {
        Json::Object(members) => {
            found.push(path.to_owned());
            members
                .iter()
                .for_each(|(name, member)| objects(member, &format!("{path}/{name}"), found));
        }
        Json::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| objects(item, &format!("{path}/{at}"), found));
        }
        _ => {}
    }
}

/// Gives a file another content, and the manifest its hash.
fn put(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("writable");
    edit(folder, |all| all["files"][name] = json!(content_hash(text.as_bytes())));
}

#[test]
fn a_member_added_anywhere_is_refused() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = built(&program(false), out.path());
    let mut wrong = Vec::new();
    for name in ["program.json", "batch/risk.json", "stream/risk.json"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a file of the build");
        let document: Json = serde_json::from_str(&text).expect("JSON");
        let mut paths = Vec::new();
        objects(&document, "", &mut paths);
        assert!(paths.len() > 10, "{name}: {}", paths.len());
        for path in paths {
            let mut changed = document.clone();
            changed.pointer_mut(&path).expect("an object")["zzz"] = json!("x");
            put(&folder, name, &changed.to_string());
            let said = match certify_folder(&folder) {
                Ok(_) => "certified".to_owned(),
                Err(error) => format!("{error:?}"),
            };
            if said == "certified" || said.contains("is not what is written") {
                wrong.push(format!("{name} {path}: {said}"));
            }
        }
        put(&folder, name, &text);
        assert_eq!(said(&folder), "certified, 1 services");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_are_those_of_the_program() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = built(&program(false), out.path());
    put(&folder, "stream/risk.mmd", "graph TD\n");
    assert_eq!(
        said(&folder),
        "`stream/risk.mmd` is not what is written for the program"
    );
    let again = built(&program(false), out.path());
    put(&again, "notes.txt", "mine");
    assert!(
        said(&again).contains("names `notes.txt`, which is no file"),
        "{}",
        said(&again)
    );
}

#[test]
fn a_pipe_is_no_file_of_a_build() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = built(&program(false), out.path());
    std::fs::remove_file(folder.join(FILE)).expect("removable");
    let made = std::process::Command::new("mkfifo").arg(folder.join(FILE)).status();
    assert!(made.expect("mkfifo runs").success());
    assert!(said(&folder).contains("a pipe"), "{}", said(&folder));
}

#[test]
fn a_file_where_the_next_build_would_lie_hides_nothing() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = built(&program(false), out.path());
    std::fs::write(folder.join(NEXT), "mine").expect("writable");
    assert_eq!(said(&folder), "certified, 1 services");
}

#[test]
fn a_build_that_is_replaced_meanwhile_is_certified() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let programs = [program(true), program(false)];
    let folder = built(&programs[0], out.path());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..40 {
                built(&programs[turn % 2], out.path());
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            certify_folder(&folder).expect("the old build or the new one");
        }
    });
}
