//! Words that stand where the command takes none: the options that they are meant for.

use super::{as_typed, context, name};
use clap::error::{ContextKind, ErrorKind};
use std::path::Path;

/// Whether a word names rows by its ending.
fn is_data(word: &str) -> bool {
    const DATA: [&str; 7] = [".csv", ".tsv", ".jsonl", ".parquet", ".arrow", ".csv.gz", ".jsonl.gz"];
    DATA.iter().any(|ending| word.ends_with(ending))
}

/// The first of the words that the command does not take.
fn surplus(error: &clap::Error) -> Option<String> {
    let first = context(error, ContextKind::InvalidArg).into_iter().next()?;
    (error.kind() == ErrorKind::UnknownArgument && !first.starts_with('-')).then_some(first)
}

/// `train risk.feat risk_v1 spine.csv`: the surplus words with the options of the command that are meant.
pub fn options(error: &clap::Error, command: &clap::Command, words: &[String]) -> Option<String> {
    let first = surplus(error)?;
    // The same word may be the value of an option.
    let is_free = |at: &usize| words[*at] == first && !words[*at - 1].starts_with('-');
    let found = (1..words.len()).rev().find(is_free);
    let at = found.or_else(|| words.iter().rposition(|word| *word == first))?;
    let repeated = pairs_before(command, &words[..at]).filter(|_| first.contains('='));
    let given = words
        .iter()
        .filter(|word| word.starts_with("--"))
        .map(|word| name(word));
    let mut given: Vec<String> = given.map(str::to_owned).collect();
    let mut options = Vec::new();
    for word in words[at..].iter().take_while(|word| !word.starts_with('-')) {
        let Some((option, value)) = option(word, command, &given, repeated.as_deref()) else {
            break;
        };
        options.push(format!("{option} {value}"));
        given.push(option);
    }
    let written = options.join(" ");
    if let Some(source) = source_before(&words[..at]).filter(|_| written.starts_with("--source NAME=")) {
        return Some(format!(
            "all files of `{source}` are named by one folder or glob, `--source '{source}=data/*.csv'`, those of another source by the \
             option again, `{written}`"
        ));
    }
    let step = if repeated.is_some() {
        "repeat the option:"
    } else {
        "write"
    };
    (!options.is_empty()).then(|| format!("{step} `{written}`"))
}

/// `--source orders=a.csv b.csv`: the source whose file stands before the word.
fn source_before(words: &[String]) -> Option<&str> {
    let (last, before) = words.split_last()?;
    let pair = match last.strip_prefix("--source=") {
        Some(pair) => pair,
        None if before.last()? == "--source" => last,
        None => return None,
    };
    pair.split_once('=').map(|(name, _)| name)
}

/// The option of a command that a word is meant for, with its value; `given` are there already, and `pairs` stands before the
/// word with a `NAME=…`.
fn option(word: &str, command: &clap::Command, given: &[String], pairs: Option<&str>) -> Option<(String, String)> {
    let has = |option: &&str| {
        command
            .get_arguments()
            .any(|known| known.get_long() == option.strip_prefix("--"))
    };
    let first = |options: &[&str]| {
        let is_free = |option: &&str| has(option) && given.iter().all(|given| given != option);
        options.iter().copied().find(is_free).map(str::to_owned)
    };
    let is_file = |word: &str| is_data(word) || Path::new(word).is_file();
    if let Some((_, value)) = word.split_once('=') {
        let usual: &[&str] = if is_file(value) {
            &["--source"]
        } else {
            &["--key", "--source"]
        };
        let option = pairs.or_else(|| usual.iter().copied().find(has))?;
        return Some((option.to_owned(), as_typed(word)));
    }
    if word.ends_with(".feat") {
        return None;
    }
    let option = match (is_file(word), Path::new(word).is_dir()) {
        (true, _) => first(&["--spine", "--entities", "--out"]),
        (false, true) => first(&["--state"]),
        (false, false) => first(&["--service", "--state"]),
    };
    match option {
        Some(option) => Some((option, as_typed(word))),
        None if is_file(word) && has(&"--source") => Some(("--source".to_owned(), format!("NAME={}", as_typed(word)))),
        None => None,
    }
}

/// The option that takes a `NAME=…`, where the words end with it and one such pair or more.
fn pairs_before(command: &clap::Command, words: &[String]) -> Option<String> {
    let is_pair = |word: &&String| !word.starts_with('-') && word.contains('=');
    let pairs = words.iter().rev().take_while(is_pair).count();
    let option = name(words.get(words.len().checked_sub(pairs + 1)?)?);
    let long = option.strip_prefix("--")?;
    let takes_pairs = |known: &clap::Arg| {
        let mut values = known.get_value_names().into_iter().flatten();
        known.get_long() == Some(long) && values.any(|value| value.contains('='))
    };
    let known = command.get_arguments().any(takes_pairs);
    known.then(|| option.to_owned())
}

/// `featc train --service risk spine.csv`: a file of data where the program stands.
pub fn data_as_a_program(error: &clap::Error, words: &[String]) -> Option<String> {
    let missing = context(error, ContextKind::InvalidArg).join(" ");
    if error.kind() != ErrorKind::MissingRequiredArgument || !missing.contains("--spine") {
        return None;
    }
    // What stands after an option is its value.
    let is_alone = |pair: &&[String]| !pair[0].starts_with('-') && is_data(&pair[1]);
    let data = &words.windows(2).find(is_alone)?[1];
    Some(format!(
        "`{data}` stands where the program does: write `PROGRAM --spine {data}`"
    ))
}

/// `--source payments payments.csv`
pub fn without_equals(error: &clap::Error, words: &[String]) -> Option<String> {
    let extra = surplus(error)?;
    let at = words.iter().rposition(|word| *word == extra)?;
    let [option, value] = words.get(at.checked_sub(2)?..at)? else {
        return None;
    };
    let takes_pair = matches!(option.as_str(), "--source" | "--key") && !value.contains('=');
    takes_pair.then(|| format!("write `{option} {value}={extra}`"))
}
