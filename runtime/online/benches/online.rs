//! What the online runtime takes in and answers: durable pushes, reads while they run, and what a checkpoint costs both.
//!
//! `cargo bench -p featr-online --bench online -- [--events N] [--batch ROWS] [--threads PUSHERS] [--state FOLDER]`
//!
//! Payments of users by a Zipf law, over thirty days of event time, in order but for a tenth of them; count, sum, mean, maximum and
//! last over seven exact windows. The log and the checkpoints are in the folder, every group of pushes is synced. The clock is
//! set to where events are, so that windows move and nothing is late.

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use featr::{Incoming, Program, Random};
use featr_online::{Folder, Options, Question, Runtime, SetClock};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// 2024-03-01T00:00:00Z
const BEGIN_US: i64 = 1_709_251_200 * SECOND_US;
const USERS: usize = 100_000;
const EXPONENT: f64 = 1.05;

const PROGRAM: &str = r#"
module shop
entity user (user: int64)
source payments {
  columns (id: int64, user: int64, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness unbounded
}
view spend of user from payments {
  owner "payments"
  /// How many.
  feature n = count() over [1m, 10m, 1h, 6h, 1d, 7d, 30d]
  /// How much.
  feature total = sum(amount) over [1m, 10m, 1h, 6h, 1d, 7d, 30d]
  /// How much on average.
  feature average = mean(amount) over [1m, 10m, 1h, 6h, 1d, 7d, 30d]
  /// The greatest.
  feature greatest = max(amount) over [1m, 10m, 1h, 6h, 1d, 7d, 30d]
  /// The last.
  feature newest = last(amount) over [1m, 10m, 1h, 6h, 1d, 7d, 30d]
}
service risk { spend.* }
"#;

struct Arguments {
    events: usize,
    batch: usize,
    pushers: usize,
    state: PathBuf,
    checkpoint_bytes: u64,
    /// Microseconds between two questions.
    pause: u64,
}

fn arguments() -> Arguments {
    let mut found = Arguments {
        events: 2_000_000,
        batch: 1_000,
        pushers: 4,
        state: std::env::temp_dir().join(format!("featr-online-{}", std::process::id())),
        checkpoint_bytes: 1 << 40,
        pause: 1_000,
    };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    for pair in words.chunks(2) {
        let [option, value] = pair else {
            panic!("{pair:?}: an option without a value")
        };
        let number = || value.parse().unwrap_or_else(|_| panic!("{option} takes a number"));
        match option.as_str() {
            "--events" => found.events = number() as usize,
            "--batch" => found.batch = number() as usize,
            "--threads" => found.pushers = number() as usize,
            "--state" => found.state = PathBuf::from(value),
            "--checkpoint-bytes" => found.checkpoint_bytes = number(),
            "--pause" => found.pause = number(),
            _ => panic!("no option {option}"),
        }
    }
    found
}

fn program() -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", PROGRAM);
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// Users by a Zipf law.
struct Users(Vec<f64>);

impl Users {
    fn new() -> Users {
        let mut sum = 0.0;
        let weights = (1..=USERS).map(|rank| {
            sum += (rank as f64).powf(-EXPONENT);
            sum
        });
        Users(weights.collect())
    }

    fn draw(&self, random: &mut Random) -> i64 {
        let at = random.number() as f64 / u64::MAX as f64 * self.0[USERS - 1];
        self.0.partition_point(|sum| *sum < at) as i64
    }
}

/// All pushes, each with the instant at which it comes.
fn pushes(arguments: &Arguments, users: &Users) -> Vec<(i64, Incoming)> {
    let mut random = Random::new(7);
    let step_us = 30 * DAY_US / arguments.events as i64;
    let instants =
        |values: Vec<i64>| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")) };
    let all: Vec<usize> = (0..arguments.events).collect();
    let push = |rows: &[usize]| {
        let now_us = BEGIN_US + (rows[rows.len() - 1] as i64 + 1) * step_us;
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| *row as i64)));
        let of: ArrayRef = Arc::new(Int64Array::from_iter_values(
            rows.iter().map(|_| users.draw(&mut random)),
        ));
        let amounts = rows.iter().map(|_| (random.number() % 100_000) as f64 / 100.0);
        let amounts: ArrayRef = Arc::new(Float64Array::from_iter_values(amounts));
        let at = rows.iter().map(|row| {
            let late_us = if random.number() % 10 == 0 {
                random.number() % 60_000_000
            } else {
                0
            };
            BEGIN_US + *row as i64 * step_us - late_us as i64
        });
        let at = instants(at.collect());
        let seen = instants(vec![now_us; rows.len()]);
        let columns = [
            ("id", ids),
            ("user", of),
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
    all.chunks(arguments.batch).map(push).collect()
}

/// Latencies, and what stands at some part of them.
#[derive(Default)]
struct Latencies(Vec<u64>);

impl Latencies {
    fn told(&mut self) -> String {
        self.0.sort_unstable();
        let at = |part: f64| {
            let last = self.0.len().saturating_sub(1);
            self.0
                .get((last as f64 * part).round() as usize)
                .copied()
                .unwrap_or_default() as f64
                / 1e3
        };
        format!(
            "{} of them, p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, most {:.1} µs",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        )
    }
}

/// Asks about users as they come, one at a time, until it is told to end.
fn ask(runtime: &Runtime, users: &Users, end: &AtomicBool, pause: Duration) -> Latencies {
    let mut random = Random::new(11);
    let mut latencies = Latencies::default();
    while !end.load(Ordering::Relaxed) {
        let user: ArrayRef = Arc::new(Int64Array::from(vec![users.draw(&mut random)]));
        let question = Question {
            service: "risk".to_owned(),
            rows: RecordBatch::try_from_iter([("user", user)]).expect("a question"),
            at_us: None,
            request_id: None,
            is_whole: false,
        };
        let begun = Instant::now();
        runtime.answer_wait(&question).expect("an answer");
        latencies.0.push(begun.elapsed().as_nanos() as u64);
        std::thread::sleep(pause);
    }
    latencies
}

/// Pushes from some threads, each waiting for its last push before the next; tells how long each push took.
fn ingest(runtime: &Runtime, clock: &SetClock, pushes: &[(i64, Incoming)], threads: usize) -> (Duration, Latencies) {
    let next = AtomicU64::new(0);
    let all = Mutex::new(Latencies::default());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut latencies = Latencies::default();
                while let Some((now_us, incoming)) = pushes.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    clock.0.fetch_max(*now_us, Ordering::SeqCst);
                    let begun = Instant::now();
                    runtime.push_wait(incoming.clone()).expect("pushed");
                    latencies.0.push(begun.elapsed().as_nanos() as u64);
                }
                all.lock().expect("no thread panics").0.extend(latencies.0);
            });
        }
    });
    (begun.elapsed(), all.into_inner().expect("no thread panics"))
}

fn open(state: &Path, clock: &Arc<SetClock>, checkpoint_bytes: u64) -> Runtime {
    let disk = Folder::take(state).expect("a folder").expect("nobody has it");
    let options = Options {
        checkpoint_bytes,
        served_log: false,
        ..Options::default()
    };
    let opened = Runtime::open(program(), Arc::new(disk), clock.clone(), options);
    opened.expect("a state").0
}

/// Bytes that the process has in memory, where the system tells.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}

fn main() {
    let arguments = arguments();
    let users = Users::new();
    let pushes = pushes(&arguments, &users);
    let made = resident();
    let clock = Arc::new(SetClock::at(BEGIN_US));
    let runtime = open(&arguments.state, &clock, arguments.checkpoint_bytes);
    let (first, second) = pushes.split_at(pushes.len() / 2);
    let rows = |pushes: &[(i64, Incoming)]| pushes.iter().map(|(_, push)| push.rows.num_rows()).sum::<usize>() as f64;
    println!(
        "{} events in pushes of {}, {} pushers; {:.0} bytes of memory an event before they are pushed",
        arguments.events,
        arguments.batch,
        arguments.pushers,
        made as f64 / arguments.events as f64
    );

    let (took, mut latencies) = ingest(&runtime, &clock, first, arguments.pushers);
    println!(
        "ingest alone: {:.0} events/s; a push: {}",
        rows(first) / took.as_secs_f64(),
        latencies.told()
    );

    let end = AtomicBool::new(false);
    let pause = Duration::from_micros(arguments.pause);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(&runtime, &users, &end, pause));
        let (took, mut latencies) = ingest(&runtime, &clock, second, arguments.pushers);
        println!(
            "ingest with reads: {:.0} events/s; a push: {}",
            rows(second) / took.as_secs_f64(),
            latencies.told()
        );
        end.store(true, Ordering::Relaxed);
        println!(
            "reads while it runs: {}",
            reader.join().expect("no thread panics").told()
        );
    });
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(&runtime, &users, &end, pause));
        std::thread::sleep(Duration::from_secs(2));
        end.store(true, Ordering::Relaxed);
        println!("reads alone: {}", reader.join().expect("no thread panics").told());
    });
    runtime.stats();
    std::thread::sleep(Duration::from_millis(1_500));
    let stats = runtime.stats();
    let (events, bytes) = stats
        .iter()
        .fold((0, 0), |sum, log| (sum.0 + log.events + log.waiting, sum.1 + log.bytes));
    println!(
        "state: {events} events of {:.0} bytes each by its own count",
        bytes as f64 / events.max(1) as f64
    );

    // A checkpoint while rows come in again, which changes nothing, and questions are asked.
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(&runtime, &users, &end, pause));
        let some = &second[second.len() - (second.len() / 4).min(200)..];
        let pusher = scope.spawn(|| {
            let mut latencies = Latencies::default();
            while !end.load(Ordering::Relaxed) {
                let (_, more) = ingest(&runtime, &clock, some, 1);
                latencies.0.extend(more.0);
            }
            latencies
        });
        std::thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        runtime.checkpoint_wait().expect("a checkpoint");
        println!("a checkpoint: {:.3} s", begun.elapsed().as_secs_f64());
        end.store(true, Ordering::Relaxed);
        println!("pushes meanwhile: {}", pusher.join().expect("no thread panics").told());
        println!("reads meanwhile: {}", reader.join().expect("no thread panics").told());
    });
    runtime.stop().expect("it ends");
    drop(runtime);
    let begun = Instant::now();
    let runtime = open(&arguments.state, &clock, arguments.checkpoint_bytes);
    println!("a start from the checkpoint: {:.3} s", begun.elapsed().as_secs_f64());
    drop(runtime);
    let snapshot = std::fs::read_dir(arguments.state.join("checkpoint"))
        .expect("a folder")
        .flatten();
    let bytes: u64 = snapshot
        .map(|file| file.metadata().map_or(0, |about| about.len()))
        .sum();
    println!("a checkpoint has {bytes} bytes");
    std::fs::remove_dir_all(&arguments.state).expect("it was ours");
}
