//! Builds on disk: equal bytes for equal programs, wherever they lie and however they are named.

use featc_driver::{Project, build, compile, lower};
use featc_ir::wire::Wire as _;
use featc_tests::rng::Rng;
use featc_tests::{files, programs, read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The build of a program, file by file.
fn built(program: &Path) -> BTreeMap<String, Vec<u8>> {
    let project = Project::load(program).expect("readable");
    let compiled = compile(&project.sources, &project.files).value.expect("it compiles");
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = build(&compiled, &lower(&compiled), out.path()).expect("writable");
    let mut found = BTreeMap::new();
    for place in [folder.clone(), folder.join("batch")] {
        for entry in std::fs::read_dir(&place).expect("a folder").flatten() {
            if entry.path().is_file() {
                let name = entry.path().strip_prefix(&folder).expect("below").display().to_string();
                found.insert(name, std::fs::read(entry.path()).expect("readable"));
            }
        }
    }
    assert!(found.len() >= 8, "{:?}", found.keys());
    found
}

/// The files in which two builds differ.
fn changed(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) -> BTreeSet<String> {
    let names = left.keys().chain(right.keys());
    names
        .filter(|name| left.get(*name) != right.get(*name))
        .cloned()
        .collect()
}

#[test]
fn spelling_and_place_of_a_program_do_not_show() {
    let flights = root().join("examples/flights/flights.feat");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("flights.feat");
    std::fs::copy(&flights, &copy).expect("writable");
    let absolute = std::fs::canonicalize(&flights).expect("it is there");
    let first = built(&absolute);
    // Tests run in the folder of their package.
    let spelled = [
        "../examples/flights/flights.feat",
        "./../examples/./flights/flights.feat",
    ];
    for other in spelled
        .map(Path::new)
        .into_iter()
        .chain([copy.as_path(), folder.path()])
    {
        assert_eq!(changed(&built(other), &first), BTreeSet::new(), "{}", other.display());
    }
    let text: Vec<u8> = first.values().flatten().copied().collect();
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains(&*absolute.parent().expect("a folder").to_string_lossy()));
}

#[test]
fn layout_changes_one_file_and_docs_what_shows_them() {
    let text = read(&root().join("examples/flights/flights.feat"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let of = |text: &str| {
        let file = folder.path().join("flights.feat");
        std::fs::write(&file, text).expect("writable");
        built(&file)
    };
    let before = of(&text);
    let source = text.find("\nsource ").expect("a source");
    let feature = text.find("\n  ///").expect("a documented feature");
    let inserted = |at: usize, what: &str| format!("{}{what}{}", &text[..at], &text[at..]);
    for what in ["\n", "\n// A remark.", "\n\n\n"] {
        assert_eq!(
            changed(&of(&inserted(source, what)), &before),
            BTreeSet::from(["origins.json".to_owned()]),
            "{what:?}"
        );
    }
    // A doc that takes a line of its own moves what follows, too.
    let docs = [
        (
            source,
            "\n/// Where it comes from.",
            vec!["origins.json", "program.json"],
        ),
        (
            feature,
            "\n  /// First of all.",
            vec!["manifest.json", "origins.json", "program.json"],
        ),
    ];
    for (at, what, shown) in docs {
        let mut expected: BTreeSet<String> = shown.into_iter().map(str::to_owned).collect();
        // The manifest has the hash of `program.json`.
        expected.insert("manifest.json".to_owned());
        assert_eq!(changed(&of(&inserted(at, what)), &before), expected, "{what:?}");
    }
    let meaning = changed(&of(&text.replacen("over [", "over [17m, ", 1)), &before);
    assert!(meaning.len() > 5, "{meaning:?}");
}

/// A test is no part of a program: no file of a build, no hash and no lock knows whether it is there, or what it says.
#[test]
fn tests_change_nothing_of_a_build() {
    let text = read(&root().join("examples/flights/flights.feat"));
    let bare = &text[..text.find("\n/// AA 1 leaves").expect("the tests of the example")];
    let edited = text.replace("30.0", "31.0").replace("| 2475     |", "| 1        |");
    assert!(text.contains("\ntest \"") && !bare.contains("\ntest \"") && edited != text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let of = |text: &str| {
        let file = folder.path().join("flights.feat");
        std::fs::write(&file, text).expect("writable");
        let mut sources = featc_driver::diag::SourceMap::new();
        let id = sources.add("flights.feat", text);
        let compiled = featc_driver::compile_with_tests(&sources, &[id]).value;
        let compiled = compiled.expect("a program");
        let hash = featc_ir::hash::program_hash(&compiled.program);
        (
            built(&file),
            featc_driver::Lock::of(&compiled.program).text(),
            hash,
            compiled.tests,
        )
    };
    let (build, lock, hash, tests) = of(&text);
    assert_eq!(tests.len(), 2);
    for (other, count) in [(bare.to_owned(), 0), (edited, 2)] {
        let (other_build, other_lock, other_hash, others) = of(&other);
        assert_eq!(changed(&other_build, &build), BTreeSet::new());
        assert_eq!(
            (other_lock, other_hash, others.len()),
            (lock.clone(), hash.clone(), count)
        );
        assert_ne!(others, tests);
    }
}

/// Transforms that each read the one before; only the last is read by a view.
fn chain(length: usize) -> String {
    let source = "source t0 { columns (id: int64, card: string, x: int64, at: timestamp) unique id time at }\n";
    let step = |n: usize| format!("transform t{n} from t{} {{ let x{n} = x + {n} }}\n", n - 1);
    let steps: String = (1..=length).map(step).collect();
    let view = format!("view v of card from t{length} {{ owner \"o\" feature f = sum(x{length}) over 1d }}\n");
    format!("module m\nentity card (card: string)\n{source}{steps}{view}service s {{ v.* }}\n")
}

/// Features that are each derived from the one before.
fn derived(length: usize) -> String {
    let source = "source t { columns (id: int64, card: string, x: int64, at: timestamp) unique id time at }\n";
    let feature = |n: usize| format!("  feature f{n} = f{} + {n}\n", n - 1);
    let features: String = (1..=length).map(feature).collect();
    let view = format!("view v of card from t {{ owner \"o\"\n  feature f0 = sum(x) over 1d\n{features}}}\n");
    format!("module m\nentity card (card: string)\n{source}{view}service s {{ v.* }}\n")
}

/// As many services as features, each of which asks for all of them.
fn services(count: usize) -> String {
    let source = "source t { columns (id: int64, card: string, x: int64, at: timestamp) unique id time at }\n";
    let feature = |n: usize| format!("  feature f{n} = sum(x where x > {n}) over 1d excluding self\n");
    let features: String = (0..count).map(feature).collect();
    let asked: String = (0..count).map(|n| format!("service s{n} {{ v.* }}\n")).collect();
    format!("module m\nentity card (card: string)\n{source}view v of card from t {{ owner \"o\"\n{features}}}\n{asked}")
}

/// Steps of work and bytes of a build.
fn measured(text: &str) -> (u64, usize) {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("m.feat", text);
    let before = featc_ir::work::steps();
    let program = compile(&sources, &[file]).value.expect("it compiles");
    let plans = lower(&program);
    let manifest = featc_driver::Manifest::new(&program, BTreeMap::new());
    let steps = featc_ir::work::steps() - before;
    let plans: usize = plans.batch.iter().map(|plan| plan.to_json().len()).sum::<usize>()
        + plans.stream.iter().map(|graph| graph.to_json().len()).sum::<usize>();
    (steps, program.to_json().len() + plans + manifest.to_json().len())
}

/// A shape of program: its name, the text by its size, a size, and how much larger the text of twice the size is.
type Shape = (&'static str, fn(usize) -> String, usize, u64);

#[test]
fn work_grows_with_the_text() {
    // With twice as many services and features there are four times as many columns to write.
    let shapes: [Shape; 3] = [
        ("chain", chain, 300, 2),
        ("derived", derived, 300, 2),
        ("services", services, 40, 4),
    ];
    for (name, text, size, factor) in shapes {
        let ((steps, bytes), (more_steps, more_bytes)) = (measured(&text(size)), measured(&text(2 * size)));
        println!("{name}: {steps} steps for {bytes} bytes, {more_steps} for {more_bytes}");
        assert!(steps > size as u64, "{name} is counted");
        assert!(
            10 * more_steps < 12 * factor * steps,
            "{name}: {steps} steps, then {more_steps}"
        );
        assert!(
            10 * more_bytes < 12 * factor as usize * bytes,
            "{name}: {bytes} bytes, then {more_bytes}"
        );
    }
}

#[test]
fn what_is_lowered_is_well_formed() {
    let mut texts: Vec<String> = ["examples", "tests/golden", "tests/ui"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), ".feat"))
        .map(|file| read(&file))
        .collect();
    for page in files(&root().join("tests/spec"), ".md") {
        let text = read(&page);
        let blocks = text.split("```feat\n").skip(1);
        texts.extend(blocks.filter_map(|block| Some(block.split_once("```")?.0.to_owned())));
    }
    let written = texts.len();
    texts.extend((0..600).map(|seed| programs::program(&mut Rng::new(seed)).text));
    let (mut checked, mut drawn) = (0, 0);
    for (place, text) in texts.iter().enumerate() {
        let mut sources = featc_driver::diag::SourceMap::new();
        let file = sources.add("p.feat", text.as_str());
        let Some(program) = compile(&sources, &[file]).value else {
            continue;
        };
        let plans = lower(&program);
        for graph in &plans.stream {
            assert_eq!(graph.check(), Ok(()), "{text}");
        }
        for plan in &plans.batch {
            assert_eq!(plan.check(), Ok(()), "{text}");
        }
        checked += 1;
        drawn += u32::from(place >= written);
    }
    println!("{checked} programs, {drawn} of them drawn");
    assert!(
        checked > 550 && drawn > 500 && checked - drawn > 40,
        "{checked} programs, {drawn} drawn"
    );
}

/// A build in which the transform's `at` and the source's `begins` are said or left out.
fn moved(at: &str, begins: &str) -> featc_driver::Plans {
    let columns = "columns (id: int64, card: string, x: int64, at: timestamp, paid: timestamp)";
    let text = format!(
        "module m\nentity card (card: string)\nsource t {{ {columns} unique id time at {begins} }}\n\
         transform moved from t {at} {{ }}\nview v of card from moved {{ owner \"o\" feature f = sum(x) over 1d }}\n\
         service s {{ v.* }}\n"
    );
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("m.feat", text.as_str());
    lower(&compile(&sources, &[file]).value.expect("it compiles"))
}

/// JSON whose texts have no blanks, without blanks.
fn compact(json: &str) -> String {
    json.split_whitespace().collect()
}

#[test]
fn plans_say_how_far_events_are_moved_as_their_transforms_do() {
    let begins = "begins @2024-01-01T00:00:00Z";
    let wrong = "how far events are moved";
    for (at, begins, moved_us) in [
        ("at paid within 2h", begins, 7_200_000_000u64),
        ("at paid within 2h", "", 0),
        ("", begins, 0),
    ] {
        let plans = moved(at, begins);
        let batch = compact(&plans.batch[0].to_json());
        let stream = compact(&plans.stream[0].to_json());
        let said = format!("\"moved_us\":{moved_us}");
        assert!(batch.contains(&said), "{batch}");
        let edit = |text: &str| text.replace(&said, "\"moved_us\":1");
        let edited = (edit(&batch), edit(&stream));
        assert!(edited.0 != batch && edited.1 != stream);
        let found = featc_ir::plan::BatchPlan::from_json(&edited.0)
            .expect("readable")
            .check();
        assert!(found.is_err_and(|why| why.contains(wrong)), "{at} {begins}");
        let found = featc_ir::plan::StreamGraph::from_json(&edited.1)
            .expect("readable")
            .check();
        assert!(found.is_err_and(|why| why.contains(wrong)), "{at} {begins}");
    }
    // A source that begins needs a bound.
    let bounded = compact(&moved("at paid within 2h", begins).batch[0].to_json());
    let unbounded = bounded.replace(",\"within_us\":7200000000", "");
    assert_ne!(unbounded, bounded);
    let found = featc_ir::plan::BatchPlan::from_json(&unbounded)
        .expect("readable")
        .check();
    assert!(found.is_err_and(|why| why.contains(wrong)), "{unbounded}");
}
