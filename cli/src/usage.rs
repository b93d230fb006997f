//! Wrong usage of the command line, as a diagnostic whose place is the argument.

mod elsewhere;
mod surplus;
#[cfg(test)]
mod tests;

use crate::args::{Cli, NOT_LOCAL};
use crate::caller::Caller;
use crate::report::Reporter;
use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use elsewhere::{ELSEWHERE, OPTIONS, OtherOption};
use featc_driver::diag::{Code, Diagnostic, SourceMap, Span, suggest};
use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::ops::Range;

/// Ends the command as its words were understood: help and versions are printed, anything else is refused.
pub fn end(error: &clap::Error, words: &[OsString]) -> u8 {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        return match error.print().and_then(|()| std::io::stdout().flush()) {
            // Who went away (`| head`) needs no more.
            Err(failed) if failed.kind() != std::io::ErrorKind::BrokenPipe => {
                let reporter = Reporter::of_words(&[]);
                let _ = reporter.refuse::<()>(crate::errors::unwritable("standard output", &failed.to_string()));
                1
            }
            Ok(()) | Err(_) => u8::try_from(error.exit_code()).unwrap_or(2),
        };
    }
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    refuse(error, &words, &Reporter::of_words(&words));
    2
}

/// Tells what is wrong with words that are no command line.
pub fn refuse(error: &clap::Error, words: &[String], reporter: &Reporter) {
    let (diagnostic, sources) = match reporter.caller {
        Caller::CommandLine => refusal(error, words),
        // Nobody typed the words.
        Caller::Python => {
            let (message, label) = told(error);
            let diagnostic = Diagnostic::new(Code::WrongUsage, message).with_help(next_step(error, words));
            let diagnostic = match error.kind() {
                ErrorKind::InvalidValue => diagnostic.with_note(label),
                _ => diagnostic,
            };
            (diagnostic, SourceMap::new())
        }
    };
    let _ = reporter.diagnostics(&[diagnostic], &sources);
}

/// A word as one types it: in quotes where it has blanks.
fn as_typed(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("{word:?}"),
    }
}

/// The command line as a text of one line, and where each word stands in it.
fn line(words: &[String]) -> (String, Vec<Range<usize>>) {
    let (mut text, mut places) = (String::new(), Vec::new());
    // However the command was called, its name is `featc`.
    for word in std::iter::once("featc").chain(words.iter().skip(1).map(String::as_str)) {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&as_typed(word));
        places.push(start..text.len());
    }
    (text, places)
}

/// What clap has to say about one side of an error.
fn context(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => vec![],
    }
}

/// `--threads` of `--threads <N>`.
fn name(argument: &str) -> &str {
    argument.split([' ', '=']).next().unwrap_or(argument)
}

fn refusal(error: &clap::Error, words: &[String]) -> (Diagnostic, SourceMap) {
    let about = |kind| context(error, kind).into_iter().next();
    let argument = about(ContextKind::InvalidArg);
    let value = about(ContextKind::InvalidValue);
    let place = match error.kind() {
        ErrorKind::InvalidSubcommand => find(words, None, about(ContextKind::InvalidSubcommand).as_deref()),
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => None,
        _ => find(words, argument.as_deref(), value.as_deref()),
    };
    let (message, label) = told(error);
    let (text, places) = line(words);
    let mut sources = SourceMap::new();
    let file = sources.add("command line", text.as_str());
    let span = match place {
        Some((first, last)) => Span::new(file, places[first].start, places[last].end),
        None => Span::at(file, text.len()),
    };
    let diagnostic = Diagnostic::at(Code::WrongUsage, message, span, label);
    (diagnostic.with_help(next_step(error, words)), sources)
}

/// The words of an option (with its value, if that is what is wrong) or of a value: the first and the last. Of an option
/// that is there twice, those of the second.
fn find(words: &[String], argument: Option<&str>, value: Option<&str>) -> Option<(usize, usize)> {
    let known = 1..words.len();
    let Some(option) = argument.map(name).filter(|name| name.starts_with('-')) else {
        let wanted = value.or(argument)?;
        return known.rev().find(|at| words[*at] == wanted).map(|at| (at, at));
    };
    let found = |at: usize| {
        let rest = words[at].strip_prefix(option)?;
        match value.filter(|value| !value.is_empty()) {
            _ if rest.starts_with('=') => Some((at, at)),
            Some(value) if rest.is_empty() && words.get(at + 1).is_some_and(|next| next == value) => Some((at, at + 1)),
            None if rest.is_empty() => Some((at, at)),
            Some(_) | None => None,
        }
    };
    let short = |at: &usize| !option.starts_with("--") && words[*at].starts_with(option);
    let whole = known.clone().rev().find_map(found);
    whole.or_else(|| known.rev().find(short).map(|at| (at, at)))
}

/// The message, and what is written at the place.
fn told(error: &clap::Error) -> (String, String) {
    let about = |kind| context(error, kind);
    let argument = about(ContextKind::InvalidArg).into_iter().next().unwrap_or_default();
    let value = about(ContextKind::InvalidValue).into_iter().next().unwrap_or_default();
    let quoted = |text: String| format!("`{text}`");
    let list = |texts: Vec<String>| texts.into_iter().map(quoted).collect::<Vec<_>>().join(", ");
    // Arguments without an option have their name in brackets.
    let given = match argument.starts_with('-') {
        true => format!("{} {value}", name(&argument)),
        false => value.clone(),
    };
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => (
            format!("unknown option `{argument}`"),
            "the command does not have it".into(),
        ),
        ErrorKind::UnknownArgument => (format!("unexpected argument `{argument}`"), "one too many".into()),
        ErrorKind::InvalidSubcommand => {
            let word = about(ContextKind::InvalidSubcommand).join(" ");
            (format!("unknown command `{word}`"), "no command".into())
        }
        ErrorKind::InvalidValue if value.is_empty() => (
            format!("`{}` has no value", name(&argument)),
            format!("write `{argument}`"),
        ),
        ErrorKind::InvalidValue => {
            let values = list(about(ContextKind::ValidValue));
            (format!("`{given}`: there is no such value"), format!("one of {values}"))
        }
        ErrorKind::TooManyValues => (
            format!("`{}` takes no value", name(&argument)),
            format!("write `{}`", name(&argument)),
        ),
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            let why = match why.as_str() {
                "invalid digit found in string" | "cannot parse integer from empty string" => "no whole number".into(),
                _ => why,
            };
            (format!("`{given}`: {why}"), "not such a value".into())
        }
        ErrorKind::MissingRequiredArgument => {
            // One of several is written `<--every <DURATION>|--at-events>`.
            let several = |text: String| match text.strip_prefix("<--").and_then(|text| text.strip_suffix('>')) {
                Some(inside) => format!("--{}", inside.replace('|', "` or `")),
                None => text,
            };
            let missing = list(about(ContextKind::InvalidArg).into_iter().map(several).collect());
            (format!("missing: {missing}"), "the command ends here".into())
        }
        ErrorKind::MissingSubcommand => ("no command is given".into(), "the command line ends here".into()),
        ErrorKind::ArgumentConflict => {
            let others = about(ContextKind::PriorArg);
            if others == [argument.clone()] {
                (
                    format!("`{}` is given more than once", name(&argument)),
                    "once is enough".into(),
                )
            } else {
                let message = format!("`{argument}` cannot be used with {}", list(others));
                (message, "they exclude each other".into())
            }
        }
        _ => {
            let text = error.to_string();
            let first = text.split("\n\n").next().unwrap_or_default();
            let first = first.strip_prefix("error: ").unwrap_or(first);
            let words: Vec<&str> = first.split_whitespace().collect();
            (words.join(" "), "here".into())
        }
    }
}

/// A command that words name.
struct Named<'a> {
    /// `state list` of `featc state list …`.
    words: String,
    command: &'a clap::Command,
}

impl<'a> Named<'a> {
    /// The first command among the words, or the one inside of it that the next word names.
    fn of(commands: &'a clap::Command, words: &[String]) -> Option<Named<'a>> {
        let mut rest = words.iter().skip(1);
        let (word, outer) = rest.find_map(|word| Some((word, commands.find_subcommand(word)?)))?;
        let inner = rest.next().and_then(|word| Some((word, outer.find_subcommand(word)?)));
        Some(match inner {
            Some((inside, command)) => Named {
                words: format!("{word} {inside}"),
                command,
            },
            None => Named {
                words: word.clone(),
                command: outer,
            },
        })
    }

    /// Where what may follow is listed.
    fn list(&self) -> String {
        let what = if self.command.has_subcommands() {
            "commands"
        } else {
            "arguments"
        };
        format!("`featc {} --help` lists its {what}", self.words)
    }
}

/// What to do: the nearest word that is known, and where the others are listed.
fn next_step(error: &clap::Error, words: &[String]) -> String {
    let commands = Cli::command();
    let unknown = context(error, ContextKind::InvalidSubcommand)
        .into_iter()
        .next()
        .unwrap_or_default();
    // What stands behind an unknown command is of none.
    let end = find(words, None, Some(&unknown)).filter(|_| !unknown.is_empty());
    let named = Named::of(&commands, &words[..end.map_or(words.len(), |(at, _)| at)]);
    let list = match &named {
        Some(named) => named.list(),
        None => "`featc --help` lists the commands".to_owned(),
    };
    let kinds = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    // What resembles the word by single letters alone is another word.
    let written = [
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidValue,
    ];
    let written = written
        .into_iter()
        .flat_map(|kind| context(error, kind))
        .last()
        .unwrap_or_default();
    let resembles = |known: &String| {
        let [known, written] = [known.as_str(), &written].map(|word| name(word).trim_start_matches('-'));
        suggest::close(written, std::iter::once(known)).is_some()
    };
    let nearest = kinds.into_iter().flat_map(|kind| context(error, kind)).find(resembles);
    if let Some(help) = surplus::without_equals(error, words) {
        return help;
    }
    if let (ErrorKind::ValueValidation, [argument, ..]) =
        (error.kind(), context(error, ContextKind::InvalidArg).as_slice())
        && name(argument) == "--threads"
    {
        return "write a number, or leave it out for all threads".to_owned();
    }
    if error.source().is_some_and(|why| why.to_string() == NOT_LOCAL) {
        return "name a file or a folder on a disk of this machine: no store is written to here".to_owned();
    }
    if let Some(help) = address(error, words) {
        return help;
    }
    if let Some(instead) = other_option(error, named.as_ref()) {
        return format!("{instead}; {list}");
    }
    let meant = named
        .as_ref()
        .and_then(|named| surplus::options(error, named.command, words));
    if let Some(help) = meant.or_else(|| surplus::data_as_a_program(error, words)) {
        return format!("{help}; {list}");
    }
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&unknown.as_str()));
    if let Some((_, instead)) = elsewhere.filter(|_| named.is_none()) {
        return format!("{instead}; {list}");
    }
    // After `help` clap compares the word with nothing.
    let nearest = nearest.or_else(|| {
        let known = named
            .as_ref()
            .map_or(&commands, |named| named.command)
            .get_subcommands();
        suggest::close(&unknown, known.map(clap::Command::get_name)).map(str::to_owned)
    });
    let nearest = nearest.or_else(|| shorter_option(error, named.as_ref()?.command));
    let missing = context(error, ContextKind::InvalidArg).join(" ");
    // A command that does not have the option takes none of them.
    let is_wanted = missing.contains("--service") && error.kind() != ErrorKind::UnknownArgument;
    if let Some(services) = services(words).filter(|_| is_wanted) {
        return format!("{services}; {list}");
    }
    match nearest {
        Some(nearest) => format!("did you mean `{}`? {list}", name(&nearest)),
        None => list,
    }
}

/// `--out` for `--output`: the longest option of the command that the unknown one begins with. So is `-o` elsewhere.
fn shorter_option(error: &clap::Error, command: &clap::Command) -> Option<String> {
    let argument = context(error, ContextKind::InvalidArg).into_iter().next()?;
    let written = match name(&argument) {
        "-o" => "out",
        long => long.strip_prefix("--")?,
    };
    let options = command.get_arguments().filter_map(clap::Arg::get_long);
    let begins = options.filter(|option| option.len() >= 3 && written.starts_with(option));
    let longest = begins.max_by_key(|option| option.len())?;
    (error.kind() == ErrorKind::UnknownArgument).then(|| format!("--{longest}"))
}

/// What does here what an unknown option is meant to.
fn other_option(error: &clap::Error, named: Option<&Named<'_>>) -> Option<&'static str> {
    let argument = context(error, ContextKind::InvalidArg).into_iter().next()?;
    let command = named.and_then(|named| named.words.split(' ').next());
    let is_of = |commands: &[&str]| command.is_some_and(|command| commands.is_empty() || commands.contains(&command));
    let known = |(commands, options, _): &&OtherOption| is_of(commands) && options.contains(&name(&argument));
    let found = OPTIONS
        .iter()
        .find(known)
        .filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    Some(found.2)
}

/// The services of the program that the words name, by the lines that declare them.
fn services(words: &[String]) -> Option<String> {
    const PROGRAM_MAX: u64 = 1 << 20;
    let is_program = |word: &&String| {
        let found = std::fs::metadata(word);
        word.ends_with(".feat") && found.is_ok_and(|found| found.is_file() && found.len() <= PROGRAM_MAX)
    };
    let program = words.iter().skip(1).find(is_program)?;
    let text = std::fs::read_to_string(program).ok()?;
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("service ")?.split([' ', '{']).next());
    let names: Vec<&str> = names.take(5).collect();
    (!names.is_empty()).then(|| format!("the program declares: {}", names.join(", ")))
}

/// `--port 8000`, `--listen 8000`, `--listen localhost:8000`
fn address(error: &clap::Error, words: &[String]) -> Option<String> {
    let argument = context(error, ContextKind::InvalidArg).into_iter().next()?;
    let value = match (error.kind(), name(&argument)) {
        (ErrorKind::ValueValidation, "--listen") => context(error, ContextKind::InvalidValue).into_iter().next()?,
        (ErrorKind::UnknownArgument, "--port" | "--host" | "--bind") => {
            let at = words.iter().position(|word| name(word) == name(&argument))?;
            let own = words[at].split_once('=').map(|(_, value)| value.to_owned());
            own.or_else(|| words.get(at + 1).cloned()).unwrap_or_default()
        }
        _ => return None,
    };
    let port = value.rsplit(':').next().unwrap_or_default();
    let port = port.parse::<u16>().map_or("7733".to_owned(), |port| port.to_string());
    Some(format!(
        "write the address as a number, and the port: `--listen 127.0.0.1:{port}`"
    ))
}
