//! E0111: calls of what is no function here, and what comes near it.

use super::elsewhere::{
    ELSEWHERE, Elsewhere,
    Then::{Say, Write},
    UNKNOWN,
};
use super::numbered::{call_with_a_number, difference};
use super::{is_literal, is_short_part};
use featc_syntax::diag::{Diagnostic, Span};
use featc_syntax::messages;

messages! {
    E0111 no_such_function(name: &str, at: Span, nearest: Option<&str>) {
        "unknown function `{name}`";
        at: "no function and no aggregate has this name";
        did_you_mean(nearest, at): "`featc explain E0111` lists the functions and aggregates";
    }

    E0111 function_of_another_language(cause: &str, at: Span, help: &str) {
        "{cause}";
        at: "no function and no aggregate has this name";
        help: "{help}";
    }

    E0111 call_of_another_language(cause: &str, at: Span, shown: &str, call: Span, replacement: &str) {
        "{cause}";
        at: "no function and no aggregate has this name";
        help: "write {shown}", call => replacement;
    }

    /// `due_on < today()`
    E0111 clock_called_beside_a_column(name: &str, at: Span, column: &str) {
        let help = beside_a_clock(column);
        "`{name}`: there is no clock in a program";
        at: "no function and no aggregate has this name";
        help: "{help}";
    }

    /// `due_on < current_date`
    E0110 clock_beside_a_column(name: &str, at: Span, column: &str) {
        let help = beside_a_clock(column);
        "unknown column `{name}`: there is no clock in a program";
        at: "no such column";
        help: "{help}";
    }

    /// `mean(at - lag(at))`
    E0111 event_before_in_an_aggregate(name: &str, at: Span) {
        "unknown function `{name}`: an aggregate sees one event at a time";
        at: "knows no event before";
        help: "the mean time between events is `seconds(max(t) - min(t)) / nullif(count() - 1, 0)`, of their instants `t`; the value of the \
               event before the last is `last_n(x, 2)[-2]`, without an aggregate around it";
    }

    /// `let gap = at - lag(at)` in a transform; `listed`: so many events are listed to have it first.
    E0111 event_before_in_a_transform(name: &str, at: Span, listed: u32) {
        let before = match listed {
            2 => "the event before the last".to_owned(),
            listed => format!("the event that is {} before the last", listed - 1),
        };
        "unknown function `{name}`: a transform sees one event at a time";
        at: "knows no event before";
        help: "a feature of a view knows those of its window: of {before} the value is `last_n(x, {listed})[-{listed}]`, the change from it \
               `last(x) - last_n(x, {listed})[-{listed}]`";
    }

    /// `at > now() - 7d`; `is_time`: the column is the event time.
    E0111 length_before_a_clock(name: &str, at: Span, column: &str, length: &str, is_time: bool) {
        let of_another = match is_time {
            true => String::new(),
            false => format!(", of rows that count from `{column}` on: `at {column} within 30d` after the `from` of a transform"),
        };
        "`{name}`: there is no clock in a program";
        at: "each question has an instant of its own";
        help: "what lies up to {length} before the question is a window behind the aggregate, `over {length}`{of_another}";
    }

    /// What comes near it.
    E0111 call_like_another(cause: &str, at: Span, shown: &str, call: Span, replacement: &str) {
        "{cause}";
        at: "no function and no aggregate has this name";
        offer: "write {shown}", call => replacement;
    }
}

/// Whether a function of other languages reads the event before.
pub fn is_of_the_event_before(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "lag" | "shift" | "diff")
}

/// What is true from an instant of the row on.
fn beside_a_clock(column: &str) -> String {
    format!(
        "what becomes true at `{column}` is an event of that instant: the rows of a transform with `at {column} within 30d` after its \
         `from` (of a date `at cast({column} as timestamp) within 30d`; `within`: as long as a row may take) count from then on, and \
         need no such condition; `last({column})` is compared with the instant of the question, `at`, in a feature of a service"
    )
}

/// A call as it is written.
pub struct Written<'a> {
    pub name: &'a str,
    pub name_at: Span,
    /// From the name to the closing bracket.
    pub at: Span,
    /// All between the brackets, with the white space at their sides: it ends a comment.
    pub inside: &'a str,
    pub arguments: Vec<&'a str>,
}

impl Written<'_> {
    /// Whether nothing stands after the arguments, such as a `where`, that a template would lose.
    pub fn is_plain(&self) -> bool {
        let inside = self.inside.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
        self.arguments.last().is_none_or(|last| inside.ends_with(last))
    }

    /// All between the brackets, as a help shows it.
    pub(super) fn shown(&self) -> &str {
        let inside = self.inside.trim();
        // What follows a comment would be part of it.
        match is_short_part(inside) && !inside.contains("//") {
            true => inside,
            false => "…",
        }
    }
}

/// E0111 of a call of something that is neither a function nor an aggregate.
pub fn unknown_function(call: &Written<'_>, nearest: Option<&str>) -> Diagnostic {
    let name = call.name.to_ascii_lowercase();
    // `date_part("hour", x)`: the row `date_part:hour`, and `{x}` is what follows.
    let part = call
        .arguments
        .first()
        .filter(|first| first.starts_with(['"', '\'']))
        .map(|first| first.trim_matches(['"', '\'']));
    if let Some(parameter) = part.filter(|_| name == "var") {
        let help = format!("write `{{{parameter}}}`, a parameter of this program: `param {parameter} = …`");
        return function_of_another_language(&UNKNOWN.replace("{name}", call.name), call.name_at, &help);
    }
    let of_part = part.map(|part| format!("{name}:{}", part.to_ascii_lowercase()));
    let rows = |wanted: &str| {
        let is_named = |row: &&Elsewhere| row.0.split_whitespace().any(|known| known == wanted);
        ELSEWHERE.iter().filter(is_named).collect::<Vec<_>>()
    };
    if let Some(like) = call_with_a_number(call, &name).or_else(|| difference(call, &name)) {
        return like;
    }
    let (found, arguments) = match of_part.map(|key| rows(&key)) {
        Some(found) if !found.is_empty() => (found, &call.arguments[1..]),
        _ => (rows(&name), &call.arguments[..]),
    };
    let fits = |row: &&&Elsewhere| match row.2 {
        Write(template, _) => places(template).is_none_or(|places| places == arguments.len()),
        Say(_) => true,
    };
    let Some(Elsewhere(_, cause, then)) = found.iter().find(fits).or(found.first()) else {
        return no_such_function(call.name, call.name_at, nearest);
    };
    // A literal is no list: of some languages the list stands last.
    let exchanged = match (then, arguments) {
        (Write("contains({x}, {y})", _), [value, list]) if is_literal(value) && !is_literal(list) => {
            Some([*list, *value])
        }
        _ => None,
    };
    let arguments = exchanged.as_ref().map_or(arguments, |exchanged| &exchanged[..]);
    let cause = cause.replace("{name}", call.name);
    // `requests[5m]` of PromQL is a column and a window.
    let window = arguments.iter().find_map(|argument| Some(range(argument)?.1));
    match then {
        Write(template, remark) if window.is_some() => {
            let [shown, remark] = [*template, *remark].map(|text| fill(text, call, arguments, true));
            let window = window.unwrap_or_default();
            let help = format!("write `{shown}`{remark}, and `over {window}` behind the aggregate");
            function_of_another_language(&cause, call.name_at, &help)
        }
        Say(help) => function_of_another_language(&cause, call.name_at, &fill(help, call, arguments, true)),
        Write(template, remark) => {
            let [shown, remark] = [*template, *remark].map(|text| fill(text, call, arguments, true));
            let shown = format!("`{shown}`{remark}");
            let fits = places(template).is_none_or(|places| places == arguments.len() && call.is_plain());
            match fits {
                true => {
                    let replacement = fill(template, call, arguments, false);
                    // What has a remark is not quite the same.
                    let tell = if remark.is_empty() {
                        call_of_another_language
                    } else {
                        call_like_another
                    };
                    tell(&cause, call.name_at, &shown, call.at, &replacement)
                }
                false => function_of_another_language(&cause, call.name_at, &format!("write {shown}")),
            }
        }
    }
}

/// The letters of templates. `{x}` is an argument, `{(x)}` the same as an operand, `{*}` all between the brackets.
const LETTERS: [&str; 3] = ["x", "y", "z"];

/// How many arguments a template has; `None` if it takes them all as they are.
fn places(template: &str) -> Option<usize> {
    let is_there =
        |letter: &&str| template.contains(&format!("{{{letter}}}")) || template.contains(&format!("{{({letter})}}"));
    let last = LETTERS.iter().rposition(is_there);
    (!template.contains("{*}")).then(|| last.map_or(0, |last| last + 1))
}

/// A template with what is written in place of its letters; where a message is to be short, what is long as `…`.
fn fill(template: &str, call: &Written<'_>, arguments: &[&str], is_shown: bool) -> String {
    let column = |text: &str| range(text).map_or(text, |(column, _)| column).to_owned();
    let short = |text: &str| match is_shown && !is_short_part(text) {
        true => "…".to_owned(),
        false => column(text),
    };
    let argument = |letter: &str| {
        let position = LETTERS.iter().position(|known| *known == letter);
        position
            .and_then(|position| arguments.get(position))
            .map_or(letter.to_owned(), |argument| short(argument))
    };
    // In one pass: an argument may hold braces of its own.
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, (place, after))) = rest
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(
            &match place.strip_prefix('(').and_then(|place| place.strip_suffix(')')) {
                Some(letter) => super::whole(&argument(letter)),
                None if place == "*" && is_shown => column(call.shown()),
                None if place == "*" => call.inside.to_owned(),
                None => argument(place),
            },
        );
        rest = after;
    }
    text + rest
}

/// The column and the window of a range of PromQL: `requests[5m]`.
fn range(text: &str) -> Option<(&str, &str)> {
    let (column, window) = text.strip_suffix(']')?.split_once('[')?;
    let digits = window.strip_suffix(['s', 'm', 'h', 'd', 'w'])?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = column.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    (is_number && is_name).then_some((column, window))
}
