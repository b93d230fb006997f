//! Options and commands of other tools, and what does such a thing here.

/// Commands, all if there are none; options that they do not have; and what does such a thing.
pub type OtherOption = (&'static [&'static str], &'static [&'static str], &'static str);

pub const OPTIONS: &[OtherOption] = &[
    (
        &["serve"],
        &["--served-log"],
        "answers are kept without an option, as Parquet below `STATE/served/`",
    ),
    (
        &["serve"],
        &["--service", "--services"],
        "a server answers every service of its program: a request names the one that it asks",
    ),
    (
        &["test"],
        &["-k", "-t", "--name", "--test", "--grep", "--match", "--only"],
        "`--filter TEXT` runs the tests whose name holds the text",
    ),
    (
        &["test"],
        &["--service", "--services", "--view", "--views"],
        "a test is of a view, and of no service: `--filter TEXT` runs the tests whose name holds the text",
    ),
    (
        &["get"],
        &["--request", "--requests", "--field", "--fields"],
        "fields of a request are given like keys: `--key amount=12.5`",
    ),
    (
        &[],
        &["--feature", "--features", "--columns"],
        "a service lists the features that are asked together: `service NAME { view.* }`, and `--service NAME`",
    ),
    (
        &["train"],
        &[
            "--at",
            "--time-column",
            "--timestamp",
            "--timestamp-column",
            "--event-timestamp",
        ],
        "the instants of the questions are a column of the spine: `--at-column NAME`",
    ),
    (
        &["train", "verify", "replay"],
        &[
            "--from",
            "--to",
            "--from-date",
            "--to-date",
            "--since",
            "--until",
            "--start",
            "--end",
            "--start-date",
            "--end-date",
            "--start-time",
            "--end-time",
        ],
        "what is asked are the rows of the spine, each at its instant: give a spine with those of the range that is meant; \
         `featc backfill` asks about a range, `--from` and `--to`",
    ),
    (
        &["get"],
        &["--as-of", "--asof", "--timestamp", "--time", "--when"],
        "`--at` says the instant of the question",
    ),
    (
        &["get"],
        &["--entity", "--entities", "--id", "--ids", "--card", "--user"],
        "`--key` says whose answer it is: `--key NAME=VALUE`",
    ),
    (
        &[],
        &["--timezone", "--time-zone", "--tz"],
        "`--zone` says of which zone instants without an offset are, where a command takes one",
    ),
    (
        &[],
        &["--entity-df", "--entity-rows", "--questions", "--input"],
        "`--spine` names the file with the questions, where a command takes one",
    ),
    (
        &[],
        &["--view", "--views", "--feature-view"],
        "what is asked is a service of the program, `--service NAME`, which lists views: `service NAME { view.* }`",
    ),
    (
        &[],
        &["--format", "--output-format"],
        "the ending of the file says its format: `.parquet`, `.arrow`, `.csv`, `.tsv` or `.jsonl`; `--json` is about messages",
    ),
    (
        &[],
        &["--param", "--params", "--var", "--vars", "--set", "-D"],
        "a parameter has its value in the program, `param week = 7d`: one that differs is another program",
    ),
    (
        &["lock"],
        &["--check", "--verify", "--dry-run"],
        "`featc check --locked` compares a program with its lock file",
    ),
    (
        &["fmt"],
        &["-w", "--write", "-i", "--in-place"],
        "remove it: files are written in place, and `--check` only tells",
    ),
    (
        &["serve"],
        &["--reload", "--watch", "--hot-reload", "--auto-reload"],
        "a server answers by the program that it was started with: start it again with another one, on the same state",
    ),
    (
        &["backfill"],
        &["--start", "--begin", "--since", "--start-date", "--start-time"],
        "`--from` says where the range begins",
    ),
    (
        &["backfill"],
        &["--end", "--until", "--stop", "--end-date", "--end-time"],
        "`--to` says where the range ends",
    ),
    (
        &["train", "get", "backfill", "replay"],
        &["--numeric", "--decimals", "--decimal", "--floats"],
        "a decimal stays exact: a feature `cast(total as float64)` is a float",
    ),
    (
        &[],
        &["--label", "--labels"],
        "a label is a column of the spine, and all of its columns stay in the result",
    ),
    (
        &[],
        &["--target"],
        "if an environment is meant, remove it: a program has none; a label is a column of the spine, and all of its columns stay \
         in the result",
    ),
    (
        &[],
        &["--env", "--environment", "--profile"],
        "remove it: a program has no environments, and `--source NAME=PATH` reads other files, where a command takes it",
    ),
];

/// Commands of other tools, and what does such a thing here.
pub const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["run", "materialize", "materialise", "apply", "compute", "query"],
        "`featc train` computes a training set, `featc backfill` a range of time, `featc get` one answer",
    ),
    (
        &["compile", "make", "plan"],
        "`featc build` compiles a program, `featc check` prints its messages",
    ),
    (
        &["lint", "validate", "parse", "typecheck"],
        "`featc check` prints the messages of a program",
    ),
    (
        &["docs", "doc", "man", "manual", "page"],
        "`featc explain` prints the page of a message, or the meaning of a word",
    ),
    (
        &["lsp", "language-server"],
        "there is no language server: `featc check --json` prints messages with their places and edits",
    ),
    (&["format"], "`featc fmt` formats a program"),
    (&["version"], "`featc --version` prints the version"),
    (
        &["server", "start", "deploy", "push", "ingest"],
        "`featc serve` takes rows and answers over HTTP, from durable state",
    ),
    (
        &["init", "new", "create"],
        "write a file such as `shop.feat`: `featc demo --keep DIR` leaves a whole program with its data",
    ),
    (
        &["fix"],
        "`featc check --json` gives the edits of messages, where there are some",
    ),
];
