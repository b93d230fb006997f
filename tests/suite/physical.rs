//! What DataFusion makes of the batch plans of `tests/golden/*.feat`: snapshots of their own, `<program>.physical.snap`, so
//! that an upgrade of DataFusion touches nothing else.

use arrow::datatypes::Schema;
use featc_tests::{files, read, root};
use featr_batch::{Inputs, SpineData, explain};
use featr_kernels::Column;
use std::sync::Arc;

fn physical(name: &str, text: &str) -> String {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    let program = featc_driver::compile(&sources, &[file]).value.expect("goldens compile");
    let mut out = String::new();
    for plan in &featc_driver::lower(&program).batch {
        let keys = plan.spine.columns().into_iter();
        let spine = SpineData {
            schema: Arc::new(Schema::empty()),
            batches: vec![],
            times: vec![].into(),
            columns: keys.map(|key| (key.clone(), Column::empty(key.ty))).collect(),
        };
        let mut inputs = Inputs::new(spine);
        inputs.threads = 2;
        let explained = explain(plan, inputs).unwrap_or_else(|error| panic!("{name}: {error}"));
        out += &format!("=== service {}\n{}", plan.service, explained.physical);
    }
    out
}

#[test]
fn physical_plans_are_as_reviewed() {
    let folder = root().join("tests/golden");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for fixture in files(&folder, ".feat") {
        let name = fixture.file_name().expect("a file").to_string_lossy().into_owned();
        let stem = fixture.file_stem().expect("a name").to_string_lossy().into_owned();
        let stem = format!("{stem}.physical");
        settings.bind(|| insta::assert_snapshot!(stem, physical(&name, &read(&fixture))));
    }
}
