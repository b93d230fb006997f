//! What is said of words that are no command line.

use super::*;
use clap::Parser as _;

/// What stands at the place of the error.
fn shown(words: &[&str]) -> String {
    let error = Cli::try_parse_from(words).expect_err("wrong usage");
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let (diagnostic, sources) = refusal(&error, &words);
    let place = diagnostic.primary.expect("a place").span;
    sources.slice(place).to_owned()
}

#[test]
fn the_place_is_the_argument_also_among_blanks_and_quotes() {
    let program = "my programs/a \"b\"\n.feat";
    assert_eq!(shown(&["featc", "check", program, "--fast"]), "--fast");
    assert_eq!(shown(&["featc", "build", program, "two words"]), "\"two words\"");
    assert_eq!(shown(&["featc", "train", program, "--threads", "0"]), "--threads 0");
    assert_eq!(
        shown(&["featc", "train", program, "--threads=x y"]),
        "\"--threads=x y\""
    );
    assert_eq!(shown(&["featc", "check", "-x"]), "-x");
    assert_eq!(shown(&["featc", "--json=1", "check"]), "--json=1");
    assert_eq!(shown(&["featc", "explain"]), "");
}

#[test]
fn addresses_are_written_out() {
    for (words, help) in [
        (&["--listen", "8000"][..], "`--listen 127.0.0.1:8000`"),
        (&["--listen=localhost:8000"], "`--listen 127.0.0.1:8000`"),
        (&["--port", "8000"], "`--listen 127.0.0.1:8000`"),
        (&["--port=8000"], "`--listen 127.0.0.1:8000`"),
        (&["--host", "here"], "`--listen 127.0.0.1:7733`"),
    ] {
        let words = ["featc", "serve", "a.feat", "--state", "s"].iter().chain(words);
        let words: Vec<String> = words.map(|word| (*word).to_owned()).collect();
        let error = Cli::try_parse_from(&words).expect_err("wrong usage");
        let step = next_step(&error, &words);
        assert!(step.ends_with(help), "{words:?}: {step}");
    }
}

#[test]
fn options_of_other_tools_and_data_in_the_programs_place_have_their_step() {
    for (words, help) in [
        (
            &["serve", "a.feat", "--state", "s", "--served-log", "x"][..],
            "below `STATE/served/`; `featc serve --help`",
        ),
        (
            &["serve", "a.feat", "--state", "s", "--service=now"],
            "a request names the one",
        ),
        (&["train", "a.feat", "--features", "a,b"], "`service NAME { view.* }`"),
        (&["train", "a.feat", "--label", "x"], "all of its columns stay"),
        (
            &["train", "--service", "s", "spine.csv", "--out", "o.csv"],
            "write `PROGRAM --spine spine.csv`",
        ),
        (&["state", "list", "--state", "s"], "`featc state list --help`"),
        (&["backfill", "a.feat", "--start", "x"], "`--from` says where"),
        (&["backfill", "a.feat", "--until", "x"], "`--to` says where"),
        (
            &["train", "a.feat", "--from", "2024-01-01"],
            "a spine with those of the range",
        ),
        (
            &["verify", "a.feat", "--until=2024-01-01"],
            "`featc backfill` asks about a range",
        ),
        (&["serve", "a.feat", "--state", "s", "--reload"], "start it again"),
        (&["train", "a.feat", "--numeric"], "`cast(total as float64)`"),
        (&["get", "a.feat", "--request", "amount=3"], "`--key amount=12.5`"),
        (&["docs"], "`featc explain`"),
    ] {
        let words: Vec<String> = ["featc"].iter().chain(words).map(|word| (*word).to_owned()).collect();
        let error = Cli::try_parse_from(&words).expect_err("wrong usage");
        let step = next_step(&error, &words);
        assert!(step.contains(help), "{words:?}: {step}");
    }
}

#[test]
fn surplus_words_are_given_their_options() {
    for (words, help) in [
        (
            &["train", "a.feat", "risk", "q.csv", "o.csv"][..],
            "write `--service risk --spine q.csv --out o.csv`; `featc train --help`",
        ),
        (
            &["train", "a.feat", "--service", "risk", "--spine=q.csv", "my rows.csv"],
            "write `--out \"my rows.csv\"`;",
        ),
        (
            &["train", "a.feat", "--spine", "q.csv", "--out", "o.csv", "more.csv"],
            "write `--source NAME=more.csv`;",
        ),
        (
            &[
                "train", "a.feat", "--spine", "q.csv", "--out", "o.csv", "--source", "a=a.csv", "b.csv",
            ],
            "all files of `a` are named by one folder or glob, `--source 'a=data/*.csv'`, those of another source by the option \
             again, `--source NAME=b.csv`;",
        ),
        (
            &["verify", "a.feat", "--source", "a=a.csv", "b=b.jsonl"],
            "repeat the option: `--source b=b.jsonl`;",
        ),
        (
            &["verify", "a.feat", "--source=a=a.csv", "b=b"],
            "repeat the option: `--source b=b`;",
        ),
        (
            &["get", "a.feat", "--key", "a=1", "b=2", "c=3", "--at", "x"],
            "repeat the option: `--key b=2 --key c=3`;",
        ),
        (
            &["get", "a.feat", "card=a", "txn=t.csv"],
            "write `--key card=a --source txn=t.csv`;",
        ),
        (&["serve", "a.feat", "state"], "write `--state state`;"),
        (
            &["train", "a.feat", "b.feat"],
            "`featc train --help` lists its arguments",
        ),
        (&["test", "a.feat", "-k", "claim"], "`--filter TEXT` runs the tests"),
        (&["test", "a.feat", "--service", "risk"], "a test is of a view"),
        (
            &["check", "a.feat", "--service", "risk"],
            "`featc check --help` lists its arguments",
        ),
        (
            &["train", "a.feat", "--target", "dev"],
            "if an environment is meant, remove it",
        ),
        (&["state", "st"], "`featc state --help` lists its commands"),
        (
            &["--json", "state", "lst"],
            "did you mean `list`? `featc state --help` lists its commands",
        ),
        (&["state", "init"], "`featc state --help` lists its commands"),
    ] {
        let words: Vec<String> = ["featc"].iter().chain(words).map(|word| (*word).to_owned()).collect();
        let error = Cli::try_parse_from(&words).expect_err("wrong usage");
        let step = next_step(&error, &words);
        assert!(step.starts_with(help), "{words:?}: {step}");
    }
}

/// What resembles another word by its letters alone is not offered.
#[test]
fn only_slips_are_guessed() {
    for (words, meant) in [
        (&["train", "a.feat", "--servce", "s"][..], Some("--service")),
        (&["train", "a.feat", "--thread", "2"], Some("--threads")),
        (&["train", "a.feat", "--output", "o.csv"], Some("--out")),
        (&["train", "a.feat", "--outfile=o.csv"], Some("--out")),
        (&["train", "a.feat", "-o", "o.csv"], Some("--out")),
        (&["check", "a.feat", "-o", "o.csv"], None),
        (
            &["train", "a.feat", "--from-provenances", "o.csv"],
            Some("--from-provenance"),
        ),
        (&["trian", "a.feat"], Some("train")),
        (&["train", "a.feat", "--truth", "complet"], Some("complete")),
        (&["train", "a.feat", "--numerous"], None),
        (&["backfill", "a.feat", "--strange"], None),
        (&["lurk"], None),
    ] {
        let words: Vec<String> = ["featc"].iter().chain(words).map(|word| (*word).to_owned()).collect();
        let error = Cli::try_parse_from(&words).expect_err("wrong usage");
        let step = next_step(&error, &words);
        match meant {
            Some(meant) => assert!(
                step.starts_with(&format!("did you mean `{meant}`?")),
                "{words:?}: {step}"
            ),
            None => assert!(!step.contains("did you mean"), "{words:?}: {step}"),
        }
    }
}

#[test]
fn a_switch_takes_no_value() {
    for (word, switch) in [("--json=1", "--json"), ("--help=1", "--help")] {
        let error = Cli::try_parse_from(["featc", "check", word]).expect_err("wrong usage");
        let (message, label) = told(&error);
        assert_eq!(message, format!("`{switch}` takes no value"));
        assert_eq!(label, format!("write `{switch}`"));
        assert_eq!(shown(&["featc", "check", word]), word);
    }
}

#[test]
fn help_and_the_version_are_no_errors() {
    for (words, code) in [
        (&["featc", "--version"][..], 0),
        (&["featc", "train", "--help"], 0),
        (&["featc"], 2),
    ] {
        let error = Cli::try_parse_from(words).expect_err("no command");
        assert_eq!(error.exit_code(), code, "{words:?}");
    }
}
