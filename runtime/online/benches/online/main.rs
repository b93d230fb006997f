//! What the online runtime takes in and answers: durable pushes, reads while they run, and what a checkpoint costs both.
//!
//! `cargo bench -p featr-online --bench online -- [--events N] [--batch ROWS] [--threads PUSHERS] [--state FOLDER]
//!     [--windows N] [--wide 1] [--only ingest] [--pause MICROSECONDS] [--checkpoint-bytes N]`
//!
//! Payments of users by a Zipf law, over thirty days of event time, in order but for a tenth of them; count, sum, mean, maximum and
//! last over seven exact windows, or so many; `--wide`: thirty features, the number of different shops among them. The log and the checkpoints are in the folder, every group of pushes is synced. The clock is
//! set to where events are, so that windows move and nothing is late.

mod measure;
mod workload;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use featr::{Incoming, Random};
use featr_online::{Folder, Options, Question, Runtime, SetClock};
use measure::{Latencies, own, processor, resident, used_since};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use workload::{BEGIN_US, Users, program, pushes};

struct Arguments {
    events: usize,
    batch: usize,
    pushers: usize,
    state: PathBuf,
    checkpoint_bytes: u64,
    /// Microseconds between two questions.
    pause: u64,
    windows: usize,
    wide: bool,
    /// Nothing is asked, and no checkpoint made.
    only_ingest: bool,
}

fn arguments() -> Arguments {
    let mut found = Arguments {
        events: 2_000_000,
        batch: 1_000,
        pushers: 4,
        state: std::env::temp_dir().join(format!("featr-online-{}", std::process::id())),
        checkpoint_bytes: 1 << 40,
        pause: 1_000,
        windows: 7,
        wide: false,
        only_ingest: false,
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
            "--windows" => found.windows = number() as usize,
            "--wide" => found.wide = number() != 0,
            "--only" => found.only_ingest = value == "ingest",
            _ => panic!("no option {option}"),
        }
    }
    found
}

/// Asks about so many users at a time, as they come, until it is told to end.
fn ask(runtime: &Runtime, users: &Users, end: &AtomicBool, pause: Duration, at_once: usize) -> Latencies {
    let mut random = Random::new(11);
    let mut latencies = Latencies::default();
    while !end.load(Ordering::Relaxed) {
        let of = (0..at_once).map(|_| users.draw(&mut random));
        let of: ArrayRef = Arc::new(Int64Array::from_iter_values(of));
        let question = Question {
            service: "risk".to_owned(),
            rows: RecordBatch::try_from_iter([("user", of)]).expect("a question"),
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

/// What ingest came to.
struct Ingested {
    took: Duration,
    /// How long each push took.
    latencies: Latencies,
    /// Seconds of a processor, by thread.
    used: String,
}

/// Pushes from some threads, each waiting for its last push before the next.
fn ingest(runtime: &Runtime, clock: &SetClock, pushes: &[(i64, Incoming)], threads: usize) -> Ingested {
    let (next, pushing) = (AtomicU64::new(0), AtomicU64::new(0));
    let all = Mutex::new(Latencies::default());
    let before = processor();
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
                pushing.fetch_add(own(), Ordering::Relaxed);
                all.lock().expect("no thread panics").0.extend(latencies.0);
            });
        }
    });
    let took = begun.elapsed();
    let rows: usize = pushes.iter().map(|(_, push)| push.rows.num_rows()).sum();
    let of_event = |seconds: f64| seconds * 1e9 / rows as f64;
    let pushing = of_event(pushing.into_inner() as f64 / 1e9);
    let used = used_since(&before)
        .into_iter()
        .map(|(name, used)| (name, of_event(used)));
    let used: Vec<(String, f64)> = used.filter(|(_, used)| *used > 0.5).collect();
    let all_used = pushing + used.iter().map(|(_, used)| used).sum::<f64>();
    let mut told = format!("{all_used:.0} ns of a processor an event: pushing {pushing:.0}");
    for (name, used) in used {
        told += &format!(", {name} {used:.0}");
    }
    Ingested {
        took,
        latencies: all.into_inner().expect("no thread panics"),
        used: told,
    }
}

fn open(arguments: &Arguments, clock: &Arc<SetClock>) -> Runtime {
    let state: &Path = &arguments.state;
    let disk = Folder::take(state).expect("a folder").expect("nobody has it");
    let options = Options {
        checkpoint_bytes: arguments.checkpoint_bytes,
        served_log: false,
        ..Options::default()
    };
    let opened = Runtime::open(
        program(arguments.windows, arguments.wide),
        Arc::new(disk),
        clock.clone(),
        options,
    );
    opened.expect("a state").0
}

/// Bytes of files in the folder of checkpoints.
fn snapshot_bytes(state: &Path) -> u64 {
    let files = std::fs::read_dir(state.join("checkpoint"))
        .into_iter()
        .flatten()
        .flatten();
    files.map(|file| file.metadata().map_or(0, |about| about.len())).sum()
}

/// Asks for some seconds while nothing else happens.
fn ask_alone(runtime: &Runtime, users: &Users, pause: Duration, at_once: usize) -> Latencies {
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(runtime, users, &end, pause, at_once));
        std::thread::sleep(Duration::from_secs(2));
        end.store(true, Ordering::Relaxed);
        reader.join().expect("no thread panics")
    })
}

/// Pushes while somebody asks.
fn with_reads(
    runtime: &Runtime,
    (clock, users): (&SetClock, &Users),
    pushes: &[(i64, Incoming)],
    arguments: &Arguments,
    at_once: usize,
) {
    let end = AtomicBool::new(false);
    let pause = Duration::from_micros(arguments.pause);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(runtime, users, &end, pause, at_once));
        let mut ingested = ingest(runtime, clock, pushes, arguments.pushers);
        end.store(true, Ordering::Relaxed);
        let mut reads = reader.join().expect("no thread panics");
        println!(
            "ingest with reads of {at_once}: {}; a push: {}",
            rate(pushes, &ingested),
            ingested.latencies.told()
        );
        println!("reads of {at_once} while it runs: {}", reads.told());
    });
}

fn rate(pushes: &[(i64, Incoming)], ingested: &Ingested) -> String {
    let rows: usize = pushes.iter().map(|(_, push)| push.rows.num_rows()).sum();
    format!(
        "{:.0} events/s, {}",
        rows as f64 / ingested.took.as_secs_f64(),
        ingested.used
    )
}

/// A checkpoint while rows come in again, which changes nothing, and questions are asked.
fn checkpoint(runtime: &Runtime, (clock, users): (&SetClock, &Users), some: &[(i64, Incoming)], pause: Duration) {
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| ask(runtime, users, &end, pause, 1));
        let pusher = scope.spawn(|| {
            let mut latencies = Latencies::default();
            while !end.load(Ordering::Relaxed) {
                latencies.0.extend(ingest(runtime, clock, some, 1).latencies.0);
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
}

fn main() {
    let arguments = arguments();
    let users = Users::new();
    let pushes = pushes(arguments.events, arguments.batch, &users);
    let made = resident();
    let clock = Arc::new(SetClock::at(BEGIN_US));
    let runtime = open(&arguments, &clock);
    let pause = Duration::from_micros(arguments.pause);
    let (first, rest) = pushes.split_at(pushes.len() / 2);
    let (second, third) = rest.split_at(rest.len() / 2);
    println!(
        "{} events in pushes of {}, {} pushers",
        arguments.events, arguments.batch, arguments.pushers,
    );
    let mut alone = ingest(&runtime, &clock, first, arguments.pushers);
    println!(
        "ingest alone: {}; a push: {}",
        rate(first, &alone),
        alone.latencies.told()
    );
    if arguments.only_ingest {
        let mut more = ingest(&runtime, &clock, rest, arguments.pushers);
        println!(
            "ingest, second half: {}; a push: {}",
            rate(rest, &more),
            more.latencies.told()
        );
    } else {
        with_reads(&runtime, (&clock, &users), second, &arguments, 1);
        with_reads(&runtime, (&clock, &users), third, &arguments, 500);
    }
    runtime.stats();
    std::thread::sleep(Duration::from_millis(1_500));
    let (mut events, mut bytes) = (0, 0);
    for log in runtime.stats() {
        events += log.events + log.waiting;
        bytes += log.bytes;
    }
    let of_event = |bytes: u64| bytes as f64 / events.max(1) as f64;
    println!(
        "state: {events} events of {:.0} bytes each by its own count, {:.0} resident",
        of_event(bytes),
        of_event(resident().saturating_sub(made))
    );
    if !arguments.only_ingest {
        println!("reads alone: {}", ask_alone(&runtime, &users, pause, 1).told());
        println!("reads of 500 alone: {}", ask_alone(&runtime, &users, pause, 500).told());
        let some = &third[third.len() - (third.len() / 4).min(200)..];
        checkpoint(&runtime, (&clock, &users), some, pause);
    }
    let begun = Instant::now();
    runtime.stop().expect("it ends");
    drop(runtime);
    println!("a stop with its checkpoint: {:.3} s", begun.elapsed().as_secs_f64());
    println!("a checkpoint has {} bytes", snapshot_bytes(&arguments.state));
    let begun = Instant::now();
    drop(open(&arguments, &clock));
    println!("a start from the checkpoint: {:.3} s", begun.elapsed().as_secs_f64());
    std::fs::remove_dir_all(&arguments.state).expect("it was ours");
}
