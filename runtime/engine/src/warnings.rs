//! What is allowed and probably not meant, as counts of questions say it: those of the batch engine, and the same counts over
//! the rows of a replay.

use crate::error::Error;
use crate::feature_report::FeatureReport;
use crate::program::Program;
use crate::recorded::Recorded;
use crate::results::{RunReport, ViewReport};
use crate::spine::Spine;
use crate::view_rejects::node;
use crate::warning::Warning;
use featc_ir::plan::{FoldSpec, Pipeline};
use featc_ir::{Bounds, Excluding, Key, Truth, Window};
use featr_kernels::{Batch, Column, StrData, identity, rows};
use std::collections::{BTreeMap, HashMap};

/// Of a node that answered so many questions.
pub(crate) fn warnings(node: &featr_batch::ViewReport, questions: u64) -> impl Iterator<Item = Warning> {
    let view = || format!("{} by ({})", node.transform, node.entity.join(", "));
    let asked_at_events = (node.questions_at_events > 0).then(|| Warning::AskedAtEvents {
        view: view(),
        at_events: node.questions_at_events,
        questions,
    });
    // Where questions find no events there is nothing to exclude either.
    let finds = node.missing.iter().any(|(_, missing)| *missing < questions);
    let excludes_nothing = finds && node.questions_with_id > 0 && node.questions_with_own == 0;
    let nothing_excluded = excludes_nothing.then(|| Warning::NothingExcluded {
        view: view(),
        with_id: node.questions_with_id,
        questions,
    });
    asked_at_events.into_iter().chain(nothing_excluded)
}

/// Of what questions bring beside keys, the columns that are null in all of them.
pub(crate) fn null_in_questions(asked: &featc_ir::plan::Spine, spine: &Spine) -> Option<Warning> {
    let questions = spine.times.len();
    let brought = asked.self_columns.iter().chain(&asked.request);
    let is_null = |key: &&Key| {
        let column = spine.columns.iter().find(|(known, _)| known.name == key.name);
        column.is_some_and(|(_, column)| (0..questions).all(|question| !column.is_valid(question)))
    };
    let columns: Vec<String> = brought.filter(is_null).map(|key| key.name.clone()).collect();
    // One question may well be about no event.
    (questions > 1 && !columns.is_empty()).then_some(Warning::NullInQuestions {
        columns,
        questions: questions as u64,
    })
}

/// Of features with answers that are errors, those that say nothing else: a warning per kind of error, so that one step mends
/// what it names.
pub(crate) fn only_errors(features: &[FeatureReport], questions: u64) -> Vec<Warning> {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // One answer may well be an error, and is told.
    let is_told = |feature: &&FeatureReport| feature.only_fails && feature.answers.values().sum::<u64>() > 1;
    for feature in features.iter().filter(is_told) {
        if let Some(status) = feature.frequent() {
            kinds.entry(status).or_default().push(feature.feature.clone());
        }
    }
    let warning = |(status, features): (&str, Vec<String>)| Warning::OnlyErrors {
        features,
        status: status.to_owned(),
        questions,
    };
    kinds.into_iter().map(warning).collect()
}

/// The warnings of a replay. `report` has its views and features.
pub(crate) fn of_replay(
    program: &Program,
    service: &str,
    (spine, truth): (&Spine, Truth),
    recorded: &[Recorded],
    report: &RunReport,
) -> Result<Vec<Warning>, Error> {
    let plan = program.batch_plan(service)?;
    let counted = plan.pipelines.iter().filter_map(|pipeline| {
        let rows = recorded
            .iter()
            .find(|rows| rows.source.name == pipeline.source().name)?;
        counted(pipeline, (spine, truth), rows, &report.views)
    });
    let mut nodes: Vec<featr_batch::ViewReport> = counted.collect();
    nodes.sort_by(|left, right| (&left.transform, &left.entity).cmp(&(&right.transform, &right.entity)));
    let questions = spine.times.len() as u64;
    let of_nodes = nodes.iter().flat_map(|node| warnings(node, questions));
    let of_questions = null_in_questions(&plan.spine, spine);
    let of_features = only_errors(&report.features, questions);
    Ok(of_nodes.chain(of_questions).chain(of_features).collect())
}

/// The columns of the questions with these names, and per question whether none of them is null.
fn asked<'a>(spine: &'a Spine, keys: &[Key]) -> Option<(StrData, Vec<&'a Column>)> {
    let column = |key: &Key| {
        let found = spine.columns.iter().find(|(known, _)| known.name == key.name);
        found.map(|(_, column)| column)
    };
    let columns: Vec<&Column> = keys.iter().map(column).collect::<Option<_>>()?;
    Some((identity::keys_of_columns(&columns, spine.times.len()), columns))
}

/// What the batch engine counts of the questions to a node; `None` where it warns of nothing.
fn counted(
    pipeline: &Pipeline,
    (spine, truth): (&Spine, Truth),
    recorded: &Recorded,
    views: &[ViewReport],
) -> Option<featr_batch::ViewReport> {
    let (fold, node) = (pipeline.fold_spec(), node(pipeline));
    let is_open = fold
        .windows
        .iter()
        .any(|window| window.excluding == Excluding::Nothing && window.bounds().hold_now());
    if !is_open && fold.self_columns.is_empty() {
        return None;
    }
    let (entities, entity_columns) = asked(spine, &fold.entity)?;
    let is_somebody = |question: usize| entity_columns.iter().all(|column| column.is_valid(question));
    let events = Events::of(&node.rows, recorded);
    let keys = events.keys();
    let questions = 0..spine.times.len();
    let mut report = featr_batch::ViewReport {
        source: node.source.name.clone(),
        transform: node.rows.name.clone(),
        entity: fold.entity.iter().map(|key| key.name.clone()).collect(),
        missing: missing(pipeline, &fold, views),
        ..featr_batch::ViewReport::default()
    };
    let delay = node.source.delay_under(truth);
    let is_known = |t: i64, arrival: Option<i64>| match delay {
        None => true,
        Some(delay) => arrival
            .zip(t.checked_sub_unsigned(delay))
            .is_some_and(|(at, cut)| at <= cut),
    };
    if is_open {
        let first = events.first_arrivals(&keys);
        let sees = |question: &usize| {
            let t = spine.times[*question];
            let arrived = first.get(&(entities.get(*question), t));
            is_somebody(*question) && arrived.is_some_and(|arrival| is_known(t, *arrival))
        };
        report.questions_at_events = questions.clone().filter(sees).count() as u64;
    }
    if !fold.self_columns.is_empty() {
        let (ids, id_columns) = asked(spine, &fold.self_columns)?;
        let of_ids = events.of_identities(&keys);
        let windows = fold.windows.iter();
        let bounds: Vec<Bounds> = windows
            .filter(|window| window.excluding == Excluding::SelfEvent)
            .map(Window::bounds)
            .collect();
        let with_id = questions.filter(|question| id_columns.iter().all(|column| column.is_valid(*question)));
        for question in with_id {
            let t = spine.times[question];
            let own = of_ids.get(&(entities.get(question), ids.get(question).into()));
            // One that arrives later is none to exclude, and the ids are right.
            let is_reached = |(time, _): &(i64, Option<i64>)| bounds.iter().any(|bounds| bounds.contain(*time, t));
            let sees_own = is_somebody(question) && own.is_some_and(|own| own.iter().any(is_reached));
            report.questions_with_id += 1;
            report.questions_with_own += u64::from(sees_own);
        }
    }
    Some(report)
}

fn missing(pipeline: &Pipeline, fold: &FoldSpec, views: &[ViewReport]) -> Vec<(String, u64)> {
    let of_node = pipeline.finish_spec().views(fold).into_iter();
    let known = of_node.filter_map(|(view, _)| views.iter().find(|known| known.view == view));
    known.map(|known| (known.view.clone(), known.missing)).collect()
}

/// Per entity and identity: times and arrivals.
type OfIdentities<'k> = HashMap<(&'k [u8], Box<[u8]>), Vec<(i64, Option<i64>)>>;

/// The accepted rows of a replay, and which of them are events of a node.
struct Events<'a> {
    recorded: &'a Recorded,
    accepted: Batch,
    rows: Vec<u32>,
    times: Vec<i64>,
    keys: StrData,
}

impl<'a> Events<'a> {
    fn of(spec: &featc_ir::plan::RowSpec, recorded: &'a Recorded) -> Events<'a> {
        let accepted = recorded
            .rows
            .take(&rows::accept(&recorded.source, &recorded.rows).rows());
        let keyed = rows::apply(spec, &accepted);
        let columns: Vec<&Column> = keyed.keys.iter().map(AsRef::as_ref).collect();
        let keys = identity::keys_of_columns(&columns, keyed.times.len());
        let (rows, times) = (keyed.rows, keyed.times);
        Events {
            recorded,
            accepted,
            rows,
            times,
            keys,
        }
    }

    fn keys(&self) -> Vec<&[u8]> {
        (0..self.rows.len()).map(|row| self.keys.get(row)).collect()
    }

    /// When each event happened, and when it arrived; `None` where nothing says so.
    fn instants(&self) -> Vec<(i64, Option<i64>)> {
        let arrivals = rows::arrivals(&self.recorded.source, &self.accepted);
        let arrival = |row: u32| arrivals.as_ref().map(|all| all[row as usize]);
        self.times
            .iter()
            .zip(&self.rows)
            .map(|(time, row)| (*time, arrival(*row)))
            .collect()
    }

    /// Per entity and instant, when the first of its events arrived.
    fn first_arrivals<'k>(&self, keys: &[&'k [u8]]) -> HashMap<(&'k [u8], i64), Option<i64>> {
        let mut first: HashMap<(&[u8], i64), Option<i64>> = HashMap::new();
        for (key, (time, arrival)) in keys.iter().zip(self.instants()) {
            let known = first.entry((key, time)).or_insert(arrival);
            *known = (*known).min(arrival);
        }
        first
    }

    /// Per entity and identity the instants of its events.
    fn of_identities<'k>(&self, keys: &[&'k [u8]]) -> OfIdentities<'k> {
        let ids = identity::order_keys(&self.accepted, &self.recorded.source.unique);
        let mut found = OfIdentities::new();
        for ((key, row), instants) in keys.iter().zip(&self.rows).zip(self.instants()) {
            let of_id = found.entry((key, ids.get(*row as usize).into())).or_default();
            of_id.push(instants);
        }
        found
    }
}
