//! The examples with data of their own: what their programs answer is what the SQL beside them says, value by value.
//!
//! Needs what the [witness](crate::witness) needs.

use crate::witness::{python, run};
use featc_ir::Truth;
use featc_tests::root;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of `examples/` with a `check.sql`, in order.
fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("examples")).expect("examples");
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("check.sql").exists());
    folders.sort();
    folders
}

/// The training set of the example's only service, as of arrival.
fn train(folder: &Path, name: &str, out: &Path) {
    let path = folder.join(format!("{name}.feat"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(format!("{name}.feat"), text);
    let outcome = featc_driver::compile(&sources, &[file]);
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let program = outcome.value.expect("checked");
    let service = program.services[0].name.clone();
    assert_eq!(program.services.len(), 1, "{name}");
    let plans = featc_driver::lower(&program);
    let program = featr::Program::new(plans.batch, plans.stream, folder);
    let spine = program
        .read_spine(&service, &folder.join("data/spine.csv"), "timestamp", None)
        .expect("the spine is fine");
    let truth = Truth::AsOfArrival { delay_us: None };
    let training = program
        .train(&service, spine, featr::TrainOptions::new(truth))
        .expect("trains");
    featr::write_rows(out, training.schema, training.batches).expect("writes");
}

#[test]
fn each_example_answers_what_its_sql_says() {
    let (python, folder) = (python(), tempfile::tempdir().expect("a temporary folder"));
    let examples = folders();
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        let name = example.file_name().expect("a name").to_string_lossy().into_owned();
        let out = folder.path().join(format!("{name}.parquet"));
        train(&example, &name, &out);
        let script = root().join("tests/support/examples.py");
        let said = run(Command::new(&python).arg(script).args([&example, &out]));
        assert!(said.contains(" 0 differ"), "{name}: {said}");
        println!("{name}: {}", said.trim());
        // The data are what the generator makes; one needs packages from elsewhere.
        let generator = std::fs::read_to_string(example.join("make.py")).expect("make.py");
        if !generator.contains("Needs Python alone.") {
            assert_eq!(name, "fleet");
            continue;
        }
        let again = folder.path().join(&name);
        run(Command::new(&python).arg(example.join("make.py")).arg(&again));
        for entry in std::fs::read_dir(&again).expect("made").flatten() {
            let kept = example.join("data").join(entry.file_name());
            assert!(
                std::fs::read(entry.path()).ok() == std::fs::read(&kept).ok(),
                "{} is not what make.py makes",
                kept.display()
            );
        }
    }
}
