//! Programs whose sources are read from elsewhere, as text.

use crate::diag::{FileId, Span};
use featc_syntax::ast::{Files, Item};

use std::ops::Range;

/// The text of a file of a program, with other clauses in place of the `batch` and `stream` of its sources and tables: `clauses`
/// says which, by the name of the source or table; `None` leaves them as they are. All else stays byte by byte.
pub fn read_elsewhere(file: FileId, text: &str, clauses: &dyn Fn(&str) -> Option<String>) -> String {
    let tree = featc_syntax::parse(file, text).value;
    let inputs = tree.items.iter().filter_map(|item| match item {
        Item::Source(source) => Some((
            &source.name,
            source.span,
            [source.batch.as_ref(), source.stream.as_ref()],
        )),
        Item::Table(table) => Some((&table.name, table.span, [table.batch.as_ref(), None])),
        Item::Entity(_)
        | Item::Transform(_)
        | Item::View(_)
        | Item::Request(_)
        | Item::Service(_)
        | Item::Test(_)
        | Item::Param(_)
        | Item::Template(_)
        | Item::Broken(_) => None,
    });
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (name, span, files) in inputs {
        if let Some(clauses) = clauses(&name.text) {
            edits.extend(replaced((span, files), text, clauses));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = String::new();
    let mut from = 0;
    for (range, new) in edits {
        edited += &text[from..range.start];
        edited += &new;
        from = range.end;
    }
    edited + &text[from..]
}

/// The first of the two clauses becomes the new ones, the other one goes; without any they come last in the source.
fn replaced((span, old): (Span, [Option<&Files>; 2]), text: &str, clauses: String) -> Vec<(Range<usize>, String)> {
    let mut old: Vec<Range<usize>> = old
        .into_iter()
        .flatten()
        .map(|files| files.span.start..files.span.end)
        .collect();
    old.sort_by_key(|range| range.start);
    if old.is_empty() {
        let within = &text[span.start..span.end];
        let end = span.start + within.rfind('}').unwrap_or(within.len());
        return vec![(end..end, format!("{clauses}\n"))];
    }
    let mut edits: Vec<(Range<usize>, String)> = old.into_iter().map(|range| (range, String::new())).collect();
    edits[0].1 = clauses;
    for (range, _) in &mut edits[1..] {
        *range = whole_line(text, range);
    }
    edits
}

/// The range with its line, if nothing else stands there.
fn whole_line(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[range.end..]
        .find('\n')
        .map_or(text.len(), |end| range.end + end + 1);
    let is_alone = [&text[start..range.start], &text[range.end..end]].map(|rest| rest.trim().is_empty());
    match is_alone {
        [true, true] => start..end,
        _ => range.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceMap;

    const SOURCE: &str = "columns (id: int64, at: timestamp)\n  unique id\n  time at\n";

    fn edited(clauses: &str) -> (String, String) {
        let text = format!(
            "module shop // with }} in it\nentity card (card: string)\nsource txn {{\n  {SOURCE}{clauses}}}\nsource other {{\n  {SOURCE}  batch csv \"b.csv\"\n}}\n"
        );
        let mut sources = SourceMap::new();
        let file = sources.add("shop.feat", text.clone());
        let only = |name: &str| (name == "txn").then(|| "batch parquet \"new.parquet\"".to_owned());
        let after = read_elsewhere(file, &text, &only);
        (text, after)
    }

    #[test]
    fn files_of_a_table_are_replaced() {
        let text =
            "module shop\ntable shops {\n  columns (shop: string)\n  key shop\n  static\n  batch csv \"a.csv\"\n}\n";
        let mut sources = SourceMap::new();
        let file = sources.add("shop.feat", text.to_owned());
        let new = |_: &str| Some("batch parquet \"new.parquet\"".to_owned());
        let after = read_elsewhere(file, text, &new);
        assert_eq!(after, text.replace("csv \"a.csv\"", "parquet \"new.parquet\""));
    }

    #[test]
    fn files_of_a_source_are_replaced_and_nothing_else() {
        for clauses in [
            "  batch csv \"a.csv\"\n",
            "  stream jsonl \"a } b.jsonl\"\n",
            "  stream jsonl \"s.jsonl\"\n  skew 1m // why\n  batch csv \"a.csv\", \"b.csv\"\n",
            "",
        ] {
            let (before, after) = edited(clauses);
            let mut sources = SourceMap::new();
            let file = sources.add("shop.feat", after.clone());
            let tree = featc_syntax::parse(file, &after);
            assert!(!tree.has_errors(), "{after}");
            assert_eq!(after.matches("new.parquet").count(), 1, "{after}");
            assert!(!after.contains("a.csv") && !after.contains(".jsonl"), "{after}");
            assert!(after.contains("batch csv \"b.csv\"\n}") && after.starts_with("module shop // with } in it"));
            let kept = |text: &str| text.lines().filter(|line| !line.contains('"')).count();
            assert_eq!(kept(&after), kept(&before), "{after}");
        }
    }
}
