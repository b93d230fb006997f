//! Engines that serve: cuts of their own, and questions at any instant.

use crate::engine::{CutGoesBack, Engine};
use crate::graph::Service;
use crate::now::{Cuts, Now};
use crate::paging::Paging;
use crate::question::{Questions, ReadError};
use crate::report::AdvanceReport;
use crate::restored::RestoreReport;
use crate::snapshot::RestoreError;
use featc_ir::plan::StreamGraph;
use featc_ir::{Bug, Status};
use featr_kernels::Column;

impl Engine {
    /// An engine without events that serves: questions see the rows whose arrival is not after the cut of their source,
    /// which [`Engine::let_in`] moves, and are answered at any instant that is not before the horizon.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn serving(graphs: Vec<StreamGraph>) -> Result<Engine, Bug> {
        Engine::of(graphs, Now::serving(), Paging::default())
    }

    /// Of an engine that serves, per source the greatest arrival that a question sees.
    pub fn cuts(&self) -> Option<&Cuts> {
        self.now.cuts.as_ref()
    }

    /// Of an engine that serves: lets in the rows of these sources whose arrival is not after the cut given for it. Cuts of
    /// other sources stay, and so does what is kept. Nothing is told of an engine that answers in a truth.
    ///
    /// # Errors
    /// [`CutGoesBack`], by the first source whose cut would; nothing has changed then.
    pub fn let_in(&mut self, cuts: &Cuts) -> Result<AdvanceReport, CutGoesBack> {
        let Some(known) = &mut self.now.cuts else {
            return Ok(AdvanceReport::default());
        };
        for (source, asked_us) in cuts {
            let before = known.get(source).filter(|cut| asked_us < cut);
            if let Some(cut_us) = before {
                let (cut_us, asked_us) = (*cut_us, *asked_us);
                return Err(CutGoesBack { cut_us, asked_us });
            }
        }
        known.extend(cuts.iter().map(|(source, cut)| (source.clone(), *cut)));
        Ok(self.moved())
    }

    /// As [`Engine::restore`], of an engine that serves, and goes on to: its cuts are those of the snapshot.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore_serving(graphs: Vec<StreamGraph>, bytes: &[u8]) -> Result<(Engine, RestoreReport), RestoreError> {
        Engine::serving(graphs).map_err(RestoreError::Graph)?.take_up(bytes)
    }

    /// Questions of one instant at a time: how far the cuts lie behind it decides what is stale.
    pub(crate) fn read_served(
        &self,
        asked: &Service,
        questions: &Questions,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let times = &questions.times;
        if times.iter().all(|time| *time == times[0]) {
            return self.network.answer(asked, questions, &self.now);
        }
        let mut all: Vec<(Column, Vec<Status>)> = Vec::new();
        let mut from = 0;
        for stretch in times.chunk_by(|left, right| left == right) {
            let rows: Vec<u32> = (from as u32..).take(stretch.len()).collect();
            let take = |columns: &[Column]| columns.iter().map(|column| column.take(&rows)).collect();
            let some = Questions {
                times: stretch.to_vec(),
                keys: take(&questions.keys),
                self_columns: take(&questions.self_columns),
            };
            let more = self.network.answer(asked, &some, &self.now)?;
            if from == 0 {
                all = more;
            } else {
                for ((column, statuses), (values, further)) in all.iter_mut().zip(more) {
                    column.append(&values);
                    statuses.extend(further);
                }
            }
            from += stretch.len();
        }
        Ok(all)
    }
}
