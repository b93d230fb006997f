//! The operators of a plan as engines take them: the source as it was declared, and the specs of the kernels.

use super::{
    Accept, BatchPlan, Dedup, Derive, Finish, FinishSpec, Fold, FoldSlot, FoldSpec, KeyBy, LogId, Pipeline, RowSpec,
    Rows, Scan, Spine, StreamAnswer, StreamGraph, StreamSourceId, Visibility,
};
use crate::program::{Key, Source, SourceColumn};
use crate::slot::Slot;
use crate::types::{Cut, Truth, Type};

impl Visibility {
    /// The delay, 0 for rows that never change.
    pub fn delay_us(self) -> u64 {
        match self {
            Visibility::Always => 0,
            Visibility::AsOf { delay_us } => delay_us,
        }
    }
}

/// The source as the operators know it.
fn declared(scan: &Scan, accept: &Accept, dedup: &Dedup, delay_us: u64, begins_us: Option<i64>) -> Source {
    let columns = (0u32..).zip(&scan.columns).map(|(at, column)| SourceColumn {
        name: column.name.clone(),
        ty: column.ty,
        nullable: !accept.required.contains(&crate::ColumnId(at)),
        form: column.form.clone(),
    });
    Source {
        name: scan.source.clone(),
        doc: None,
        columns: columns.collect(),
        unique: dedup.identity.clone(),
        time: accept.time,
        arrival: accept.arrival,
        delay_us,
        lateness: accept.lateness,
        skew_us: accept.skew_us,
        begins_us,
        zone: scan.zone.clone(),
        keep_nan: scan.keep_nan,
        batch: scan.batch.clone(),
        stream: scan.stream.clone(),
    }
}

impl Rows {
    /// What the row stage is given.
    pub fn spec(&self) -> RowSpec {
        RowSpec {
            name: self.steps.transform.clone(),
            steps: self.steps.steps.clone(),
            lets: self.steps.lets.clone(),
            time: self.place.time.clone(),
            at: self.place.at,
            key: self.key.columns.clone(),
            lifts: self.lift.0.clone(),
        }
    }
}

impl FoldSlot {
    /// The slot, without how it is computed.
    pub fn slot(&self) -> Slot {
        Slot {
            aggregate: self.aggregate,
            argument: self.argument,
            second: self.second,
            filter: self.filter,
            since: self.since,
            window: self.window,
            ty: self.ty,
        }
    }
}

impl Fold {
    /// What the fold is given.
    pub fn spec(&self, key: &KeyBy) -> FoldSpec {
        FoldSpec {
            entity: self.asked_by.as_ref().unwrap_or(&key.entity).clone(),
            windows: self.windows.clone(),
            slots: self.slots.iter().map(FoldSlot::slot).collect(),
            presence: self.presence.iter().map(|presence| presence.reach_us).collect(),
            self_columns: self.self_columns.clone(),
        }
    }

    /// The one visibility of its slots; of a fold without any, which no plan has, `Always`.
    pub fn visibility(&self) -> Visibility {
        self.slots.first().map_or(Visibility::Always, |slot| slot.visibility)
    }
}

impl Finish {
    /// What the finish is given.
    pub fn spec(&self, visibility: Visibility) -> FinishSpec {
        FinishSpec {
            begins_us: self.begins_us,
            moved_us: self.moved_us,
            source_delay_us: visibility.delay_us(),
            features: self.features.clone(),
        }
    }

    /// What leaves it, in order.
    pub fn outputs(&self) -> Vec<(&str, Type)> {
        let outputs = self.features.iter().filter(|feature| feature.output);
        outputs.map(|feature| (feature.name.as_str(), feature.ty)).collect()
    }
}

impl Pipeline {
    /// The source that is read, as it was declared.
    pub fn source(&self) -> Source {
        let delay_us = self.fold.visibility().delay_us();
        declared(&self.scan, &self.accept, &self.dedup, delay_us, self.finish.begins_us)
    }

    /// Whether features of a view are answered here.
    pub fn answers(&self, view: &str) -> bool {
        self.finish.features.iter().any(|feature| feature.view == view)
    }

    /// What the fold is given.
    pub fn fold_spec(&self) -> FoldSpec {
        self.fold.spec(&self.rows.key)
    }

    /// What the finish is given.
    pub fn finish_spec(&self) -> FinishSpec {
        self.finish.spec(self.fold.visibility())
    }
}

impl Spine {
    /// The columns that a question brings, each once.
    pub fn columns(&self) -> Vec<Key> {
        let mut columns = self.keys.clone();
        for own in self.self_columns.iter().chain(&self.request) {
            if !columns.iter().any(|known| known.name == own.name) {
                columns.push(own.clone());
            }
        }
        columns
    }
}

impl BatchPlan {
    /// The sources that it scans, in order, each once.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        for pipeline in &self.pipelines {
            if !sources.iter().any(|known| known.name == pipeline.scan.source) {
                sources.push(pipeline.source());
            }
        }
        sources
    }

    /// The columns in which questions bring cuts under a truth.
    pub fn cut_keys(&self, truth: Truth) -> Vec<Key> {
        let sources = self.sources().into_iter();
        let given = sources.filter(|source| source.cut_under(truth) == Cut::Given);
        let tables = self.tables().into_iter();
        let tables = tables.filter(|table| truth == Truth::AsServed && table.versions.is_some());
        let tables = tables.map(|table| table.cut_key());
        let mut keys: Vec<Key> = given.map(|source| source.cut_key()).collect();
        for table in tables {
            // The versions of a table may be read as a source, too.
            if !keys.contains(&table) {
                keys.push(table);
            }
        }
        keys
    }

    /// The output columns with their types, in order; those that are not there are left out.
    pub fn columns(&self) -> Vec<(&str, Type)> {
        let outputs: Vec<_> = self
            .pipelines
            .iter()
            .map(|pipeline| pipeline.finish.outputs())
            .collect();
        columns(&outputs, &self.compose.0, &self.derive)
    }
}

/// What the pairs of an answer and a position name, then the features of the service's own.
fn columns<'a>(outputs: &[Vec<(&'a str, Type)>], composed: &[(u32, u32)], derive: &'a Derive) -> Vec<(&'a str, Type)> {
    let find = |(answer, place): &(u32, u32)| outputs.get(*answer as usize)?.get(*place as usize).copied();
    let derived = derive.0.iter().map(|feature| (feature.name.as_str(), feature.ty));
    composed.iter().filter_map(find).chain(derived).collect()
}

impl StreamGraph {
    /// A source as it was declared: its identity and delay stand in its logs, its beginning in their answers.
    pub fn source(&self, id: StreamSourceId) -> Source {
        let node = &self.sources[id.index()];
        let reads = |log: &super::StreamLog| self.rows.get(log.input.index()).is_some_and(|rows| rows.input == id);
        let log = self.logs.iter().find(|log| reads(log));
        // Not every log of a source needs to have an answer.
        let answers = |answer: &&StreamAnswer| self.logs.get(answer.input.index()).is_some_and(reads);
        let answer = self.answers.iter().find(answers);
        let nothing = Dedup { identity: Vec::new() };
        declared(
            &node.scan,
            &node.accept,
            log.map_or(&nothing, |log| &log.dedup),
            log.map_or(0, |log| log.gate.delay_us()),
            answer.and_then(|answer| answer.finish.begins_us),
        )
    }

    /// How many nodes it has: scan and acceptance of each source, then one per row stage, log and answer.
    pub fn operators(&self) -> usize {
        2 * self.sources.len() + self.rows.len() + self.logs.len() + self.answers.len()
    }

    /// The sources, in order.
    pub fn declared(&self) -> Vec<Source> {
        (0..self.sources.len() as u32)
            .map(|at| self.source(StreamSourceId(at)))
            .collect()
    }

    /// The rows that a log keeps.
    pub fn rows_of(&self, log: LogId) -> &Rows {
        &self.rows[self.logs[log.index()].input.index()].rows
    }

    /// What the fold of an answer is given.
    pub fn fold_spec(&self, answer: &StreamAnswer) -> FoldSpec {
        answer.fold.spec(&self.rows_of(answer.input).key)
    }

    /// What the finish of an answer is given.
    pub fn finish_spec(&self, answer: &StreamAnswer) -> FinishSpec {
        answer.finish.spec(self.logs[answer.input.index()].gate)
    }

    /// The output columns with their types, in order; those that are not there are left out.
    pub fn columns(&self) -> Vec<(&str, Type)> {
        let outputs: Vec<_> = self.answers.iter().map(|answer| answer.finish.outputs()).collect();
        columns(&outputs, &self.compose.0, &self.derive)
    }
}
