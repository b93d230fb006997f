//! Progress bars on standard error: only for people at a terminal, only after a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// A bar that shows itself once the work has taken a second.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    quiet: bool,
    began: Instant,
    told: Instant,
    phase: &'static str,
}

impl Bar {
    /// `quiet` shows nothing whatever happens.
    pub fn new(quiet: bool) -> Bar {
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
        }
    }

    /// Tells how far a phase is.
    pub fn tell(&mut self, phase: &'static str, done: u64, of: u64) {
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
