//! The pieces of a program, and how each is written: the next step of a syntax error.

use featc_grammar::Rule;

/// Where a broken piece stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Item,
    Clause,
    Step,
    Statement,
    Entry,
}

impl Context {
    /// The rule of the grammar that takes such a piece and nothing else.
    pub fn rule(self) -> Rule {
        match self {
            Context::Item => Rule::item_only,
            Context::Clause => Rule::clause_only,
            Context::Step => Rule::step_only,
            Context::Statement => Rule::statement_only,
            Context::Entry => Rule::entry_only,
        }
    }

    /// The words that begin such a piece.
    pub fn keywords(self) -> &'static [&'static str] {
        match self {
            Context::Item => &[
                "module",
                "entity",
                "source",
                "transform",
                "view",
                "request",
                "service",
                "test",
                "table",
                "param",
                "template",
            ],
            Context::Clause => &[
                "columns", "unique", "time", "arrival", "static", "delay", "lateness", "skew", "begins", "zone",
                "keep", "batch", "stream",
            ],
            Context::Step => &["where", "let"],
            Context::Statement => &["owner", "tags", "ttl", "feature", "use"],
            Context::Entry => &["feature", "role"],
        }
    }

    /// What it is a piece of.
    pub fn place(self) -> &'static str {
        match self {
            Context::Item => "a file",
            Context::Clause => "a source",
            Context::Step => "a transform",
            Context::Statement => "a view",
            Context::Entry => "a service",
        }
    }

    /// What its pieces are called.
    pub fn piece(self) -> &'static str {
        match self {
            Context::Item => "declaration",
            Context::Clause => "clause",
            Context::Step => "step",
            Context::Statement => "statement",
            Context::Entry => "entry",
        }
    }

    /// What is said of a word that is none.
    pub fn not_a_piece(self) -> String {
        let article = if self == Context::Entry { "an" } else { "a" };
        format!("not {article} {}", self.piece())
    }

    /// The word before a name and `=`.
    pub fn naming(self) -> Option<&'static str> {
        match self {
            Context::Statement | Context::Entry => Some("feature "),
            Context::Step => Some("let "),
            Context::Item | Context::Clause => None,
        }
    }

    pub const ALL: [Context; 5] = [
        Context::Item,
        Context::Clause,
        Context::Step,
        Context::Statement,
        Context::Entry,
    ];
}

/// The forms inside expressions, by what is expected in the middle of them.
pub(crate) const INNER: &[(&[Rule], &str)] = &[
    (&[Rule::as_kw], "`cast` is written like this: `cast(amount as float64)`"),
    (
        &[Rule::when_kw, Rule::branch, Rule::then_kw, Rule::end_kw],
        "`case` is written like this: `case when late then 1 else 0 end`",
    ),
    (
        &[Rule::windows, Rule::window],
        "`over` is written like this: `over 7d`, `over [1h, 7d]` or `over lifetime`",
    ),
    (
        &[Rule::impute_kw, Rule::gate_kw],
        "`fallback` is written like this: `spend.* fallback gate`; a value that stands in is the `default` of a feature",
    ),
    (
        &[Rule::now_kw],
        "a window leaves out events by `excluding now` or `excluding self`",
    ),
];

/// "a feature is written …", by the word that begins the piece.
pub(crate) fn form(context: Context, first: Option<&str>) -> Option<String> {
    let example = match (context, first.unwrap_or("")) {
        (Context::Item, "table") => "table planes { columns (tail: string, seats: int64) key tail static }",
        (Context::Item, "param") => "param week = 7d",
        (Context::Item, "template") => "template spend(col) { feature {col}_sum = sum({col}) over 7d }",
        (Context::Item, "module") => "module shop",
        (Context::Item, "entity") => "entity card (card_id: int64)",
        (Context::Item, "source") => "source payments { columns (…) … }",
        (Context::Item, "transform") => "transform paid from payments { where … let … = … }",
        (Context::Item, "view") => "view spend of card from paid { feature … }",
        (Context::Item, "request") => "request basket (items: int64, amount: decimal(12, 2))",
        (Context::Item, "service") => "service fraud_v1 { spend.* }",
        (Context::Item, "test") => {
            "test \"late rows\" for spend { given payments … expect at @2025-01-01T00:00:00Z (card: \"a\") { total = 5 } }"
        }
        (Context::Clause, "columns") => "columns (card: int64, amount: decimal(12, 2)?)",
        (Context::Clause, "unique") => "unique payment_id",
        (Context::Clause, "time") => "time paid_at",
        (Context::Clause, "arrival") => "arrival known_at",
        (Context::Clause, "static") => "static",
        (Context::Clause, "delay") => "delay 5s",
        (Context::Clause, "lateness") => "lateness 24h",
        (Context::Clause, "skew") => "skew 5m",
        (Context::Clause, "begins") => "begins @2025-01-01T00:00:00Z",
        (Context::Clause, "zone") => "zone \"Europe/Paris\"",
        (Context::Clause, "keep") => "keep nan",
        (Context::Clause, "batch") => "batch parquet \"data/*.parquet\"",
        (Context::Clause, "stream") => "stream jsonl \"data/events.jsonl\"",
        (Context::Step, "where") => "where amount > 0",
        (Context::Step, "let") => "let late = delay_min > 15",
        (Context::Statement, "owner") => "owner \"payments team\"",
        (Context::Statement, "tags") => "tags [fraud, finance_grade]",
        (Context::Statement, "ttl") => "ttl 2h",
        (Context::Statement, "feature") => "feature spend = sum(amount) over 7d default 0",
        (Context::Statement, "use") => "use spend for (amount, fee, tip)",
        (Context::Entry, "feature") => "feature share = basket.amount / spend.mean default 0.0",
        (Context::Entry, "role") => "role payee = spend by (payee)",
        (Context::Entry, _) => "spend.{total, mean_*}",
        (Context::Item | Context::Clause | Context::Step | Context::Statement, _) => return None,
    };
    let kind = match context {
        Context::Item | Context::Clause | Context::Step | Context::Statement => format!("`{}`", first.unwrap_or("")),
        Context::Entry => "an entry of a service".to_owned(),
    };
    Some(format!("{kind} is written like this: `{example}`"))
}

/// What is written here for a word that begins a clause or a statement elsewhere; `named` is the name after it.
pub(crate) fn instead(context: Context, word: &str, named: Option<&str>) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let (keyword, meaning) = match (context, lower.as_str()) {
        (Context::Clause, "id" | "ids" | "key" | "keys" | "primary" | "primary_key" | "identity" | "dedup") => {
            ("unique", "which columns identify an event")
        }
        (
            Context::Clause,
            "timestamp" | "event_time" | "eventtime" | "timestamp_field" | "time_column" | "at" | "ts",
        ) => ("time", "which column is the event time"),
        (Context::Clause, "watermark" | "allowed_lateness" | "late" | "grace" | "max_lateness") => {
            ("lateness", "how late events may come in")
        }
        (
            Context::Clause,
            "created"
            | "created_at"
            | "created_timestamp"
            | "created_timestamp_column"
            | "ingested"
            | "ingestion_time"
            | "processing_time"
            | "known",
        ) => ("arrival", "when a row was known"),
        (Context::Clause, "schema" | "fields" | "column") => ("columns", "the columns of the file"),
        (Context::Clause, "file" | "files" | "path" | "format" | "from" | "location") => ("batch", "the files"),
        (Context::Clause, "timezone" | "tz") => ("zone", "the zone of instants without an offset"),
        (Context::Clause | Context::Statement | Context::Step, "description" | "doc" | "comment" | "describe") => {
            return Some("write `/// …` on the line before what it describes".to_owned());
        }
        (Context::Statement, "schema" | "fields" | "field" | "features" | "dtypes" | "aggregations") => {
            return Some(
                "a view has no schema: each feature says how it is computed, such as `feature mean_90d = mean(amount) over 90d`"
                    .to_owned(),
            );
        }
        (Context::Statement, "online" | "offline" | "materialize" | "enabled") => {
            return Some("remove it: each feature can be asked online and for training sets".to_owned());
        }
        (Context::Statement, "source" | "sources" | "batch_source" | "stream_source" | "name") => {
            return Some("it stands in the head: `view spend of card from txn { … }`".to_owned());
        }
        (Context::Statement, "timestamp_field" | "event_time" | "timestamp_key") => {
            return Some("it stands in the source: `time paid_at`".to_owned());
        }
        (
            Context::Item,
            "featureview" | "feature_view" | "batchfeatureview" | "streamfeatureview" | "featuregroup"
            | "feature_group",
        ) => ("view", "whose features these are, and which rows they are of"),
        (Context::Item, "featureservice" | "feature_service") => ("service", "which features are asked together"),
        (Context::Item, "filesource" | "datasource" | "data_source" | "batchsource" | "kafkasource" | "pushsource") => {
            ("source", "where rows come from")
        }
        (Context::Statement, "entity" | "entities" | "key" | "keys" | "join_keys" | "by" | "group") => {
            return Some("it stands in the head: `view spend of card from txn by (card) { … }`".to_owned());
        }
        (Context::Step, "filter" | "keep" | "having" | "if" | "when") => {
            return Some(match named {
                Some(condition) => format!("`where` keeps rows: `where {condition}`"),
                None => "`where` keeps rows: `where amount > 0`".to_owned(),
            });
        }
        (Context::Step, "drop" | "remove" | "project") => {
            return Some(
                "remove it: a transform keeps all columns, and what no feature reads costs nothing; rows are left out by \
                 `where`"
                    .to_owned(),
            );
        }
        (Context::Step, "rename") => {
            return Some(match named {
                Some(column) => format!("`let` gives a column a second name: `let other = {column}`"),
                None => "`let` gives a column a second name: `let other = amount`".to_owned(),
            });
        }
        (Context::Step, "distinct" | "dedup" | "dedupe" | "deduplicate" | "unique") => {
            return Some(
                "remove it: an event counts once, which is what `unique` in the source is for; different values are counted \
                 by `count_distinct`"
                    .to_owned(),
            );
        }
        (Context::Step, "limit" | "head" | "top" | "tail" | "sample" | "fetch") => {
            return Some("remove it: a feature says how many events it looks at, such as `over 100 events`".to_owned());
        }
        (Context::Step, "sort" | "order" | "orderby") => {
            return Some("remove it: events are always in the order of their time".to_owned());
        }
        (Context::Step, "assign" | "mutate" | "set" | "add" | "with" | "with_column" | "with_columns" | "derive") => {
            return Some("`let` adds a column: `let doubled = amount * 2`".to_owned());
        }
        (
            Context::Clause,
            "header" | "delimiter" | "delim" | "sep" | "separator" | "encoding" | "quote" | "compression" | "options"
            | "skip",
        ) => {
            return Some(
                "remove it: CSV has a header line, commas, double quotes and UTF-8; with tabs it is `tsv`; other files \
                 have to be written anew"
                    .to_owned(),
            );
        }
        (Context::Step, "lookup") => {
            return Some("`let` names what is looked up: `let city = lookup shops(shop).city`".to_owned());
        }
        (Context::Item, "const" | "constant" | "define" | "var" | "let" | "set") => {
            return Some("`param` names a literal: `param week = 7d`".to_owned());
        }
        (Context::Item, "macro" | "def" | "function" | "fn") => {
            return Some("a `template` holds features that are alike for several columns".to_owned());
        }
        (Context::Step, "select" | "columns") => {
            return Some("a transform keeps all columns; `where` keeps rows, `let` adds a column".to_owned());
        }
        _ => return None,
    };
    if let Some(name) = named.filter(|_| matches!(keyword, "unique" | "time" | "arrival")) {
        return Some(format!("`{keyword}` says {meaning}: `{keyword} {name}`"));
    }
    let form = form(context, Some(keyword)).unwrap_or_default();
    Some(format!(
        "`{keyword}` says {meaning}: {}",
        form.split_once(": ").map_or("", |(_, example)| example)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::FileId;

    /// The example of every keyword that can stand alone parses.
    #[test]
    fn examples_parse() {
        for (context, before, after) in [
            (Context::Clause, "module m source s {", "}"),
            (Context::Step, "module m transform t from s {", "}"),
            (Context::Statement, "module m view v of e from s {", "}"),
            (Context::Entry, "module m service s {", "}"),
        ] {
            let keywords = if context == Context::Entry {
                &["spend", "feature", "role"]
            } else {
                context.keywords()
            };
            for keyword in keywords {
                let help = form(context, Some(keyword)).unwrap_or_else(|| panic!("no form of `{keyword}`"));
                let (_, example) = help.split_once(": `").unwrap_or_else(|| panic!("no example: {help}"));
                let example = example.trim_end_matches('`');
                let outcome = crate::parse(FileId(0), &format!("{before} {example} {after}"));
                assert!(outcome.diagnostics.is_empty(), "{help}: {:?}", outcome.diagnostics);
            }
        }
        for keyword in Context::Item.keywords() {
            assert!(form(Context::Item, Some(keyword)).is_some(), "{keyword}");
        }
    }
}
