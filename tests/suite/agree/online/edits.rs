//! Changes of a drawn program, as people make them between two runs of a server.

use featc_driver::diag::SourceMap;
use featc_ir::Program;
use featc_tests::rng::Rng;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No change.
    Same,
    /// Of what no value depends on.
    Docs,
    /// A feature more, of which everything is kept.
    Added,
    /// A feature less.
    Removed,
    /// Anything else: a state may be refused.
    Other,
}

/// Writes a program anew; `None` if there is nothing to change in that way.
pub fn edit(rng: &mut Rng, (first, text): (&str, &str), number: usize) -> Option<(Kind, String, Program)> {
    let kind = *rng.pick(&[Kind::Docs, Kind::Added, Kind::Removed, Kind::Other, Kind::Other]);
    for _ in 0..4 {
        let edited = match kind {
            Kind::Same => None,
            Kind::Docs => Some(docs(rng, text, number)),
            Kind::Added => added(rng, text, number),
            Kind::Removed => removed(rng, text),
            Kind::Other => other(rng, first, text),
        };
        let Some(edited) = edited.filter(|edited| edited != text) else {
            continue;
        };
        if let Some(program) = compiled(&edited) {
            return Some((kind, edited, program));
        }
    }
    None
}

fn compiled(text: &str) -> Option<Program> {
    let mut sources = SourceMap::new();
    let file = sources.add("edited.feat", text);
    featc_driver::compile(&sources, &[file]).value
}

fn docs(rng: &mut Rng, text: &str, number: usize) -> String {
    let told = |line: &str, rng: &mut Rng| match line.trim() {
        line if line.starts_with("///") && rng.one_in(2) => format!("  /// Written for the {number}th time."),
        line if line.starts_with("owner") && rng.one_in(2) => format!("  owner \"team {number}\""),
        _ => line.to_owned(),
    };
    let lines = text.lines().map(|line| told(line, rng));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// The lines of features, derived ones left out.
fn features(lines: &[&str]) -> Vec<usize> {
    let is_feature = |place: &usize| {
        let line = lines[*place].trim_start();
        line.starts_with("feature ") && line.contains(" over ")
    };
    (0..lines.len()).filter(is_feature).collect()
}

/// The same feature again under another name, or how many events its window has. An event since which it holds some may count as
/// an error, by an expression that the state need not have: those are left as they are.
fn added(rng: &mut Rng, text: &str, number: usize) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let all = features(&lines);
    if all.is_empty() {
        return None;
    }
    let place = *rng.pick(&all);
    let (_, value) = lines[place].split_once(" = ")?;
    let value = match rng.one_in(2) || value.contains("since (") {
        true => value.to_owned(),
        false => {
            let window = &value[value.rfind(" over ")?..];
            let end = [" cap ", " default "].map(|clause| window.find(clause).unwrap_or(window.len()));
            format!("count(){}", &window[..end[0].min(end[1])])
        }
    };
    let line = format!("  /// Added.\n  feature z{number} = {value}");
    lines.insert(place + 1, &line);
    Some(lines.join("\n") + "\n")
}

/// Without a feature; one that others read does not compile.
fn removed(rng: &mut Rng, text: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let is_feature = |place: &usize| lines[*place].trim_start().starts_with("feature ");
    let all: Vec<usize> = (0..lines.len()).filter(is_feature).collect();
    if all.is_empty() {
        return None;
    }
    let place = *rng.pick(&all);
    // With the line that says what it is.
    lines.drain(place - 1..=place);
    Some(lines.join("\n") + "\n")
}

/// Something else, or what it was in the beginning.
fn other(rng: &mut Rng, first: &str, text: &str) -> Option<String> {
    const CHANGES: [(&str, &str); 11] = [
        ("lateness 1h", "lateness 2h"),
        ("lateness unbounded", "lateness 3h"),
        ("delay 3m", "delay 4m"),
        ("time + 7m", "time + 8m"),
        (" over 10m", " over 20m"),
        (" over 1h", " over 2h"),
        ("sum(", "max("),
        ("min(", "last("),
        (" where ", " where not "),
        (" excluding now", ""),
        (" default 0", " default 1"),
    ];
    if rng.one_in(4) {
        return Some(first.to_owned());
    }
    let known: Vec<_> = CHANGES.iter().filter(|(from, _)| text.contains(from)).collect();
    if known.is_empty() {
        return None;
    }
    let (from, to) = rng.pick(&known);
    Some(text.replacen(from, to, 1))
}
