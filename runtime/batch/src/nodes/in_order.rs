//! Events in order, as the columns of a batch, and as the merge reads them.

use crate::error::bug;
use crate::schema::EventLayout;
use crate::wire::bytes;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, UInt8Type, UInt32Type};
use datafusion::error::Result;
use featr_kernels::events::Events;
use featr_kernels::{Column, Data, StrData, identity};
use featr_merge::Run;

/// See the module.
pub(super) struct InOrder<'a> {
    pub entities: &'a [u32],
    pub times: &'a [i64],
    ties: &'a [u32],
    ids: Option<&'a ArrayRef>,
    pub arrivals: Option<&'a [i64]>,
    poison: Option<&'a [u8]>,
    lifts: &'a [ArrayRef],
}

impl<'a> InOrder<'a> {
    pub fn of(layout: &EventLayout, batch: &'a RecordBatch) -> Result<InOrder<'a>> {
        let mut arrays = batch.columns().iter();
        let mut next = || arrays.next().ok_or_else(|| bug("a column of the events is missing"));
        let entities = next()?.as_primitive::<UInt32Type>().values();
        let times = next()?.as_primitive::<Int64Type>().values();
        let ties = next()?.as_primitive::<UInt32Type>().values();
        let ids = if layout.ids { Some(next()?) } else { None };
        let arrivals: Option<&[i64]> = if layout.arrival {
            Some(next()?.as_primitive::<Int64Type>().values())
        } else {
            None
        };
        let poison: Option<&[u8]> = if layout.poison {
            Some(next()?.as_primitive::<UInt8Type>().values())
        } else {
            None
        };
        Ok(InOrder {
            entities,
            times,
            ties,
            ids,
            arrivals,
            poison,
            lifts: arrays.as_slice(),
        })
    }

    /// As the merge reads them. `ties`: where events are in part summarised, what orders those of one instant stands in place of
    /// their digests.
    pub fn run(&self, layout: &EventLayout, ties: bool) -> Result<Run> {
        let mut arrays = self.lifts.iter();
        let lifts = layout.lifts.iter().map(|wire| wire.decode(&mut arrays));
        Ok(Run {
            events: Events {
                times: self.times.to_vec(),
                ids: self.keys(),
                digests: match ties {
                    true => self.ties.iter().map(|tie| u128::from(*tie)).collect(),
                    false => vec![],
                },
                poison: self.poison.map(<[u8]>::to_vec),
                lifts: lifts.collect::<Result<_>>()?,
            },
            arrivals: self.arrivals.map(<[i64]>::to_vec),
            summaries: vec![],
        })
    }

    /// Ids as order keys; none if nothing reads them.
    pub fn keys(&self) -> StrData {
        let Some(ids) = self.ids else {
            return StrData::new();
        };
        match ids.as_primitive_opt::<Int64Type>() {
            Some(words) => {
                let column = Column::with_tags(featc_ir::Type::Int64, Data::I64(words.values().to_vec()), None);
                identity::keys_of_columns(&[&column], self.times.len())
            }
            None => bytes(ids.as_binary::<i32>()),
        }
    }
}
