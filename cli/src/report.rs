//! Where messages and results go: people or machines.

use crate::args::{Cli, Colour, MessageFormat};
use crate::caller::Caller;
use crate::progress::{Bar, Listener};
use clap::ValueEnum as _;
use featc_driver::diag::{Diagnostic, SourceMap, json, printable, printable_json, printable_messages, shown, terminal};
use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};

/// The command ended without its result; every cause has been told.
#[derive(Debug)]
pub struct Refused;

/// Prints messages to standard error and results to standard output, or keeps both.
#[derive(Debug)]
pub struct Reporter {
    format: MessageFormat,
    colour: bool,
    /// Results as JSON.
    pub json: bool,
    /// Whether the command fails though it came to its end: a result that could not be printed, a test that failed.
    pub failed: std::cell::Cell<bool>,
    /// In whose words.
    pub caller: Caller,
    /// `None`: everything is printed.
    kept: Option<RefCell<Kept>>,
    listener: Option<Listener>,
}

/// What would have been printed.
#[derive(Debug, Default)]
pub struct Kept {
    pub messages: Vec<Message>,
    /// Lines for people.
    pub notes: Vec<String>,
    /// Results for people, and for machines.
    pub results: Vec<(String, serde_json::Value)>,
}

impl Kept {
    fn keep(&mut self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        let chosen = shown(diagnostics);
        let (printed, programs) = printable_messages(&chosen, sources);
        let one = std::slice::from_ref::<Diagnostic>;
        let messages = printed.iter().zip(&chosen).map(|(printed, diagnostic)| Message {
            code: diagnostic.code.code(),
            is_error: diagnostic.is_error(),
            text: terminal::render(one(printed), &programs, false),
            json: json::render(one(diagnostic), sources),
        });
        self.messages.extend(messages);
    }
}

/// A message that is kept.
#[derive(Debug, Clone)]
pub struct Message {
    pub code: &'static str,
    pub is_error: bool,
    /// As a terminal shows it, without colours.
    pub text: String,
    /// As `--message-format json` prints it.
    pub json: String,
}

/// `1 row`, `2 rows`.
pub fn counted(count: impl std::fmt::Display, what: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {what}{ending}")
}

impl Reporter {
    pub fn new(cli: &Cli) -> Reporter {
        Reporter::with(cli.json, cli.message_format, cli.color)
    }

    /// Of a command line that cannot be understood as a whole.
    pub fn of_words(words: &[String]) -> Reporter {
        let words = || words.iter().map(String::as_str).take_while(|word| *word != "--");
        let value = |option: &str| {
            let after = words().skip_while(|word| *word != option).nth(1);
            let joined = words().find_map(|word| word.strip_prefix(option)?.strip_prefix('='));
            after.or(joined).map(str::to_owned)
        };
        let format = value("--message-format").and_then(|text| MessageFormat::from_str(&text, false).ok());
        let colour = value("--color").and_then(|text| Colour::from_str(&text, false).ok());
        Reporter::with(
            words().any(|word| word == "--json"),
            format.unwrap_or(MessageFormat::Full),
            colour.unwrap_or(Colour::Auto),
        )
    }

    fn with(json: bool, format: MessageFormat, colour: Colour) -> Reporter {
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Reporter {
            format: if json { MessageFormat::Json } else { format },
            colour,
            json,
            failed: std::cell::Cell::new(false),
            caller: Caller::CommandLine,
            kept: None,
            listener: None,
        }
    }

    /// One that prints nothing, keeps all in the words of the caller, and tells of progress.
    pub fn keeping(caller: Caller, listener: Option<Listener>) -> Reporter {
        Reporter {
            caller,
            kept: Some(RefCell::default()),
            listener,
            ..Reporter::with(false, MessageFormat::Full, Colour::Never)
        }
    }

    /// What was kept.
    pub fn into_kept(self) -> Kept {
        self.kept.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Who is told of progress.
    pub fn listener(&self) -> Option<Listener> {
        self.listener.clone()
    }

    /// A bar for work that may take long.
    pub fn bar(&self) -> Bar {
        Bar::new(self.json || self.kept.is_some(), self.listener())
    }

    /// Prints or keeps messages; says whether none of them is an error.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &SourceMap) -> Result<(), Refused> {
        match &self.kept {
            Some(kept) => {
                let told: Vec<Diagnostic> = diagnostics.iter().map(|told| self.caller.diagnostic(told)).collect();
                kept.borrow_mut().keep(&told, sources);
            }
            None => self.print(diagnostics, sources),
        }
        if diagnostics.iter().any(Diagnostic::is_error) {
            Err(Refused)
        } else {
            Ok(())
        }
    }

    fn print(&self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        let (shown, programs) = printable_messages(diagnostics, sources);
        let text = match self.format {
            MessageFormat::Full => terminal::render(&shown, &programs, self.colour),
            MessageFormat::Short => terminal::short(&shown, &programs),
            MessageFormat::Json => json::render(diagnostics, sources),
        };
        // A closed standard error leaves nothing to be said.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Prints one error without a place in a program.
    pub fn refuse<T>(&self, diagnostic: Diagnostic) -> Result<T, Refused> {
        let _ = self.diagnostics(&[diagnostic], &SourceMap::new());
        Err(Refused)
    }

    /// A line for people, on standard error; nothing under `--json`.
    pub fn note(&self, text: &str) {
        if let Some(kept) = &self.kept {
            kept.borrow_mut().notes.push(printable(&self.caller.words(text)).into());
            return;
        }
        if !self.json {
            let _ = writeln!(std::io::stderr(), "{}", printable(text));
        }
    }

    /// A result that is a text, to the byte; `value` for machines.
    pub fn text(&self, text: &str, value: &serde_json::Value) {
        if self.json || self.kept.is_some() {
            return self.result(text, value);
        }
        self.written(std::io::stdout().write_all(text.as_bytes()));
    }

    /// A result: `text` for people, `value` for machines.
    pub fn result(&self, text: &str, value: &serde_json::Value) {
        if let Some(kept) = &self.kept {
            kept.borrow_mut().results.push((printable(text).into(), value.clone()));
            return;
        }
        let mut out = std::io::stdout();
        let written = if self.json {
            writeln!(out, "{}", printable_json(&value.to_string()))
        } else {
            writeln!(out, "{}", printable(text))
        };
        self.written(written);
    }

    fn written(&self, written: std::io::Result<()>) {
        // A reader that went away (`| head`) is no failure of ours; anything else is.
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.failed.set(true);
            let _ = self.refuse::<()>(crate::errors::unwritable("standard output", &error.to_string()));
        }
    }
}
