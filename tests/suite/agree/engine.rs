//! The engines of a case: which one, and how it runs. No answer depends on it.

use crate::evaluators::{Answers, Case, Delivery, Format, Layout, Ran, Setting, batch, files, stream};
use featc_driver::Plans;
use featc_ir::Status;
use featc_ir::plan::{FoldSlot, Method};
use featc_tests::pools::{Numbers, Times};
use featc_tests::programs::Shape;
use featc_tests::rng::Rng;
use featr_kernels::Value;
use featr_stream::Paging;
use std::collections::{BTreeMap, BTreeSet};

/// An engine and how it runs: with a case, all that a disagreement needs.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    Batch(Setting),
    Stream(Delivery),
    /// Either of them, over files.
    Files(Layout),
}

/// An answer that is not the model's.
#[derive(Debug, Clone)]
pub struct Difference {
    pub question: usize,
    pub field: usize,
    pub text: String,
}

/// What engines may do on the way, each with how often it happens at least in a thousand cases.
const WAYS: [(&str, u64); 23] = [
    ("in memory", 1_000),
    ("spilled", 700),
    ("spilled, entities whole", 200),
    ("entities in parts", 600),
    ("panes summarised", 250),
    // Of services whose every view has states in its summaries, or windows that choose events.
    ("panes with states or choices", 50),
    ("one pass for several views", 200),
    ("a pass per view", 500),
    ("without statuses", 500),
    ("several threads", 1_000),
    ("600 events and more of one entity", 5),
    // Streams in which more events of one entity share an instant than a page holds.
    ("instants that fill pages", 40),
    ("Parquet", 40),
    ("Arrow", 20),
    ("CSV", 10),
    ("TSV", 10),
    ("JSONL", 10),
    ("replayed from files", 20),
    // Files were left out, or row groups, by their statistics.
    ("pruned", 2),
    ("keys from dictionaries", 2),
    ("instants without offset", 20),
    ("event times of folders", 20),
    // Columns under other names, inside of others, and as something else than values of their types.
    ("columns in other forms", 40),
];

/// How often engines did what [`WAYS`] names.
#[derive(Debug, Default)]
pub struct Did([u64; WAYS.len()]);

impl Did {
    /// Counts one of the ways, if it was so.
    pub fn note(&mut self, way: &str, so: bool) {
        let place = WAYS.iter().position(|(known, _)| *known == way);
        self.0[place.expect("one of the ways")] += u64::from(so);
    }

    fn note_batch(&mut self, setting: Setting, ran: &Ran, states: bool) {
        self.note("in memory", setting.memory_bytes.is_none());
        self.note("spilled", ran.spilled());
        self.note("spilled, entities whole", ran.spilled() && ran.chunks() == 0);
        self.note("entities in parts", ran.chunks() > 0);
        self.note("panes summarised", ran.summaries() > 0);
        self.note("panes with states or choices", ran.summaries() > 0 && states);
        self.note("one pass for several views", ran.fused());
        self.note("a pass per view", !setting.fuse);
        self.note("without statuses", !setting.with_status);
        self.note("several threads", setting.threads > 1);
    }

    fn note_files(&mut self, case: &Case, layout: Layout, ran: &Ran, states: bool) {
        let format = match layout.format {
            Format::Parquet => "Parquet",
            Format::Arrow => "Arrow",
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::Jsonl => "JSONL",
        };
        let zoned = case.program.sources.iter().any(|source| source.zone.is_some());
        self.note(format, true);
        self.note("replayed from files", layout.replay.is_some());
        self.note("pruned", ran.pruned());
        self.note("keys from dictionaries", ran.measured.contains(" rows_coded"));
        self.note("instants without offset", layout.naive && zoned);
        self.note("event times of folders", layout.folders);
        self.note("columns in other forms", layout.forms.is_some());
        if layout.replay.is_none() {
            self.note_batch(layout.setting, ran, states);
        }
    }

    /// The ways, each with its count and how many there are at least in a thousand cases.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let ways = WAYS.into_iter().zip(self.0);
        ways.map(|((way, least), count)| (way, count, least))
    }

    pub fn merge(&mut self, other: &Did) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(ours, theirs)| *ours += theirs);
    }
}

fn setting(rng: &mut Rng, memory_bytes: Option<usize>) -> Setting {
    Setting {
        threads: 1 + rng.below(3),
        memory_bytes,
        batch_rows: *rng.pick(&[1, 3, 7, 7, 64, 1000]),
        with_status: !rng.one_in(3),
        fuse: !rng.one_in(3),
    }
}

/// So little memory that what is collected goes to disk, and entities are answered in parts.
fn little(rng: &mut Rng, rows: usize) -> usize {
    *rng.pick(&[0, 0, 64, 512, 4_000, 24 * rows, 60 * rows])
}

/// The engines that answer a case: the batch engine in memory, from disk, and in parts; the stream in several orders, some
/// with a graph that branches or with rows that are taken back; of some cases one of them over files.
pub fn draw(rng: &mut Rng, shapes: &[Shape], rows: usize, questions: usize) -> Vec<Engine> {
    // Of what is collected an eighth has place in memory; entities are answered whole where all of it suffices.
    let whole = 4_000 + 700 * rows + 300 * questions;
    let little = little(rng, rows);
    let mut engines: Vec<Engine> = [None, Some(whole), Some(little)]
        .map(|memory_bytes| Engine::Batch(setting(rng, memory_bytes)))
        .to_vec();
    let small = Paging {
        page_rows_max: 2 + rng.below(5),
        group_pages_max: 2 + rng.below(2),
        plain_below: rng.below(9),
    };
    for place in 0..2 {
        engines.push(Engine::Stream(Delivery {
            shuffle: (place > 0).then(|| rng.word()),
            chunk: *rng.pick(&[1, 2, 5, 1000]),
            restart_every: *rng.pick(&[None, Some(1 + rows / 4), Some(7 + rows / 2)]),
            paging: if rows > 250 || rng.one_in(3) {
                Paging::default()
            } else {
                small
            },
            branches: None,
            retracts: false,
        }));
    }
    if rng.one_in(4) {
        engines.push(Engine::Files(layout(rng, shapes, rows)));
    }
    for engine in &mut engines {
        if let Engine::Stream(delivery) = engine {
            delivery.branches = rng.one_in(3).then(|| rng.word());
            delivery.retracts = rng.one_in(4);
        }
    }
    engines
}

/// The batch engine over files of which parts are left out, as small as can be.
pub fn pruned(rng: &mut Rng, shapes: &[Shape], rows: usize) -> Engine {
    let layout = layout(rng, shapes, rows);
    Engine::Files(Layout {
        format: Format::Parquet,
        rows_per_group: *rng.pick(&[1, 1, 3]),
        sorted: true,
        prune: true,
        replay: None,
        setting: Setting {
            with_status: true,
            ..layout.setting
        },
        ..layout
    })
}

fn layout(rng: &mut Rng, shapes: &[Shape], rows: usize) -> Layout {
    let years = shapes.iter().all(|shape| shape.style.times != Times::Ends);
    // Texts have the years 1 to 9999 alone.
    let as_text = years && shapes.iter().all(|shape| shape.style.numbers != Numbers::Wild);
    let formats = [
        Format::Parquet,
        Format::Parquet,
        Format::Arrow,
        Format::Csv,
        Format::Jsonl,
        Format::Tsv,
    ];
    let memory_bytes = Some(little(rng, rows)).filter(|bytes| bytes % 3 == 0);
    let replays = rng.one_in(4);
    Layout {
        format: formats[rng.below(if as_text { formats.len() } else { 3 })],
        rows_per_file: *rng.pick(&[7, 25, 10_000]),
        rows_per_group: *rng.pick(&[1, 3, 10, 100]),
        dictionary: rng.one_in(2),
        naive: years && rng.one_in(2),
        reversed: rng.one_in(2),
        sorted: !rng.one_in(3),
        folders: years && rng.one_in(4),
        prune: !rng.one_in(4),
        // From a copy, so that all other choices stay what they are.
        forms: Some(rng.clone().word()).filter(|word| years && word % 2 == 0),
        setting: setting(rng, memory_bytes),
        replay: replays.then(|| Delivery {
            shuffle: Some(rng.word()).filter(|word| word % 2 == 0),
            chunk: *rng.pick(&[1, 5, 1000]),
            restart_every: *rng.pick(&[None, Some(7 + rows / 2)]),
            paging: Paging::default(),
            branches: None,
            retracts: false,
        }),
    }
}

/// Whether more different rows have one key and one time than a page holds: equal instants lie on several pages.
fn fills_pages(case: &Case, page_rows_max: usize) -> bool {
    case.program.views.iter().any(|view| {
        let source = case.program.transform(view.transform).source;
        let (rows, declared) = (&case.rows[source.index()], case.program.source(source));
        let key = view.key.iter().filter(|column| column.index() < declared.columns.len());
        let places: Vec<usize> = key
            .map(|column| column.index())
            .chain([declared.time.index()])
            .collect();
        let place = |row: &[Value]| -> Vec<Value> { places.iter().map(|place| row[*place].clone()).collect() };
        let mut found: BTreeMap<Vec<Value>, BTreeSet<&[Value]>> = BTreeMap::new();
        rows.iter().any(|row| {
            let known = found.entry(place(row)).or_default();
            known.insert(row);
            known.len() > page_rows_max
        })
    })
}

/// Whether every view of the service has a slot that is folded by states, or over a window that chooses events.
fn has_states(case: &Case, plans: &Plans) -> bool {
    let of_service = plans.batch.iter().filter(|plan| plan.service == case.service);
    let mut pipelines = of_service.flat_map(|plan| &plan.pipelines);
    pipelines.all(|pipeline| {
        let fold = &pipeline.fold;
        let is_folded = |slot: &FoldSlot| matches!(slot.method, Method::Deltas | Method::States);
        let chooses = |slot: &FoldSlot| fold.windows[slot.window.index()].chooses();
        fold.slots.iter().any(|slot| is_folded(slot) || chooses(slot))
    })
}

/// The first answer of an engine that is not the expected one.
pub fn difference(case: &Case, plans: &Plans, engine: Engine, expected: &Answers, did: &mut Did) -> Option<Difference> {
    let (values, statuses): (Vec<Vec<Value>>, Option<Vec<Vec<Status>>>) = match engine {
        Engine::Batch(setting) => {
            let ran = batch(case, plans, setting);
            did.note_batch(setting, &ran, has_states(case, plans));
            (ran.values, ran.statuses)
        }
        Engine::Files(layout) => {
            let ran = files(case, plans, layout);
            did.note_files(case, layout, &ran, has_states(case, plans));
            (ran.values, ran.statuses)
        }
        Engine::Stream(delivery) => {
            let crowded = fills_pages(case, delivery.paging.page_rows_max);
            did.note("instants that fill pages", crowded);
            let answers = stream(case, plans, delivery)
                .into_iter()
                .map(|row| row.into_iter().unzip());
            let (values, statuses) = answers.unzip();
            (values, Some(statuses))
        }
    };
    assert_eq!(expected.len(), values.len(), "{engine:?}");
    for (question, row) in expected.iter().enumerate() {
        assert_eq!(row.len(), values[question].len(), "{engine:?}");
        for (field, (value, status)) in row.iter().enumerate() {
            let found = &values[question][field];
            let said = statuses.as_ref().map(|statuses| statuses[question][field]);
            if found != value || said.is_some_and(|said| said != *status) {
                let text = format!("{engine:?}\nsays {found:?} {said:?}, the model {value:?} {status:?}");
                return Some(Difference { question, field, text });
            }
        }
    }
    None
}
