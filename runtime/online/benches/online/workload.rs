//! What is pushed and asked: payments of users by a Zipf law, and programs over them.

use arrow::array::{
    Array as _, ArrayRef, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray, new_null_array,
};
use featr::{Incoming, Program, Random};
use std::sync::Arc;

pub const SECOND_US: i64 = 1_000_000;
pub const DAY_US: i64 = 86_400 * SECOND_US;
/// 2024-03-01T00:00:00Z
pub const BEGIN_US: i64 = 1_709_251_200 * SECOND_US;
pub const USERS: usize = 100_000;
/// What payments are made at; drawn evenly.
const SHOPS: u64 = 1_000;
const EXPONENT: f64 = 1.05;

const SOURCE: &str = r#"
module shop
entity user (user: int64)
source payments {
  columns (id: int64, user: int64, shop: int64, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness unbounded
}
view spend of user from payments {
  owner "payments"
"#;

const WINDOWS: [&str; 10] = ["1m", "10m", "1h", "6h", "1d", "7d", "30d", "3d", "14d", "2h"];

/// Count, sum, mean, greatest and last over the first `windows` windows; where it is `wide`, six features over five windows,
/// the number of different shops among them.
pub fn program(windows: usize, wide: bool) -> Program {
    let over = |windows: &[&str]| windows.join(", ");
    let aggregates: &[(&str, &str)] = match wide {
        false => &[
            ("n", "count()"),
            ("total", "sum(amount)"),
            ("average", "mean(amount)"),
            ("greatest", "max(amount)"),
            ("newest", "last(amount)"),
        ],
        true => &[
            ("n", "count()"),
            ("total", "sum(amount)"),
            ("average", "mean(amount)"),
            ("greatest", "max(amount)"),
            ("newest", "last(amount)"),
            ("shops", "count_distinct(shop)"),
        ],
    };
    let windows = match wide {
        true => over(&WINDOWS[2..7]),
        false => over(&WINDOWS[..windows]),
    };
    let mut text = SOURCE.to_owned();
    for (name, aggregate) in aggregates {
        text += &format!("  /// What it says.\n  feature {name} = {aggregate} over [{windows}]\n");
    }
    text += "}\nservice risk { spend.* }\n";
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text.as_str());
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// Users by a Zipf law.
pub struct Users(Vec<f64>);

impl Users {
    pub fn new() -> Users {
        let mut sum = 0.0;
        let weights = (1..=USERS).map(|rank| {
            sum += (rank as f64).powf(-EXPONENT);
            sum
        });
        Users(weights.collect())
    }

    pub fn draw(&self, random: &mut Random) -> i64 {
        let at = random.number() as f64 / u64::MAX as f64 * self.0[USERS - 1];
        self.0.partition_point(|sum| *sum < at) as i64
    }
}

/// All pushes, over thirty days of event time, in order but for a tenth of the events; each with the instant at which it comes.
pub fn pushes(events: usize, batch: usize, users: &Users) -> Vec<(i64, Incoming)> {
    let mut random = Random::new(7);
    let step_us = 30 * DAY_US / events as i64;
    let instants =
        |values: Vec<i64>| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")) };
    let all: Vec<usize> = (0..events).collect();
    let push = |rows: &[usize]| {
        let now_us = BEGIN_US + (rows[rows.len() - 1] as i64 + 1) * step_us;
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| *row as i64)));
        let of: ArrayRef = Arc::new(Int64Array::from_iter_values(
            rows.iter().map(|_| users.draw(&mut random)),
        ));
        let shops = rows.iter().map(|_| (random.number() % SHOPS) as i64);
        let shops: ArrayRef = Arc::new(Int64Array::from_iter_values(shops));
        let amounts = rows.iter().map(|_| (random.number() % 100_000) as f64 / 100.0);
        let amounts: ArrayRef = Arc::new(Float64Array::from_iter_values(amounts));
        let at = rows.iter().map(|row| {
            let late_us = match random.number() % 10 {
                0 => random.number() % 60_000_000,
                _ => 0,
            };
            BEGIN_US + *row as i64 * step_us - late_us as i64
        });
        let at = instants(at.collect());
        // Their arrival is when they are written.
        let seen: ArrayRef = new_null_array(at.data_type(), rows.len());
        let columns = [
            ("id", ids),
            ("user", of),
            ("shop", shops),
            ("amount", amounts),
            ("at", at),
            ("seen", seen),
        ];
        let incoming = Incoming {
            source: "payments".to_owned(),
            rows: RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
                .expect("rows"),
            places: (1..=rows.len() as u64).collect(),
            rejected: Vec::new(),
        };
        (now_us, incoming)
    };
    all.chunks(batch).map(push).collect()
}
