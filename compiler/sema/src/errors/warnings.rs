//! W01xx to W04xx: what is allowed but probably not meant.

use super::Kind;
use featc_ir::window::format_duration;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    W0101 unused_transform(name: &str, at: Span) {
        "nothing reads transform `{name}`";
        at: "declared here";
        help: "remove it, or read it in a view";
    }

    W0102 no_owner(view: &str, at: Span) {
        "view `{view}` has no owner";
        at: "whom to ask about its features?";
        help: "add a line such as `owner \"payments\"`";
    }

    W0103 undocumented_features(view: &str, features: &[String], at: Span) {
        let names = first_of(features);
        "features of view `{view}` without a doc line";
        at: "the first of them";
        note: "without a doc line: {names}";
        help: "write a line `/// …` before each";
    }

    W0105 unused_table(name: &str, at: Span) {
        "nothing looks into table `{name}`";
        at: "declared here";
        help: "remove it, or take a column of it in a transform: `lookup {name}(key).column`";
    }

    /// `place`: a key, and the column that stands in its place.
    W0108 keys_exchanged(view: &str, entity: &str, place: (&str, &str), keys: &str, at: Span, entity_at: Span) {
        let (key, column) = place;
        "view `{view}` takes the keys of `{entity}` in another order";
        at: "`{column}` is taken as the key `{key}`";
        entity_at: "has ({keys})";
        help: "write `by ({keys})`; if they are exchanged on purpose, as for the way back, name the columns otherwise by `let` in a \
               transform";
    }

    W0109 unread_field(request: &str, field: &str, at: Span) {
        "no service reads `{field}` of request `{request}`";
        at: "no question brings it";
        help: "read `{request}.{field}` in a feature of a service, or remove it";
    }

    W0109 field_of_a_key(request: &str, field: &str, entity: &str, at: Span) {
        "no service reads `{field}` of request `{request}`";
        at: "a key of `{entity}`";
        help: "remove it, and the request where it has no other field: each question brings the keys of its entities already, and no feature of a service reads one";
    }

    /// `reach` and `behind` are durations.
    W0308 window_within_delay(source: &str, reach: &str, behind: &str, at: Span, source_at: Span) {
        "as of arrival no event can be in this window";
        at: "reaches back {reach}";
        source_at: "events of `{source}` are seen {behind} after they happen, at the soonest";
        help: "write a longer window, or a shorter `delay` if rows can be read sooner";
    }

    /// `column`: its name, and whether it may be null.
    W0301 reads_ahead(column: (&str, bool), time: &str, at: Span, column_at: Span, reader: Kind) {
        let (column, is_nullable) = column;
        let place = if reader == Kind::Transform { "after `from`" } else { "in a transform before the view" };
        let nulls = match is_nullable {
            true => format!(" (rows without `{column}` do not count there)"),
            false => String::new(),
        };
        "`{column}` may be later than the event";
        at: "not yet known at the event's time?";
        column_at: "another instant of the same row";
        note: "the event counts from `{time}` on, as if everything in its row were known then";
        help: "say {place} when the row is known and how much later that may be, for example `at {column} within 30d`{nulls}; or \
               `at {time}` if `{column}` is never later, or known by then, as a plan is";
    }

    /// Nothing is read of it but whether it is null.
    W0301 asks_whether_it_comes(column: &str, time: &str, source: &str, at: Span, column_at: Span) {
        "`{column}` may be later than the event";
        at: "whether it is null is known only afterwards";
        column_at: "another instant of the same row";
        note: "the event counts from `{time}` on, as if everything in its row were known then; with `at {column}` a row where it is null would \
               not count at all";
        help: "where each of these has one row, count what begins in a view of `{source}`, and what ends in one of `transform ended from {source} at {column} within 30d {{ \
               where {column} is not null }}` (`within`: as long as a row may take), both `over lifetime`, and subtract in a feature of a \
               service: `feature open = begun.n - ended.n`; or say `at {time}` in the transform if it is known by then whether \
               `{column}` is null";
    }

    /// `text` is the `at` as written.
    W0302 may_move_back(text: &str, time: &str, at: Span) {
        "`{text}` may lie before `{time}`, the source's time";
        at: "rows where it does are rejected";
        note: "an event cannot count before it happens";
        help: "say how much later it may lie, as long as a row may take: for example `at {text} within 30d`, then rows outside of that \
               are rejected as meant; or keep them out with a step `where {text} >= {time}`";
    }

    W0303 always_stale(view: &str, source: &str, ttl_us: u64, delay_us: u64, at: Span, source_at: Span) {
        let words = |us: u64| format_duration(i64::try_from(us).unwrap_or(i64::MAX));
        let (ttl, delay) = (words(ttl_us), words(delay_us));
        "every answer of view `{view}` is stale, and so null";
        at: "shorter than the delay {delay}";
        source_at: "`{source}` is always {delay} behind";
        help: "write a `ttl` of at least {delay}, or a `delay` of at most {ttl}: a `ttl` is about the delay, not about how \
               old events are";
    }

    /// `what` is read in UTC; `zoned` is the same on the clocks of the zone, `utc` in UTC.
    W0304 calendar_in_utc(what: &str, zone: &str, zoned: &str, utc: &str, at: Span) {
        "`{what}` is in UTC, and files have the instant on the clocks of `{zone}`";
        at: "in UTC";
        note: "that zone says how the files are read; it moves no function and no window of the calendar";
        help: "write `{zoned}`, or `{utc}` if UTC is meant";
    }

    W0305 skew_without_lateness(source: &str, at: Span) {
        "`skew` of source `{source}` bounds nothing";
        at: "no row is rejected for it";
        help: "say how late rows may come, for example `lateness 24h`: `skew` holds where lateness is bounded; or remove it";
    }

    /// `rejects`: rows of the day itself, whose event times are later than its first instant.
    /// `hours`: how long a day may be.
    W0306 arrival_of_a_day(column: &str, hours: u64, rejects: bool, at: Span) {
        let (day, why) = match hours {
            24 => ("1d", ""),
            _ => ("25h", " (so long is a day on which clocks are put back)"),
        };
        let skew = match rejects {
            true => format!(
                ", and `skew {day}`, without which rows of the day itself are rejected: their events come after its first instant"
            ),
            false => String::new(),
        };
        "arrival `{column}` is a date: the first instant of its day";
        at: "known from midnight on?";
        note: "an answer at noon would see what came in the evening";
        help: "say `delay {day}`{why}: then no answer sees it before its day has ended{skew}; or name a column that has the time, too";
    }

    W0307 version_that_is_over(table: &str, until: &str, at: Span) {
        "a view of table `{table}` does not look at `valid to`";
        at: "the last version, also when it is no longer valid";
        help: "look it up in a transform of a source, `lookup {table}(…)`, which is null then; or read `last({until})` beside it, and \
               compare in the service: `case when a.until is null or at < a.until then a.price end`";
    }

    /// `instant` as written.
    W0404 weeks_from_thursday(instant: &str, days: i64, at: Span) {
        "weeks of `truncate` begin on Thursday, as 1970 did";
        at: "counted from 1970-01-01";
        help: "weeks from Monday on are `truncate({instant} - 4d, {days}d) + 4d`, in UTC";
    }

    W0405 greatest_texts(name: &str, value: &str, at: Span) {
        let which = if name.starts_with("top") { "last" } else { "first" };
        "`{name}` of texts are the {which} ones of the alphabet";
        at: "texts";
        help: "the most frequent ones are `mode_n({value}, 3)`, those of the latest events `last_n({value}, 3)`; if the alphabet is \
               meant, leave it";
    }

    /// `count_distinct("channel")`, where `channel` is a column.
    W0406 aggregate_of_a_quoted_column(aggregate: &str, column: &str, at: Span) {
        "`{aggregate}` of a text, which is the same for every event";
        at: "a text, not the column";
        help: "a column has no quotes: write `{column}`", at => column;
    }

    /// `is_feature`: whether a feature of the view is called so.
    W0406 aggregate_of_a_text(aggregate: &str, is_feature: bool, at: Span) {
        let help = match is_feature {
            true => "a feature is known of an entity, not of an event: aggregate a column of the event, or what is computed from its columns",
            false => "write the name of a column, without quotes",
        };
        "`{aggregate}` of a text, which is the same for every event";
        at: "a text";
        help: "{help}";
    }

    W0406 aggregate_of_a_key(aggregate: &str, column: &str, entity: &str, is_count: bool, at: Span) {
        let (claim, help) = match is_count {
            true => ("is never more than 1", "count the values of another column; events are counted by `count()`"),
            false => ("is the key itself", "aggregate another column: the question brings the key"),
        };
        "`{aggregate}({column})` {claim}";
        at: "the same in all events of one `{entity}`";
        help: "{help}";
    }

    /// `total - total`
    W0406 beside_itself(written: &str, name: &str, value: &str, at: Span, first: Span) {
        "`{written}` is {value} wherever `{name}` is known";
        at: "the same once more";
        first: "the first one";
        help: "name what is meant to stand on one of the sides, such as a feature over another window";
    }

    /// `lookup customers("customer")`, where `customer` is a column.
    W0406 lookup_of_a_text(column: &str, at: Span) {
        "a lookup by a text, which is the same for every event";
        at: "a text, not the column";
        help: "a column has no quotes: write `{column}`", at => column;
    }

    W0401 twin_features(name: &str, twin: &str, at: Span, twin_at: Span) {
        "feature `{name}` means the same as `{twin}`";
        at: "always equal";
        twin_at: "its twin";
        help: "remove one of them";
    }

    /// `differ`: whether aggregates of the feature have different conditions.
    W0402 chosen_by_condition(condition: &str, events: u32, differ: bool, at: Span) {
        let so = match differ {
            true => "the aggregates are about different events".to_owned(),
            false => format!("from {events} on the count is always {events}"),
        };
        "`where` chooses the events of `over {events} events`: {so}";
        at: "the last {events} events for which this is true";
        help: "to ask it of the last {events} events, write `mean(if({condition}, 1, 0))` for the share and \
               `sum(if({condition}, 1, 0))` for the number";
    }
}

/// As many names as fit into a message.
fn first_of(features: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = super::list(&features[..features.len().min(SHOWN)]);
    match features.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}
