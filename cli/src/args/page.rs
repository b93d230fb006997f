//! `docs/options.md`, which lists every command with all it takes, as `--help` says it.

use super::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "# Every command and option

What `featc COMMAND --help` says, of all commands on one page, made from the command line itself (`FEATC_BLESS=1 cargo test -p featc --lib options`). Which of them answers which question stands in the [index](README.md). In Python, options have the same names: `memory_limit=\"2GiB\"` ([python.md](python.md)).
";

/// A cell of a table: on one line, without what ends a cell.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// How an argument is written: `--spine FILE`, `PROGRAM…`.
fn written(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(<[_]>::first).map(ToString::to_string);
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let value = value.filter(|_| takes).unwrap_or_default();
    match (arg.get_long(), value.is_empty()) {
        (Some(long), true) => format!("--{long}"),
        (Some(long), false) => format!("--{long} {value}"),
        (None, _) if matches!(arg.get_action(), ArgAction::Append) => format!("{value}…"),
        (None, _) => value,
    }
}

/// What it is for, its values and what it is without being given.
fn told(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| matches!(arg.get_action(), ArgAction::Set))
        .map(|value| {
            let help = value.get_help().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("`{}`{help}", value.get_name())
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(text, ": {}", values.join(", "));
    }
    let default: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if !default.is_empty() && !arg.is_hide_default_value_set() && matches!(arg.get_action(), ArgAction::Set) {
        let _ = write!(text, "; `{}` unless told", default.join(" "));
    }
    cell(&text)
}

/// The rows of `args`, those without a name of their own first.
fn table<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let (named, placed): (Vec<&Arg>, Vec<&Arg>) = args
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
        .partition(|arg| arg.get_long().is_some());
    let rows: Vec<String> = placed
        .into_iter()
        .chain(named)
        .map(|arg| format!("| `{}` | {} |\n", written(arg), told(arg)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n| argument | says |\n|---|---|\n{}", rows.concat())
}

fn section(command: &Command, name: &str, page: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let subcommands: Vec<&Command> = command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
        .collect();
    let _ = write!(page, "\n## {name}\n\n{about}.\n");
    page.push_str(&table(command.get_arguments().filter(|arg| !arg.is_global_set())));
    for one in subcommands {
        section(one, &format!("{name} {}", one.get_name()), page);
    }
}

fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = format!(
        "{HEAD}\n## Of all commands\n{}",
        table(command.get_arguments().filter(|arg| arg.is_global_set()))
    );
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        section(one, &format!("featc {}", one.get_name()), &mut page);
    }
    page
}

#[test]
fn the_page_of_options_lists_them_all() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/options.md");
    let page = page();
    if std::env::var_os("FEATC_BLESS").is_some() {
        std::fs::write(&path, &page).expect("a writable page");
    }
    let written = std::fs::read_to_string(&path).expect("docs/options.md");
    assert!(page.matches("\n| `").count() > 80, "hardly an option is listed");
    assert_eq!(
        written, page,
        "docs/options.md: `FEATC_BLESS=1 cargo test -p featc --lib options`"
    );
}
