//! Who reads the messages. They name options as one types them, `--zone UTC` and `featc train --out FILE`; a caller from
//! Python has arguments in their place, `zone="UTC"`. What is an option, and what its value is called, is asked of the
//! definition of the command line, so that there is no second list.

use crate::args::Cli;
use clap::{Arg, CommandFactory as _};
use featc_driver::diag::Diagnostic;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    CommandLine,
    Python,
}

impl Caller {
    /// A message in the words of the caller.
    pub fn diagnostic(self, diagnostic: &Diagnostic) -> Diagnostic {
        let mut told = diagnostic.clone();
        let help = told.help.iter_mut().map(|help| &mut help.text);
        for text in help.chain(&mut told.notes).chain([&mut told.message]) {
            *text = self.words(text);
        }
        told
    }

    /// A text in the words of the caller. In it options stand in backquotes with their value, or bare without one; commands
    /// stand in backquotes.
    pub fn words(self, text: &str) -> String {
        match self {
            Caller::Python if text.contains("--") || text.contains("`featc ") => Python::new().words(text),
            Caller::Python | Caller::CommandLine => text.to_owned(),
        }
    }
}

/// Options whose argument in Python has another name.
const RENAMED: &[(&str, &str)] = &[
    ("from", "start"),
    ("to", "end"),
    ("source", "sources"),
    ("key", "keys"),
    ("from-provenance", "record"),
];

/// What messages call a value that is to be written, and an example of one.
const EXAMPLES: &[(&str, &str)] = &[("DURATION", "1h"), ("INSTANT", "2024-05-01T00:00:00Z")];

/// The options of all commands.
struct Python {
    options: Vec<Arg>,
}

impl Python {
    fn new() -> Python {
        let command = Cli::command();
        let options = command.get_subcommands().flat_map(clap::Command::get_arguments);
        Python {
            options: options.cloned().collect(),
        }
    }

    fn words(&self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let quoted = rest.strip_prefix('`').and_then(|inside| inside.split_once('`'));
            if let Some((said, (_, after))) = quoted.and_then(|quoted| Some((self.quoted(quoted.0)?, quoted))) {
                told += &format!("`{said}`");
                rest = after;
                continue;
            }
            let begins = told.is_empty() || told.ends_with([' ', '(']);
            if let Some((name, after)) = name(rest).filter(|_| begins)
                && let Some(option) = self.option(name)
            {
                told += &self.alone(option, name);
                rest = after;
                continue;
            }
            told.push(next);
            rest = &rest[next.len_utf8()..];
        }
        told
    }

    fn option(&self, name: &str) -> Option<&Arg> {
        self.options.iter().find(|option| option.get_long() == Some(name))
    }

    /// What stands between two backquotes, if it is an option or a command.
    fn quoted(&self, inside: &str) -> Option<String> {
        if let Some(command) = inside.strip_prefix("featc ") {
            return self.command(command);
        }
        let (name, value) = name(inside)?;
        let known = self.option(name);
        // Several in one pair of quotes: `--truth as-of-arrival --delay 90s`.
        if let Some((value, _)) = value.split_once(" --").filter(|_| known.is_some()) {
            let first = self.assigned(name, value.get(1..)?);
            let others = inside.split_once(" --")?.1;
            return Some(format!("{first}, {}", self.quoted(&format!("--{others}"))?));
        }
        Some(match (value.strip_prefix([' ', '=']), known) {
            (Some(value), _) => self.assigned(name, value),
            (None, Some(option)) => self.alone(option, name),
            (None, None) => argument(name),
        })
    }

    /// An option without its value: the name of the argument, of a switch with what switches it on.
    fn alone(&self, option: &Arg, name: &str) -> String {
        match option.get_action().takes_values() {
            true => argument(name),
            false => format!("{}=True", argument(name)),
        }
    }

    fn assigned(&self, name: &str, value: &str) -> String {
        let name = argument(name);
        // `payments=PATH`
        match value
            .split_once('=')
            .filter(|_| ["sources", "keys"].contains(&name.as_str()))
        {
            Some((key, value)) => format!("{name}={{{}: {}}}", self.literal(key), self.literal(value)),
            None => format!("{name}={}", self.literal(value)),
        }
    }

    /// A value as one writes it in Python.
    fn literal(&self, value: &str) -> String {
        let value = value
            .strip_prefix('<')
            .and_then(|value| value.strip_suffix('>'))
            .unwrap_or(value);
        if let Some((_, example)) = EXAMPLES.iter().find(|(name, _)| *name == value) {
            return format!("{example:?}");
        }
        let names = self.options.iter().filter_map(Arg::get_value_names).flatten();
        let mut names = names.flat_map(|name| name.split('='));
        match value == "…" || value.parse::<i64>().is_ok() || names.any(|name| name == value) {
            true => value.to_owned(),
            false => format!("{value:?}"),
        }
    }

    /// A command as a call; `None` of those that Python has not.
    fn command(&self, words: &str) -> Option<String> {
        let mut words = words.split(' ');
        let command = words.next()?;
        let mut arguments = Vec::new();
        while let Some(word) = words.next() {
            if word == "--help" {
                return Some(format!("help(featc.Program.{command})"));
            }
            arguments.push(match name(word) {
                None => self.literal(word),
                Some((name, ""))
                    if self
                        .option(name)
                        .is_some_and(|option| option.get_action().takes_values()) =>
                {
                    self.assigned(name, words.next()?)
                }
                Some(_) => self.quoted(word)?,
            });
        }
        let call = match command {
            "train" if arguments.iter().any(|argument| argument.starts_with("out=")) => "program.train_to".to_owned(),
            "train" | "verify" | "backfill" | "replay" | "get" | "build" | "serve" => format!("program.{command}"),
            "explain" | "fmt" | "demo" | "state" => format!("featc.{command}"),
            "check" => "featc.Program".to_owned(),
            _ => return None,
        };
        Some(match (arguments.is_empty(), call.starts_with("program.")) {
            (true, _) => call,
            // A program is asked with more than a message has to say.
            (false, true) => format!("{call}({}, …)", arguments.join(", ")),
            (false, false) => format!("{call}({})", arguments.join(", ")),
        })
    }
}

/// The name of an option that a text begins with, and what follows.
fn name(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("--")?;
    let end = text
        .find(|c: char| !c.is_ascii_lowercase() && c != '-')
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches('-');
    (!name.is_empty() && !name.starts_with('-')).then(|| text.split_at(name.len()))
}

/// The argument in Python that an option is.
fn argument(name: &str) -> String {
    match RENAMED.iter().find(|(option, _)| *option == name) {
        Some((_, argument)) => (*argument).to_owned(),
        None => name.replace('-', "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_arguments_in_python() {
        for (written, told) in [
            ("pass `--zone UTC`", "pass `zone=\"UTC\"`"),
            (
                "for example `--at-column decided_at`",
                "for example `at_column=\"decided_at\"`",
            ),
            ("`--source payments=PATH`", "`sources={\"payments\": PATH}`"),
            ("that of `--source NAME=PATH` to", "that of `sources={NAME: PATH}` to"),
            ("like `--key origin=JFK`", "like `keys={\"origin\": \"JFK\"}`"),
            ("and --strict is set", "and strict=True is set"),
            ("`--max-rejected 1301` allows", "`max_rejected=1301` allows"),
            ("pass `--max-missing 100%`", "pass `max_missing=\"100%\"`"),
            ("a longer `--every` or `--chunk`", "a longer `every` or `chunk`"),
            (
                "missing: `--every <DURATION>` or `--at-events`",
                "missing: `every=\"1h\"` or `at_events=True`",
            ),
            ("`--to x`: before `--from`", "`end=\"x\"`: before `start`"),
            ("`--delay -5`: not", "`delay=-5`: not"),
            (
                "with `--truth as-of-arrival --delay 90s`",
                "with `truth=\"as-of-arrival\", delay=\"90s\"`",
            ),
            ("`--rejected FILE` writes", "`rejected=FILE` writes"),
            ("unknown option `--smaple`", "unknown option `smaple`"),
            ("`featc train --help` lists", "`help(featc.Program.train)` lists"),
            ("`featc explain E0111` lists", "`featc.explain(\"E0111\")` lists"),
            ("see `featc explain` and", "see `featc.explain` and"),
            (
                "`featc train --out a.parquet`",
                "`program.train_to(out=\"a.parquet\", …)`",
            ),
            (
                "to `featc train` or `featc verify`",
                "to `program.train` or `program.verify`",
            ),
        ] {
            assert_eq!(Caller::Python.words(written), told);
            assert_eq!(Caller::CommandLine.words(written), written);
        }
    }

    #[test]
    fn what_is_no_option_stays() {
        for text in [
            "a -- b, --, `--`, `-- x` and --x-y",
            "a file called x--zone",
            "`featc certify` and `featc`",
            "an open ` and `--",
            "ü`--ü`",
            "",
        ] {
            assert_eq!(Caller::Python.words(text), text);
        }
    }
}
