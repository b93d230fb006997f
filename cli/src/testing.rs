//! `featc test`: the tests that programs hold, answered by the model and both engines.

mod ask;
mod told;

use crate::args::TestArgs;
use crate::check::compile_tests;
use crate::errors;
use crate::foreign::{JUNIT_MARK, check_text};
use crate::junit::{Outcome, Suite, TestCase, TextFile, render};
use crate::report::{Refused, Reporter, counted};
use ask::Bench;
use featc_driver::Project;
use featc_driver::diag::SourceMap;
use featc_ir::testing::Test;
use serde_json::{Value, json};
use std::path::Path;
use told::Failure;

/// What came of the tests of a program.
struct Ran {
    program: String,
    module: String,
    tests: Vec<(Test, Vec<Failure>)>,
}

pub fn run(args: &TestArgs, reporter: &Reporter) -> Result<(), Refused> {
    let junit = args.junit.as_deref().map(|target| {
        check_text(target, ("--junit", JUNIT_MARK), reporter)?;
        TextFile::take(target, reporter)
    });
    let junit = junit.transpose()?;
    let (mut all, mut refused) = (Vec::new(), None);
    for path in &args.programs {
        match run_program(path, args, reporter) {
            Ok(ran) => all.extend(ran),
            Err(cause) => refused = Some(cause),
        }
    }
    if let Some(cause) = refused {
        return Err(cause);
    }
    if let Some(junit) = junit {
        junit.put(
            &render("featc test", &all.iter().map(suite).collect::<Vec<_>>()),
            reporter,
        )?;
    }
    if all
        .iter()
        .flat_map(|ran| &ran.tests)
        .any(|(_, failures)| !failures.is_empty())
    {
        reporter.failed.set(true);
    }
    Ok(())
}

fn run_program(path: &Path, args: &TestArgs, reporter: &Reporter) -> Result<Option<Ran>, Refused> {
    let name = path.display().to_string();
    let is_first = args.programs.first().is_some_and(|first| first == path);
    let loaded = Project::load(path).or_else(|error| match is_first {
        true => reporter.refuse(errors::load(&error)),
        false => reporter.refuse(errors::load_of_tests(&error)),
    })?;
    let (project, compiled) = compile_tests(loaded, reporter)?;
    let is_wanted = |test: &Test| match &args.filter {
        None => true,
        Some(filter) if args.exact => test.name == *filter,
        Some(filter) => test.name.contains(filter.as_str()),
    };
    let (tests, others): (Vec<Test>, Vec<Test>) = compiled.tests.into_iter().partition(is_wanted);
    if args.list {
        list(&name, &tests, reporter);
        return Ok(None);
    }
    if tests.is_empty() {
        let names: Vec<&str> = others.iter().map(|test| test.name.as_str()).collect();
        return reporter.refuse(match &args.filter {
            Some(filter) if !names.is_empty() => errors::no_such_test(&name, (filter, args.exact), &names),
            Some(_) | None => errors::no_tests(&name),
        });
    }
    let module = compiled.program.module.clone();
    let bench = Bench::new(project, compiled.program, &tests, reporter)?;
    let (mut ran, mut warned) = (Vec::new(), Vec::new());
    for test in tests {
        let refuse = |error| reporter.refuse(errors::run(&error, None));
        let mut warnings = bench.warnings(&test).or_else(refuse)?;
        warnings.retain(|warning| !warned.contains(warning));
        reporter.diagnostics(&warnings, &SourceMap::new())?;
        warned.extend(warnings);
        let failures = bench
            .failures(&test)
            .or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        ran.push((test, failures));
    }
    let ran = Ran {
        program: name,
        module,
        tests: ran,
    };
    tell(&ran, reporter);
    Ok(Some(ran))
}

fn list(program: &str, tests: &[Test], reporter: &Reporter) {
    let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
    let named = |test: &Test| json!({ "name": test.name, "file": test.origin.file, "line": test.origin.line });
    let value = json!({ "program": program, "tests": tests.iter().map(named).collect::<Value>() });
    if !names.is_empty() || reporter.json {
        reporter.result(&names.join("\n"), &value);
    }
}

/// `shop.feat:12`
fn place(test: &Test) -> String {
    format!("{}:{}", test.origin.file, test.origin.line)
}

fn tell(ran: &Ran, reporter: &Reporter) {
    let mut text = String::new();
    for (test, failures) in &ran.tests {
        match failures.as_slice() {
            [] => text += &format!("ok      {}\n", test.name),
            failures => {
                text += &format!("FAILED  {} ({})\n", test.name, place(test));
                failures.iter().for_each(|failure| text += &failure.text());
            }
        }
    }
    let failed = ran.tests.iter().filter(|(_, failures)| !failures.is_empty()).count();
    text += &format!(
        "{}: {} on model, batch and stream: {} passed, {failed} failed",
        ran.program,
        counted(ran.tests.len(), "test"),
        ran.tests.len() - failed
    );
    let test = |(test, failures): &(Test, Vec<Failure>)| {
        json!({
            "name": test.name,
            "file": test.origin.file,
            "line": test.origin.line,
            "passed": failures.is_empty(),
            "failures": failures.iter().map(Failure::json).collect::<Value>(),
        })
    };
    let value = json!({
        "program": ran.program,
        "passed": ran.tests.len() - failed,
        "failed": failed,
        "tests": ran.tests.iter().map(test).collect::<Value>(),
    });
    reporter.result(&text, &value);
}

fn suite(ran: &Ran) -> Suite {
    let case = |(test, failures): &(Test, Vec<Failure>)| TestCase {
        class: ran.module.clone(),
        name: test.name.clone(),
        outcome: match failures.first() {
            None => Outcome::Passed,
            Some(first) => Outcome::Failed {
                message: first.headline(),
                text: failures.iter().map(Failure::text).collect(),
            },
        },
    };
    Suite {
        name: ran.program.clone(),
        cases: ran.tests.iter().map(case).collect(),
    }
}
