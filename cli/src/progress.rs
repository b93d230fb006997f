//! Progress bars on standard error: only for people at a terminal, only after a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who is told of progress in place of a terminal: a phase, steps done, steps in all. Calls may come from several threads.
#[derive(Clone)]
pub struct Listener(pub Arc<dyn Fn(&'static str, u64, u64) + Send + Sync>);

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

/// A bar that shows itself once the work has taken a second.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    quiet: bool,
    began: Instant,
    told: Instant,
    phase: &'static str,
    listener: Option<Listener>,
}

impl Bar {
    /// `quiet` shows nothing whatever happens.
    pub fn new(quiet: bool, listener: Option<Listener>) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg:10} {bar:30} {human_pos}/{human_len} {per_sec} eta {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let now = Instant::now();

        Bar {
            bar,
            quiet,
            began: now,
            told: now,
            phase: "",
            listener,
        }
    }

    /// Tells how far a phase is.
    pub fn tell(&mut self, phase: &'static str, done: u64, of: u64) {
        if let Some(listener) = &self.listener {
            (listener.0)(phase, done, of);
        }
        let now = Instant::now();
        if now < self.told + Duration::from_millis(100) && phase == self.phase {
            return;
        }
        self.told = now;
        if !self.quiet && now > self.began + Duration::from_secs(1) {
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            if phase != self.phase {
                self.bar.reset();
            }
            self.bar.set_message(phase);
            self.bar.set_length(of);
            self.bar.set_position(done);
        }
        self.phase = phase;
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// How far a run of many parts is: a bar for people at a terminal, else a line now and then.
#[derive(Debug)]
pub struct Pace {
    /// `None`: lines.
    bar: Option<ProgressBar>,
    quiet: bool,
    began: Instant,
    told: Instant,
    /// Parts and rows: of this run, of earlier ones, of all.
    parts: (u64, u64, u64),
    rows: (u64, u64, u64),
    listener: Option<Listener>,
}

impl Pace {
    /// Time between two lines.
    const PAUSE: Duration = Duration::from_secs(2);

    /// `quiet` shows nothing whatever happens.
    pub fn new(quiet: bool, parts: u64, rows: u64, listener: Option<Listener>) -> Pace {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(rows);
            let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} rows {per_sec} eta {eta}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Pace {
            bar,
            quiet,
            began: now,
            told: now,
            parts: (0, 0, parts),
            rows: (0, 0, rows),
            listener,
        }
    }

    /// A part was done by an earlier run.
    pub fn skip(&mut self, rows: u64) {
        self.parts.1 += 1;
        self.rows.1 += rows;
        if let Some(bar) = &self.bar {
            bar.inc(rows);
            bar.reset_eta();
        }
    }

    /// A part is done.
    pub fn tell(&mut self, rows: u64) {
        self.parts.0 += 1;
        self.rows.0 += rows;
        if let Some(listener) = &self.listener {
            (listener.0)("rows", self.rows.0 + self.rows.1, self.rows.2);
        }
        if let Some(bar) = &self.bar {
            bar.inc(rows);
        } else if !self.quiet && self.told.elapsed() > Pace::PAUSE {
            self.told = Instant::now();
            // A closed standard error leaves nothing to be said.
            let _ = writeln!(std::io::stderr(), "{}", self.line(self.began.elapsed()));
        }
    }

    /// Where things are after so much time.
    fn line(&self, elapsed: Duration) -> String {
        let rate = self.rows.0 as f64 / elapsed.as_secs_f64().max(0.001);
        let left = self.rows.2.saturating_sub(self.rows.0 + self.rows.1);
        format!(
            "{} of {} parts, {} of {} rows, {rate:.0} rows/s, {:.0}s left",
            self.parts.0 + self.parts.1,
            self.parts.2,
            self.rows.0 + self.rows.1,
            self.rows.2,
            left as f64 / rate.max(1.0)
        )
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_earlier_runs_as_done_but_not_as_fast() {
        let mut pace = Pace::new(true, 4, 400, None);
        pace.skip(100);
        pace.tell(100);
        assert_eq!(
            pace.line(Duration::from_secs(10)),
            "2 of 4 parts, 200 of 400 rows, 10 rows/s, 20s left"
        );
    }
}
