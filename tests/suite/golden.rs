//! `tests/golden/*.feat`: the typed program, and of every service its batch plan, its stream graph and its certificate, as insta
//! snapshots. What DataFusion makes of the batch plans stands in files of its own (`suite/physical.rs`).

use featc_tests::{files, read, root};

fn stages(name: &str, text: &str) -> String {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let Some(program) = outcome.value else {
        panic!("{name} does not compile:\n{said}")
    };
    let plans = featc_driver::lower(&program);
    let certificate = featc_driver::certify(&program, &plans).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    let mut out = format!("=== program\n{}", featc_ir::display::program(&program));
    for (plan, graph) in plans.batch.iter().zip(&plans.stream) {
        out += &format!("\n=== batch\n{}", featc_ir::display::batch_plan(plan));
        out += &format!("\n=== stream\n{}", featc_ir::display::stream_graph(graph));
        out += &format!("\n=== mermaid\n{}", featc_ir::display::mermaid(graph));
    }
    out + &format!("\n=== certificate\n{}", certificate.to_json())
}

#[test]
fn plans_are_as_reviewed() {
    let folder = root().join("tests/golden");
    let fixtures = files(&folder, ".feat");
    assert!(!fixtures.is_empty());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for fixture in fixtures {
        let name = fixture.file_name().expect("a file").to_string_lossy().into_owned();
        let stem = fixture.file_stem().expect("a name").to_string_lossy().into_owned();
        settings.bind(|| insta::assert_snapshot!(stem, stages(&name, &read(&fixture))));
    }
}

#[test]
fn every_stage_survives_its_wire_form() {
    use featc_ir::wire::Wire;
    for fixture in files(&root().join("tests/golden"), ".feat") {
        let mut sources = featc_driver::diag::SourceMap::new();
        let file = sources.add("golden.feat", read(&fixture));
        let mut program = featc_driver::compile(&sources, &[file]).value.expect("goldens compile");
        let origins = std::mem::take(&mut program.origins);
        assert!(!origins.0.is_empty());
        assert_eq!(featc_ir::Origins::from_json(&origins.to_json()), Ok(origins));
        featc_ir::wf::check(&program).expect("well-formed");
        let plans = featc_driver::lower(&program);
        assert_eq!(featc_ir::Program::from_json(&program.to_json()).as_ref(), Ok(&program));
        for plan in &plans.batch {
            assert_eq!(featc_ir::plan::BatchPlan::from_json(&plan.to_json()).as_ref(), Ok(plan));
        }
        for graph in &plans.stream {
            assert_eq!(
                featc_ir::plan::StreamGraph::from_json(&graph.to_json()).as_ref(),
                Ok(graph)
            );
        }
    }
}
