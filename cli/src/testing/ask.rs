//! A test on the three evaluators.

use super::told::{self, Failure, Said, shown};
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use crate::verify::answers::Answers;
use crate::verify::case::{Asked, Case, Events, Fields, On};
use crate::verify::engines::{Evaluators, Ground, Setting, evaluators};
use crate::verify::events::{behind, contribute, in_lines};
use featc_driver::Project;
use featc_driver::diag::Diagnostic;
use featc_ir::testing::{Expect, Expected, Test, Wanted};
use featc_ir::{Literal, Program, Service, SourceId, Truth, Type, ViewId};
use featr::{Batch, Column, Error, SeenEarly, Value};
use featr_model::{Model, SourceRows};
use std::collections::{BTreeMap, BTreeSet};

/// Rows are handed to the streaming engine one by one.
const SETTING: Setting = Setting {
    threads: 1,
    memory_bytes: None,
    files: 1,
    chunk: 1,
    shuffle: None,
    restart_every: None,
};

/// A program with a service for each view that is tested.
pub struct Bench {
    prepared: Prepared,
}

/// What the evaluators say to the questions of a test in one truth.
struct Answered<'a> {
    /// With the rows of its tables.
    ir: &'a Program,
    test: &'a Test,
    service: &'a Service,
    rows: SourceRows,
    asked: Asked,
    truth: Truth,
    said: AllSaid,
    /// Lookups of its rows that find nothing, a line each.
    unfound: String,
}

/// What each of the evaluators says.
type AllSaid = [(&'static str, Answers); 3];

/// Asks them; a test of ours has another one, with an evaluator that is wrong.
type Say = dyn Fn(&Evaluators<'_>, &Case) -> Result<AllSaid, Error>;

fn say(evaluators: &Evaluators<'_>, case: &Case) -> Result<AllSaid, Error> {
    Ok([
        ("model", (evaluators.model)(case, &SETTING)?),
        ("batch", (evaluators.batch)(case, &SETTING)?),
        ("stream", (evaluators.stream)(case, &SETTING)?),
    ])
}

fn service_name(ir: &Program, view: ViewId) -> String {
    // No service of a program has a blank in its name.
    format!("view {}", ir.view(view).name)
}

impl Bench {
    pub fn new(project: Project, mut ir: Program, tests: &[Test], reporter: &Reporter) -> Result<Bench, Refused> {
        let views: BTreeSet<ViewId> = tests.iter().map(|test| test.view).collect();
        for view in views {
            let service = ir.service_of_view(view, service_name(&ir, view));
            ir.services.push(service);
        }
        let plans = featc_driver::lower(&ir);
        featc_driver::certify(&ir, &plans).or_else(|refusal| reporter.refuse(errors::refused(&refusal)))?;
        Ok(Bench {
            prepared: Prepared {
                program: featr::Program::new(plans.batch, plans.stream, project.base.clone()),
                ir,
                service: String::new(),
                truth: Truth::Complete,
                seen_early: SeenEarly::default(),
                project,
                spine_rows: None,
                served_log: Vec::new(),
            },
        })
    }

    /// What is not as it is expected, in the order of the text.
    ///
    /// # Errors
    /// An engine refuses to run.
    pub fn failures(&self, test: &Test) -> Result<Vec<Failure>, Error> {
        self.failures_by(test, &say)
    }

    fn failures_by(&self, test: &Test, say: &Say) -> Result<Vec<Failure>, Error> {
        let mut failures = Vec::new();
        for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] {
            let expects: Vec<&Expect> = test.expects.iter().filter(|expect| expect.truth == truth).collect();
            if !expects.is_empty() {
                failures.extend(self.compare(test, &expects, truth, say)?);
            }
        }
        failures.sort_by_key(|failure: &Failure| failure.line);
        Ok(failures)
    }

    fn compare(&self, test: &Test, expects: &[&Expect], truth: Truth, say: &Say) -> Result<Vec<Failure>, Error> {
        let (ir, program) = self.with_tables(test)?;
        let ir = &ir;
        let name = service_name(ir, test.view);
        let service = ir.service(&name).ok_or_else(|| Error::Bug {
            why: format!("no service {name}"),
        })?;
        let mut prepared = self.prepared.clone();
        prepared.program = program;
        prepared.service = name;
        prepared.truth = truth;
        let features = &ir.view(test.view).features;
        let fields = Fields {
            names: service.fields.iter().map(|field| field.name.clone()).collect(),
            types: features.iter().map(|feature| feature.ty).collect(),
        };
        let ground = Ground {
            ir,
            service,
            fields: &fields,
            truth,
            seed: 1,
        };
        let case = Case {
            sources: vec![events(ir, test)],
            asked: asked(expects),
        };
        let evaluators = evaluators(&prepared, ground, None);
        let answered = Answered {
            unfound: told::unfound(&prepared.program, &prepared.service, &case.sources, test)?,
            ir,
            test,
            service,
            rows: case.model_rows(ir, None),
            asked: case.asked.clone(),
            truth,
            said: say(&evaluators, &case)?,
        };
        let mut failures = Vec::new();
        for (row, expect) in expects.iter().enumerate() {
            for expected in &expect.features {
                failures.extend(answered.failure(row, expect, expected)?);
            }
        }
        Ok(failures)
    }

    /// The program over the tables that a test gives; those that it does not give have no rows.
    fn with_tables(&self, test: &Test) -> Result<(Program, featr::Program), Error> {
        let (mut ir, mut program) = (self.prepared.ir.clone(), self.prepared.program.clone());
        for table in program.tables() {
            let rows = test.tables.get(&table.name).map_or(&[][..], Vec::as_slice);
            let columns = table.columns.iter().enumerate().map(|(place, column)| {
                let values: Vec<Value> = rows.iter().map(|row| value(&row[place])).collect();
                Column::from_values(column.ty, &values)
            });
            program.hold_rows(&table.name, &[Batch::from_columns(columns.collect())])?;
        }
        ir.hold(&program.contents()?);
        Ok((ir, program))
    }

    /// Rows of a test that are allowed, and probably not meant.
    ///
    /// # Errors
    /// The tables of the test cannot be held.
    pub fn warnings(&self, test: &Test) -> Result<Vec<Diagnostic>, Error> {
        let (ir, program) = self.with_tables(test)?;
        let rows = several_rows_of_an_id(&ir, test).into_iter();
        let versions = program.alike_versions()?;
        let versions = versions.iter().filter(|alike| test.tables.contains_key(&alike.table));
        Ok(rows.chain(versions.map(errors::alike_versions)).collect())
    }
}

impl Answered<'_> {
    fn failure(&self, row: usize, expect: &Expect, expected: &Expected) -> Result<Option<Failure>, Error> {
        let ir = self.ir;
        let (field, test) = (expected.feature.index(), self.test);
        let feature = ir.view(test.view).feature(expected.feature);
        let wanted = value(&expected.value);
        let status = expected.status.map(|status| status.to_string());
        let (mut said, mut differs) = (Vec::new(), false);
        for (who, answers) in &self.said {
            let (value, found) = answers.answer(row, field, feature.ty)?;
            differs |= value != wanted || status.as_ref().is_some_and(|status| *status != found);
            said.push(Said {
                who,
                value: shown(&value, feature.ty),
                status: found,
            });
        }
        if !differs {
            return Ok(None);
        }
        let question = self.asked.question(row);
        let line = |row: usize| match test.rows.get(row) {
            Some(row) => format!("line {}", row.line),
            None => format!("row {row}"),
        };
        let (view, truth) = (self.service.fields[field].view, self.truth);
        let model = Model::new(ir, &self.rows);
        let declared = ir.view(test.view);
        let contributing = model.contributing(view, expected.feature, &question, truth);
        let contributing = behind(&declared.name, declared, contributing);
        let absent = model.absent(view, expected.feature, &question, truth);
        let reasons = [
            in_lines(&contributing, line),
            told::absent(test, &absent, contributing.is_empty()),
            told::rejected(ir, test, &self.rows),
            told::tables_not_given(ir, test),
            self.unfound.clone(),
        ];
        Ok(Some(Failure {
            line: expected.line,
            feature: format!("{}.{}", ir.view(test.view).name, feature.name),
            question: question_in_words(expect),
            wanted: Said {
                who: "expected",
                value: shown(&wanted, feature.ty),
                status: status.unwrap_or_default(),
            },
            said,
            events: contribute(&contributing),
            reasons: reasons.concat(),
        }))
    }
}

/// Warns of different rows of one id.
fn several_rows_of_an_id(ir: &Program, test: &Test) -> Option<Diagnostic> {
    let events = events(ir, test);
    let found = featr_model::source::events(&events.source, std::slice::from_ref(&events.rows));
    let mut lines: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for event in found {
        let row = test.rows.get(event.source_row)?;
        let id = events.source.unique.iter().map(|id| {
            let column = &events.source.columns[id.index()];
            format!("{}={}", column.name, shown(&value(&row.values[id.index()]), column.ty))
        });
        let id: Vec<String> = id.collect();
        lines.entry(id.join(", ")).or_default().insert(row.line);
    }
    lines.retain(|_, lines| lines.len() > 1);
    let shown = lines.iter().take(EXAMPLES_MAX).map(|(id, lines)| {
        let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
        format!("{id} in lines {}", lines.join(" and "))
    });
    let shown: Vec<String> = shown.collect();
    let warning = || errors::several_rows_of_an_id(&events.source.name, lines.len() as u64, &shown.join("; "));
    (!lines.is_empty()).then(warning)
}

/// So many ids are shown.
const EXAMPLES_MAX: usize = 5;

/// A value as a test writes it.
pub fn value(written: &Wanted) -> Value {
    match written {
        Wanted::One(value) => Value::from_literal(value),
        Wanted::List(items) => Value::List(items.iter().map(Value::from_literal).collect()),
    }
}

/// The rows of a test, in the order in which they are written.
fn events(ir: &Program, test: &Test) -> Events {
    let transform = ir.view(test.view).transform;
    let id: SourceId = ir.transform(transform).source;
    let source = ir.source(id);
    let column = |place: usize| {
        let values: Vec<Value> = test.rows.iter().map(|row| value(&row.values[place])).collect();
        Column::from_values(source.columns[place].ty, &values)
    };
    Events {
        source: source.clone(),
        rows: Batch::from_columns((0..source.columns.len()).map(column).collect()),
        on: vec![On::Both; test.rows.len()],
        is_looked_into: false,
    }
}

fn asked(expects: &[&Expect]) -> Asked {
    let keys = expects.first().map_or(&[][..], |first| first.asked.as_slice());
    let column = |place: usize, ty: Type| {
        let values: Vec<Value> = expects
            .iter()
            .map(|expect| Value::from_literal(&expect.asked[place].1))
            .collect();
        Column::from_values(ty, &values)
    };
    let columns = keys.iter().enumerate();
    Asked {
        times: expects.iter().map(|expect| expect.at_us).collect(),
        columns: columns
            .map(|(place, (key, _))| (key.clone(), column(place, key.ty)))
            .collect(),
    }
}

/// `at 2026-01-01T01:00:00Z, card = "a"`
fn question_in_words(expect: &Expect) -> String {
    let known = match expect.truth {
        Truth::AsOfArrival { .. } => "as known ",
        Truth::Complete | Truth::AsServed => "",
    };
    let said = expect.asked.iter().filter(|(_, value)| *value != Literal::Null);
    let said = said.map(|(key, value)| format!(", {} = {}", key.name, shown(&Value::from_literal(value), key.ty)));
    let instant = featc_ir::display::instant(expect.at_us);
    format!("{known}at {instant}{}", said.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_driver::diag::SourceMap;

    const SHOP: &str = "module shop
entity card (card: string)
source payments { columns (id: int64, card: string, x: int64, at: timestamp) unique id time at arrival time + 1m }
view spend of card from payments {
  owner \"o\"
  /// Sum.
  feature total = sum(x) over 1h
}
test \"t\" for spend {
  given payments
    | id | card | x | at                   |
    | 1  | a    | 5 | 2026-01-01T00:00:00Z |
  expect at @2026-01-01T00:00:00Z (card: \"a\") { total = 5 ok }
  expect as known at @2026-01-01T00:01:00Z (card: \"a\") { total = 5 }
  expect as known at @2026-01-01T00:00:59Z (card: \"a\") { total = null missing }
}
";

    #[test]
    fn one_evaluator_that_is_wrong_fails_a_test() {
        let mut sources = SourceMap::new();
        let file = sources.add("shop.feat", SHOP);
        let compiled = featc_driver::compile_with_tests(&sources, &[file])
            .value
            .expect("a program");
        let reporter = Reporter::keeping(crate::caller::Caller::CommandLine, None);
        let project = Project::at_hand(sources, vec![file], ".".into());
        let bench = Bench::new(project, compiled.program, &compiled.tests, &reporter).expect("a bench");
        let test = &compiled.tests[0];
        assert_eq!(bench.failures(test).expect("answers").len(), 0);
        for wrong in 0..3 {
            let say = move |evaluators: &Evaluators<'_>, case: &Case| {
                let mut said = say(evaluators, case)?;
                said[wrong].1 = said[wrong].1.clone().with_value(0, 0, &Value::Int64(6), Type::Int64);
                Ok(said)
            };
            let failures = bench.failures_by(test, &say).expect("answers");
            let lines: Vec<u32> = failures.iter().map(|failure| failure.line).collect();
            assert_eq!(lines, [13, 14], "{wrong}");
            let found: Vec<&str> = failures[0].said.iter().map(|said| said.value.as_str()).collect();
            let mut expected = ["5", "5", "5"];
            expected[wrong] = "6";
            assert_eq!(found, expected);
            assert!(failures[0].headline().ends_with("expected 5 ok, found 5 ok and 6 ok") || wrong < 2);
        }
    }
}
