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

/// What the batch engine did on the way.
#[derive(Debug, Default, Clone, Copy)]
pub struct Did {
    pub in_memory: u64,
    pub spilled: u64,
    pub spilled_whole: u64,
    pub split: u64,
    pub summaries: u64,
    /// The same, of services whose every view has states in its summaries, or windows that choose events.
    pub states: u64,
    /// Several views of one source, in one pass; and each in its own.
    pub fused: u64,
    pub apart: u64,
    pub without_status: u64,
    pub several_threads: u64,
    /// Cases with very many events of one entity.
    pub long: u64,
    /// Streams in which more events of one entity share an instant than a page holds.
    pub crowded_instants: u64,
    pub parquet: u64,
    pub arrow: u64,
    pub csv: u64,
    pub tsv: u64,
    pub jsonl: u64,
    /// Cases over files by the streaming engine.
    pub replayed: u64,
    /// Cases in which files were left out, or row groups, by their statistics.
    pub pruned: u64,
    pub dictionaries: u64,
    pub naive: u64,
    /// Cases in which folders say the event time.
    pub folders: u64,
}

impl Did {
    fn note(&mut self, setting: Setting, ran: &Ran, states: bool) {
        self.in_memory += u64::from(setting.memory_bytes.is_none());
        self.spilled += u64::from(ran.spilled());
        self.spilled_whole += u64::from(ran.spilled() && ran.chunks() == 0);
        self.split += u64::from(ran.chunks() > 0);
        self.summaries += u64::from(ran.summaries() > 0);
        self.states += u64::from(ran.summaries() > 0 && states);
        self.fused += u64::from(ran.fused());
        self.apart += u64::from(!setting.fuse);
        self.without_status += u64::from(!setting.with_status);
        self.several_threads += u64::from(setting.threads > 1);
    }

    fn note_files(&mut self, case: &Case, layout: Layout, ran: &Ran, states: bool) {
        match layout.format {
            Format::Parquet => self.parquet += 1,
            Format::Arrow => self.arrow += 1,
            Format::Csv => self.csv += 1,
            Format::Tsv => self.tsv += 1,
            Format::Jsonl => self.jsonl += 1,
        }
        self.replayed += u64::from(layout.replay.is_some());
        self.pruned += u64::from(ran.pruned());
        self.dictionaries += u64::from(ran.measured.contains(" rows_coded"));
        self.naive += u64::from(layout.naive && case.program.sources.iter().any(|source| source.zone.is_some()));
        self.folders += u64::from(layout.folders);
        if layout.replay.is_none() {
            self.note(layout.setting, ran, states);
        }
    }

    /// The counts by name, each with how many there are at least in a thousand cases.
    pub fn counts(&self) -> [(&'static str, u64, u64); 22] {
        [
            ("in memory", self.in_memory, 1_000),
            ("spilled", self.spilled, 700),
            ("spilled, entities whole", self.spilled_whole, 200),
            ("entities in parts", self.split, 600),
            ("panes summarised", self.summaries, 250),
            ("panes with states or choices", self.states, 50),
            ("one pass for several views", self.fused, 200),
            ("a pass per view", self.apart, 500),
            ("without statuses", self.without_status, 500),
            ("several threads", self.several_threads, 1_000),
            ("600 events and more of one entity", self.long, 5),
            ("instants that fill pages", self.crowded_instants, 40),
            ("Parquet", self.parquet, 40),
            ("Arrow", self.arrow, 20),
            ("CSV", self.csv, 10),
            ("TSV", self.tsv, 10),
            ("JSONL", self.jsonl, 10),
            ("replayed from files", self.replayed, 20),
            ("pruned", self.pruned, 2),
            ("keys from dictionaries", self.dictionaries, 2),
            ("instants without offset", self.naive, 20),
            ("event times of folders", self.folders, 20),
        ]
    }

    pub fn merge(&mut self, other: &Did) {
        self.in_memory += other.in_memory;
        self.spilled += other.spilled;
        self.spilled_whole += other.spilled_whole;
        self.split += other.split;
        self.summaries += other.summaries;
        self.states += other.states;
        self.fused += other.fused;
        self.apart += other.apart;
        self.without_status += other.without_status;
        self.several_threads += other.several_threads;
        self.long += other.long;
        self.crowded_instants += other.crowded_instants;
        self.parquet += other.parquet;
        self.arrow += other.arrow;
        self.csv += other.csv;
        self.tsv += other.tsv;
        self.jsonl += other.jsonl;
        self.replayed += other.replayed;
        self.pruned += other.pruned;
        self.dictionaries += other.dictionaries;
        self.naive += other.naive;
        self.folders += other.folders;
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
        let chooses = |slot: &FoldSlot| fold.windows[slot.window.index()].count().is_some();
        fold.slots.iter().any(|slot| is_folded(slot) || chooses(slot))
    })
}

/// The first answer of an engine that is not the expected one.
pub fn difference(case: &Case, plans: &Plans, engine: Engine, expected: &Answers, did: &mut Did) -> Option<Difference> {
    let (values, statuses): (Vec<Vec<Value>>, Option<Vec<Vec<Status>>>) = match engine {
        Engine::Batch(setting) => {
            let ran = batch(case, plans, setting);
            did.note(setting, &ran, has_states(case, plans));
            (ran.values, ran.statuses)
        }
        Engine::Files(layout) => {
            let ran = files(case, plans, layout);
            did.note_files(case, layout, &ran, has_states(case, plans));
            (ran.values, ran.statuses)
        }
        Engine::Stream(delivery) => {
            did.crowded_instants += u64::from(fills_pages(case, delivery.paging.page_rows_max));
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
