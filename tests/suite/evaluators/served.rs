//! Truth `as_served` by the streaming engine, whose questions bring no cuts: each has an engine of its own.

use super::stream::{Delivery, arrival, stream};
use super::{Answers, Asked, Case};
use featc_driver::Plans;
use featc_ir::{Cut, Truth};
use featr_kernels::Value;

/// Of each source of a program the cut that a question brings: `None` where it has none.
fn cuts(case: &Case, asked: &Asked) -> Vec<Option<Value>> {
    let of_source = |source: &featc_ir::Source| {
        let name = source.cut_key().name;
        let found = asked.values.iter().find(|(known, _)| *known == name);
        (source.cut_under(Truth::AsServed) == Cut::Given).then(|| found.map_or(Value::Null, |(_, value)| value.clone()))
    };
    case.program.sources.iter().map(of_source).collect()
}

/// The delays that are the cuts of a question, as of arrival; `None` where a cut is null, or later than the instant.
fn delays(case: &Case, asked: &Asked) -> Option<Vec<u64>> {
    let delay = |cut: Option<Value>| match cut {
        None => Some(0),
        Some(Value::Timestamp(cut_us)) => u64::try_from(i128::from(asked.at_us) - i128::from(cut_us)).ok(),
        Some(_) => None,
    };
    cuts(case, asked).into_iter().map(delay).collect()
}

/// Whether [`stream_served`] can answer: where a cut is null or later than the instant, no view may have a `ttl`, for what is
/// fed to an engine says nothing of the time at which it came.
pub fn streams(case: &Case) -> bool {
    let has_ttl = case.program.views.iter().any(|view| view.ttl_us.is_some());
    !has_ttl || case.questions.iter().all(|asked| delays(case, asked).is_some())
}

/// As of arrival with the delays that are the cuts; else in truth `complete`, fed what has arrived by then.
pub fn stream_served(case: &Case, plans: &Plans, delivery: Delivery) -> Answers {
    let answer = |asked: &Asked| {
        let mut one = Case {
            questions: vec![asked.clone()],
            ..case.clone()
        };
        let answers = match delays(case, asked) {
            Some(delays) => {
                for (source, delay_us) in one.program.sources.iter_mut().zip(delays) {
                    source.delay_us = delay_us;
                }
                one.truth = Truth::AsOfArrival { delay_us: None };
                stream(&one, &featc_driver::lower(&one.program), delivery)
            }
            None => {
                for (source, cut) in cuts(case, asked).into_iter().enumerate() {
                    let Some(cut) = cut else { continue };
                    let has_arrived = |row: &usize| match cut {
                        Value::Timestamp(cut_us) => arrival(case, source, *row) <= cut_us,
                        _ => false,
                    };
                    let rows = (0..case.rows[source].len()).filter(has_arrived);
                    one.rows[source] = rows.map(|row| case.rows[source][row].clone()).collect();
                }
                one.truth = Truth::Complete;
                stream(&one, plans, delivery)
            }
        };
        answers.into_iter().next().expect("an answer to the question")
    };
    case.questions.iter().map(answer).collect()
}
