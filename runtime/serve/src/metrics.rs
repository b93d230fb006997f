//! Numbers in the text form that Prometheus reads.

use crate::shared::{MEMORY_UNIT, Server};
use featr_online::{BUCKETS_US, Counts, Histogram, LATENESS_S, LatenessOf, Progress, Unread};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;

/// A label's value as the format has it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn counts(out: &mut String, (name, help): (&str, &str), labels: &[&str], counts: &Counts) {
    head(out, name, "counter", help);
    for ((first, second), count) in counts.list() {
        let values = [first, second];
        let pairs = labels.iter().zip(&values);
        let pairs: Vec<String> = pairs
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(out, "{name}{{{}}} {count}", pairs.join(","));
    }
}

fn histogram(out: &mut String, name: &str, help: &str, times: &Histogram) {
    head(out, name, "histogram", help);
    for (bucket, bound) in times.buckets.iter().zip(BUCKETS_US) {
        let (bound, count) = (bound as f64 / 1e6, bucket.load(Ordering::Relaxed));
        let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let (count, sum_us) = (
        times.count.load(Ordering::Relaxed),
        times.sum_us.load(Ordering::Relaxed),
    );
    let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{name}_sum {}\n{name}_count {count}", sum_us as f64 / 1e6);
}

/// How long after their event times rows arrived, by source.
fn lateness(out: &mut String, all: &[(String, LatenessOf)]) {
    let name = "featc_row_lateness_seconds";
    let help = "From the event time of a row to its arrival, of sources with a column that says when rows arrive";
    head(out, name, "histogram", help);
    for (source, of) in all {
        let source = escaped(source);
        for (bound, count) in LATENESS_S.iter().zip(of.buckets) {
            let _ = writeln!(out, "{name}_bucket{{source=\"{source}\",le=\"{bound}\"}} {count}");
        }
        let (sum, count) = (of.sum_us as f64 / 1e6, of.count);
        let _ = writeln!(out, "{name}_bucket{{source=\"{source}\",le=\"+Inf\"}} {count}");
        let _ = writeln!(
            out,
            "{name}_sum{{source=\"{source}\"}} {sum}\n{name}_count{{source=\"{source}\"}} {count}"
        );
    }
}

/// A number without labels.
fn number(out: &mut String, (name, kind, help): (&str, &str, &str), value: impl std::fmt::Display) {
    head(out, name, kind, help);
    let _ = writeln!(out, "{name} {value}");
}

/// All numbers of a server. None of them waits for the engine.
pub fn text(server: &Server) -> String {
    let mut out = String::new();
    let counters = server.runtime.counters();
    let of_source = &["source"][..];
    counts(
        &mut out,
        (
            "featc_rows_accepted_total",
            "Rows that count as events of their source, copies among them",
        ),
        of_source,
        &counters.accepted,
    );
    counts(
        &mut out,
        ("featc_rows_rejected_total", "Rows that cannot be used, by reason"),
        &["source", "reason"],
        &counters.rejected,
    );
    counts(
        &mut out,
        (
            "featc_rows_late_for_cut_total",
            "Accepted rows whose arrival is not after a cut that answers were given with",
        ),
        of_source,
        &counters.late,
    );
    counts(
        &mut out,
        ("featc_questions_total", "Questions answered"),
        &["service"],
        &counters.questions,
    );
    counts(
        &mut out,
        (
            "featc_questions_gated_total",
            "Questions not answered because a gated feature had no answer of its own",
        ),
        &["service"],
        &counters.gated,
    );
    counts(
        &mut out,
        (
            "featc_values_not_ok_total",
            "Values in answers whose status is not ok, defaults among them",
        ),
        &["service", "feature"],
        &counters.stand_ins,
    );
    counts(
        &mut out,
        ("featc_requests_refused_total", "Requests that were refused, by code"),
        &["code"],
        &server.refused,
    );
    if server.tls.is_some() {
        counts(
            &mut out,
            (
                "featc_tls_refused_total",
                "Connections that came to no request because their handshake failed, by reason",
            ),
            &["reason"],
            &server.handshakes,
        );
    }
    for (name, help, value) in [
        ("featc_commits_total", "Commits of the log", &counters.commits),
        ("featc_checkpoints_total", "Checkpoints", &counters.checkpoints),
        (
            "featc_checkpoints_failed_total",
            "Checkpoints that could not be written",
            &counters.checkpoints_failed,
        ),
        (
            "featc_answers_lost_total",
            "Answers that were given and could not be logged",
            &counters.answers_lost,
        ),
    ] {
        number(&mut out, (name, "counter", help), value.load(Ordering::Relaxed));
    }
    lateness(&mut out, &counters.lateness.list());
    histogram(
        &mut out,
        "featc_answer_seconds",
        "Time to answer a request, its waits for the disk among it, without the network",
        &counters.answers,
    );
    histogram(
        &mut out,
        "featc_push_seconds",
        "Time until pushed rows are durable and can be asked for",
        &counters.pushes,
    );
    let free = server.memory.available_permits() * MEMORY_UNIT;
    let help = "Bytes of the bodies of requests that are worked on";
    number(
        &mut out,
        ("featc_body_bytes", "gauge", help),
        server.limits.memory_bytes.saturating_sub(free),
    );
    followed(&mut out, server);
    state(&mut out, server);
    out
}

/// How far the readers of sources are.
fn followed(out: &mut String, server: &Server) {
    counts(
        out,
        (
            "featc_source_problems_total",
            "What readers of sources met, by code: what was cut, replaced, deleted, or cannot be read",
        ),
        &["source", "code"],
        &server.runtime.counters().problems,
    );
    let progress = server.runtime.progress();
    for (name, help, value) in [
        (
            "featc_followed_splits",
            "Files and partitions that are followed",
            (|progress| Some(progress.splits)) as fn(&Progress) -> Option<u64>,
        ),
        (
            "featc_followed_refused",
            "Files and partitions among them that cannot be read",
            |progress| Some(progress.refused),
        ),
        (
            "featc_followed_unread_bytes",
            "Bytes of these files whose rows are not durable",
            |progress| match progress.unread {
                Unread::Bytes(bytes) => Some(bytes),
                Unread::Records(_) => None,
            },
        ),
        (
            "featc_followed_unread_records",
            "Offsets of these partitions whose rows are not durable: the lag",
            |progress| match progress.unread {
                Unread::Records(records) => Some(records),
                Unread::Bytes(_) => None,
            },
        ),
    ] {
        head(out, name, "gauge", help);
        let values = progress
            .iter()
            .filter_map(|(source, progress)| Some((source, value(progress)?)));
        for (source, value) in values {
            let _ = writeln!(out, "{name}{{source=\"{}\"}} {value}", escaped(source));
        }
    }
}

/// What is known of the state.
fn state(out: &mut String, server: &Server) {
    let (cuts, behind_us) = server.runtime.cuts();
    let stats = server.runtime.stats();
    for (name, help, value) in [
        (
            "featc_state_events",
            "Events in the state",
            (|log| log.events) as fn(&featr::LogStats) -> u64,
        ),
        ("featc_state_waiting", "Events that wait for their cut", |log| {
            log.waiting
        }),
        ("featc_state_entities", "Entities with events", |log| log.entities),
        (
            "featc_state_entities_in_files",
            "Entities whose events are not in memory",
            |log| log.away,
        ),
        (
            "featc_state_bytes",
            "Bytes of events, their summaries, keys and indexes in memory, about",
            |log| log.bytes,
        ),
    ] {
        head(out, name, "gauge", help);
        for (place, log) in stats.iter().enumerate() {
            let transform = escaped(&log.transform);
            let _ = writeln!(
                out,
                "{name}{{log=\"{place}\",transform=\"{transform}\"}} {}",
                value(log)
            );
        }
    }
    let help = "The cut of a source, since the epoch";
    head(out, "featc_cut_seconds", "gauge", help);
    for (source, cut_us) in &cuts {
        let (source, cut) = (escaped(source), *cut_us as f64 / 1e6);
        let _ = writeln!(out, "featc_cut_seconds{{source=\"{source}\"}} {cut}");
    }
    let help = "How far the clock is behind the answers that were given";
    let behind = behind_us as f64 / 1e6;
    number(out, ("featc_clock_behind_seconds", "gauge", help), behind);
}
