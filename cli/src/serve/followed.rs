//! Which sources a server reads by itself.

use crate::args::ServeArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::state::is_table;
use featc_ir::{FileFormat, KAFKA};
use featr_follow::{Followed, Input, Properties, Topic, Unfollowable};
use std::path::Path;

/// What standard input is called.
const STANDARD_INPUT: &str = "-";

pub fn of(args: &ServeArgs, program: &featr::Program, reporter: &Reporter) -> Result<Vec<Followed>, Refused> {
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    let (mut all, mut properties) = (Vec::new(), None::<Properties>);
    for given in &args.sources {
        let Some((source, place)) = given.split_once('=') else {
            let help = "write it like `--source payments=live/*.jsonl`, `--source payments=-` or `--source payments=kafka:TOPIC`";
            return reporter.refuse(errors::argument("--source", given, "no `=` in it", help));
        };
        // It has been read.
        if is_table(program, source) {
            continue;
        }
        let input = match place {
            _ if place.starts_with(KAFKA) => {
                program.text_format(source).map_err(refuse)?;
                let option = ("--source", given.as_str());
                let declared = program.stream_files(source, None).map_err(refuse)?;
                let declared = declared.map(|(files, _)| files.format);
                let format = declared
                    .filter(|format| format.is_of_topics())
                    .unwrap_or(FileFormat::Jsonl);
                Some(topic(
                    option,
                    (&place[KAFKA.len()..], format),
                    &mut properties,
                    args,
                    reporter,
                )?)
            }
            STANDARD_INPUT => Some(Input::StandardInput(program.text_format(source).map_err(refuse)?)),
            place => {
                let files = program.stream_files(source, Some(place)).map_err(refuse)?;
                if files.is_none() {
                    let (source, place) = (source.to_owned(), place.to_owned());
                    return reporter.refuse(errors::unfollowable(&Unfollowable::Format { source, place }));
                }
                files.map(|(files, base)| Input::Files { files, base })
            }
        };
        let source = source.to_owned();
        all.extend(input.map(|input| Followed { source, input }));
    }
    if args.follow {
        let sources = program.sources().into_iter().map(|source| source.name);
        let declared: Vec<String> = sources
            .filter(|name| all.iter().all(|given| given.source != *name))
            .collect();
        for source in declared {
            if let Some((files, base)) = program.stream_files(&source, None).map_err(refuse)? {
                let input = match files.topic() {
                    Some(text) => {
                        let text = (text, files.format);
                        topic(("--follow", &source), text, &mut properties, args, reporter)?
                    }
                    None => Input::Files { files, base },
                };
                all.push(Followed { source, input });
            }
        }
    }
    if let (Some(path), None) = (&args.kafka, &properties) {
        return no_topic(path, program, args, reporter);
    }
    let checked = match all.is_empty() && args.follow {
        true => Err(Unfollowable::NothingDeclared),
        false => Unfollowable::check(&all, &args.state),
    };
    match checked {
        Ok(()) => Ok(all),
        Err(why) => reporter.refuse(errors::unfollowable(&why)),
    }
}

/// Refuses brokers of which nothing is read.
fn no_topic<T>(path: &Path, program: &featr::Program, args: &ServeArgs, reporter: &Reporter) -> Result<T, Refused> {
    let sources: Vec<String> = program.sources().into_iter().map(|source| source.name).collect();
    let is_declared = |source: &&String| {
        let files = program.stream_files(source, None).ok().flatten();
        files.is_some_and(|(files, _)| files.topic().is_some())
    };
    let help = match (sources.iter().find(is_declared), sources.first()) {
        (Some(source), _) if !args.follow => format!("pass `--follow` too: source `{source}` declares a topic"),
        (_, Some(source)) => format!(
            "say which source is read from which topic: `--source {source}=kafka:TOPIC`, or `stream jsonl \"kafka:TOPIC\"` in the \
             source and `--follow`"
        ),
        (_, None) => "leave it out".to_owned(),
    };
    let name = path.display().to_string();
    reporter.refuse(errors::argument(
        "--kafka",
        &name,
        "no source is read from a topic",
        &help,
    ))
}

/// The topic of `--source NAME=kafka:TOPIC`, or of a source's `stream`; `given` is the option by which it is read, with its value,
/// and the format the declared one, unless the text says another.
fn topic(
    given: (&str, &str),
    (text, declared): (&str, FileFormat),
    properties: &mut Option<Properties>,
    args: &ServeArgs,
    reporter: &Reporter,
) -> Result<Input, Refused> {
    let mut topic: Topic = text.parse().or_else(|why: String| {
        let help =
            "write it like `kafka:payments`, `kafka:payments?arrival=timestamp`, `kafka:payments?arrival=header:seen` or \
             `kafka:payments?format=avro`";
        reporter.refuse(errors::argument(given.0, given.1, &why, help))
    })?;
    let properties = match properties {
        Some(properties) => properties.clone(),
        None => properties.insert(brokers(args, given, reporter)?).clone(),
    };
    let format = *topic.format.get_or_insert(declared);
    if format == FileFormat::Avro && !properties.has_registry() {
        let help = "write `schema.registry.url=https://registry:8081` into the file of `--kafka`";
        return reporter.refuse(errors::argument(
            given.0,
            given.1,
            "nothing says where the schema registry is",
            help,
        ));
    }
    Ok(Input::Topic { topic, properties })
}

/// What `--kafka` says of the brokers.
fn brokers(args: &ServeArgs, given: (&str, &str), reporter: &Reporter) -> Result<Properties, Refused> {
    let Some(path) = &args.kafka else {
        let help = "pass `--kafka FILE`, a file with a line like `bootstrap.servers=broker:9092`";
        return reporter.refuse(errors::argument(
            given.0,
            given.1,
            "nothing says where the brokers are",
            help,
        ));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).or_else(|error| {
        let help = "name a file with a line like `bootstrap.servers=broker:9092`";
        reporter.refuse(errors::argument("--kafka", &name, &featr::plain(&error), help))
    })?;
    Properties::read(&text)
        .or_else(|wrong| reporter.refuse(errors::argument("--kafka", &name, &wrong.why, &wrong.help)))
}
