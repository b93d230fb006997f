use super::*;
use crate::diag::SourceMap;
use std::collections::BTreeSet;

/// A program over `amount`, with one service more if `wide`.
fn program(filter: &str, wide: bool) -> Program {
    let service = if wide { "service both { spend.* }\n" } else { "" };
    let text = format!(
        "module shop
entity card (card: string)
source txn {{ columns (id: int64, card: string, amount: int64, at: timestamp) unique id time at }}
view spend of card from txn {{
  owner \"payments\"
  /// What the card spent.
  feature total = sum(amount where amount > {filter}) over 1d
}}
service risk {{ spend.total }}
{service}"
    );
    let mut sources = SourceMap::new();
    let file = sources.add("shop.feat", text);
    crate::compile(&sources, &[file]).value.expect("it compiles")
}

fn files_of(program: &Program) -> BTreeMap<String, String> {
    let plans = crate::lower(program);
    contents(
        program,
        &plans,
        &crate::certify(program, &plans).expect("plans of the compiler"),
        BYTES_MAX,
    )
    .expect("a small build")
}

#[test]
fn a_build_beyond_its_bound_is_refused_before_anything_is_written() {
    let program = program("5", true);
    let plans = crate::lower(&program);
    let certificate = crate::certify(&program, &plans).expect("plans of the compiler");
    let whole = contents(&program, &plans, &certificate, BYTES_MAX).expect("a small build");
    let listed = whole
        .iter()
        .filter(|(name, _)| ![FILE, ORIGINS].contains(&name.as_str()));
    let bytes: usize = listed.map(|(_, text)| text.len()).sum();
    assert!(contents(&program, &plans, &certificate, bytes).is_ok());
    let refused = contents(&program, &plans, &certificate, bytes - 1);
    assert_eq!(
        refused,
        Err(BuildError::TooLarge {
            services: 2,
            features: 2,
            most: bytes - 1,
        })
    );
}

/// What lies in a folder, by name.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            let below = tree(&entry.path()).into_iter();
            found.extend(below.map(|(path, text)| (format!("{name}/{path}"), text)));
        } else {
            found.insert(name, std::fs::read_to_string(entry.path()).expect("text"));
        }
    }
    found
}

/// The build that a reader finds: the manifest that counts, and every file that it lists.
fn seen(folder: &Path) -> BTreeMap<String, String> {
    let read = |name: &str| {
        let next = std::fs::read_to_string(folder.join(NEXT).join(name));
        next.or_else(|_| std::fs::read_to_string(folder.join(name)))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let manifest = read(FILE);
    let parsed: Manifest = serde_json::from_str(&manifest).expect("a manifest");
    let mut found = BTreeMap::from([(FILE.to_owned(), manifest)]);
    for (name, hash) in parsed.files {
        let text = read(&name);
        assert_eq!(content_hash(text.as_bytes()), hash, "{name}");
        found.insert(name, text);
    }
    found
}

fn without_origins(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.remove(ORIGINS).expect("origins");
    files
}

#[test]
fn killed_at_any_step() {
    let (old, new) = (program("1", true), program("2", false));
    let (old_files, new_files) = (files_of(&old), files_of(&new));
    let mut ends = BTreeSet::new();
    for steps in 0.. {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = build(&old, &crate::lower(&old), out.path()).expect("writable");
        std::fs::write(folder.join("notes.txt"), "mine").expect("writable");
        std::fs::write(folder.join("batch/other.json"), "mine").expect("writable");
        let ended = write(&folder, &new_files, &mut Steps(steps)).is_err();
        let found = seen(&folder);
        let is_new = found == without_origins(new_files.clone());
        assert!(
            is_new || found == without_origins(old_files.clone()),
            "after {steps} steps"
        );
        ends.insert((ended, is_new));
        // The next build, whichever it is, leaves its own files and those of others.
        for (next, files) in [(&new, &new_files), (&old, &old_files)] {
            build(next, &crate::lower(next), out.path()).expect("writable");
            let mut expected = files.clone();
            expected.insert("notes.txt".to_owned(), "mine".to_owned());
            expected.insert("batch/other.json".to_owned(), "mine".to_owned());
            assert_eq!(tree(&folder), expected, "after {steps} steps");
        }
        if !ended {
            break;
        }
    }
    let all = BTreeSet::from([(true, false), (true, true), (false, true)]);
    assert_eq!(ends, all, "killed before and after the new build stood");
}

#[test]
fn what_stands_in_the_way_leaves_the_old_build() {
    let (old, new) = (program("1", false), program("2", true));
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = build(&old, &crate::lower(&old), out.path()).expect("writable");
    std::fs::create_dir(folder.join("batch/both.json")).expect("writable");
    let before = tree(&folder);
    let refused = build(&new, &crate::lower(&new), out.path()).expect_err("in the way");
    let expected = BuildError::Unwritable {
        path: folder.join("batch/both.json"),
        why: "it is a folder".to_owned(),
    };
    assert_eq!(refused, expected);
    assert_eq!(tree(&folder), before);
}

#[test]
fn files_of_others_are_not_replaced() {
    let own = program("1", false);
    let foreign = [
        "program.txt",
        "stream/risk.mmd",
        "origins.json",
        "manifest.json",
        "batch/risk.json",
        ".featc-new",
        ".featc-next",
    ];
    for name in foreign {
        let out = tempfile::tempdir().expect("a temporary folder");
        let path = out.path().join("shop").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(&path, "mine").expect("writable");
        let refused = build(&own, &crate::lower(&own), out.path()).expect_err("in the way");
        assert_eq!(refused, BuildError::Foreign { path: path.clone() });
        assert_eq!(
            tree(&out.path().join("shop")),
            [(name.to_owned(), "mine".to_owned())].into()
        );
        std::fs::remove_file(&path).expect("removable");
        build(&own, &crate::lower(&own), out.path()).expect("the way is free");
    }
    // A service whose plan would have the name of a file that lies beside the plans.
    let (out, wide) = (tempfile::tempdir().expect("a temporary folder"), program("1", true));
    let folder = build(&own, &crate::lower(&own), out.path()).expect("writable");
    std::fs::write(folder.join("batch/both.txt"), "mine").expect("writable");
    let refused = build(&wide, &crate::lower(&wide), out.path()).expect_err("in the way");
    let path = folder.join("batch/both.txt");
    assert_eq!(refused, BuildError::Foreign { path });
}

/// A build of another release is one of ours all the same.
#[test]
fn a_build_of_another_release_is_replaced() {
    let own = program("1", false);
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = build(&own, &crate::lower(&own), out.path()).expect("writable");
    let before = tree(&folder);
    let text = &before[FILE];
    let mut manifest: serde_json::Value = serde_json::from_str(text).expect("JSON");
    manifest["version"] = 1.into();
    manifest.as_object_mut().expect("an object").remove("features");
    std::fs::write(folder.join(FILE), manifest.to_string()).expect("writable");
    build(&own, &crate::lower(&own), out.path()).expect("replaces it");
    assert_eq!(tree(&folder), before);
}

#[cfg(unix)]
#[test]
fn pipes_hold_up_no_build() {
    let own = program("1", false);
    for name in [FILE, ".featc-next/manifest.json"] {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = build(&own, &crate::lower(&own), out.path()).expect("writable");
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        let _ = std::fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo runs").success());
        // On a thread of its own: a reader of the pipe would wait for ever.
        let (said, heard) = std::sync::mpsc::channel();
        let (program, out) = (own.clone(), out.path().to_owned());
        std::thread::spawn(move || said.send(build(&program, &crate::lower(&program), &out)));
        let refused = heard.recv_timeout(Duration::from_secs(20)).expect("it does not wait");
        let why = "it is a pipe, a socket or a device, and no file".to_owned();
        assert_eq!(refused, Err(BuildError::Unwritable { path, why }));
    }
}

/// What fails once the new build stands is not told as if the old one did.
#[test]
fn a_build_that_stands_is_told_to_stand() {
    let (old, new) = (program("1", false), program("2", false));
    let new_files = files_of(&new);
    let mut told = BTreeSet::new();
    for steps in 0.. {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = build(&old, &crate::lower(&old), out.path()).expect("writable");
        let ended = write(&folder, &new_files, &mut Steps(steps));
        let is_new = seen(&folder) == without_origins(new_files.clone());
        let Err(error) = ended else { break };
        let unfinished = matches!(error, BuildError::Unfinished { .. });
        assert_eq!(unfinished, is_new, "after {steps} steps: {error:?}");
        told.insert(unfinished);
    }
    assert_eq!(told.len(), 2);
}

#[test]
fn names_of_a_manifest_lead_nowhere_else() {
    for name in ["batch/risk.json", "batch/risk.txt"] {
        assert!(is_plan(name), "{name}");
    }
    for name in [
        "batch/../notes.txt",
        "/etc/x.json",
        "notes.txt",
        "batch/.json",
        "batch/a/b.json",
    ] {
        assert!(!is_plan(name), "{name}");
    }
}

/// A folder can come from anywhere, a checkout for example: what its manifest names moves nothing beside it.
#[test]
fn a_committed_build_from_elsewhere_leads_nowhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = folder.path().join("a/build");
    let own = files_of(&program("0", false));
    for (name, text) in &own {
        let path = build.join(NEXT).join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    let mut manifest: serde_json::Value = serde_json::from_str(&own[FILE]).expect("JSON");
    manifest["files"]["../../mine"] = "0".repeat(32).into();
    std::fs::write(build.join(NEXT).join(FILE), manifest.to_string()).expect("writable");
    // Where the name leads to from the folder that is moved, and from the one that it is moved to.
    std::fs::write(folder.path().join("a/mine"), "below").expect("writable");
    std::fs::write(folder.path().join("mine"), "above").expect("writable");
    put_in_place(&build, &mut Steps::all()).expect("puts what it knows");
    let left = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("still there");
    assert_eq!((left("mine"), left("a/mine")), ("above".into(), "below".into()));
}
