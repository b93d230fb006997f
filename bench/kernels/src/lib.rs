//! Events and questions that the benchmarks of the merge have in common.

use featc_ir::Type;
use featr_kernels::events::Events;
use featr_kernels::{Column, Data, StrData};
use featr_merge::{Group, Questions, Run};

pub const HOUR: i64 = 3_600_000_000;
const DAYS: i64 = 60;

/// The types of the lifts: amounts of money, numbers of shops, and names of shops.
pub const TYPES: [Type; 3] = [Type::Float64, Type::Int64, Type::String];

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) % end as u64) as i64
    }

    fn sorted(&mut self, count: usize) -> Vec<i64> {
        let mut times: Vec<i64> = (0..count).map(|_| self.below(DAYS * 24 * HOUR / 1000) * 1000).collect();
        times.sort_unstable();
        times
    }
}

/// Sixty days of entities, each with so many events and so many questions. One event in fifty comes up to an hour late.
pub fn log(entities: impl IntoIterator<Item = (usize, usize)>) -> (Run, Questions) {
    let mut random = Random(7);
    let (mut times, mut asked, mut groups) = (vec![], vec![], vec![]);
    for (events, questions) in entities {
        let (event, question) = (times.len() as u32, asked.len());
        times.extend(random.sorted(events));
        asked.extend(random.sorted(questions));
        groups.push(Group {
            questions: question..asked.len(),
            events: event..times.len() as u32,
        });
    }
    let amounts = times.iter().map(|_| random.below(500_000) as f64 / 100.0).collect();
    let shops: Vec<i64> = times.iter().map(|_| random.below(300)).collect();
    let names: Vec<String> = shops.iter().map(|shop| format!("shop {shop}")).collect();
    let arrivals = times.iter().map(|time| {
        let delay = if random.below(50) == 0 { HOUR } else { 1_000_000 };
        time + random.below(delay)
    });
    let data = [
        Data::F64(amounts),
        Data::I64(shops),
        Data::Str(names.iter().map(String::as_bytes).collect()),
    ];
    let lifts = TYPES.into_iter().zip(data);
    let run = Run {
        summaries: vec![],
        arrivals: Some(arrivals.collect()),
        events: Events {
            times,
            ids: StrData::new(),
            digests: vec![],
            poison: None,
            lifts: lifts.map(|(ty, data)| Column { ty, data, tags: None }).collect(),
        },
    };
    let questions = Questions {
        times: asked,
        groups,
        cuts: vec![],
        selves: None,
    };
    (run, questions)
}
