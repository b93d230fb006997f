//! Time zones: whether the readers of files know them, and which one is meant.

use crate::errors;
use crate::res::{Expr, ExprKind};
use featc_ir::Function;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, SourceMap, Span, suggest};

/// The zone of a call, as one more argument.
pub(super) fn zone_of_call(
    call: &ast::Call,
    function: Option<Function>,
    at: Span,
    texts: &SourceMap,
) -> Result<Option<Expr>, Diagnostic> {
    let name = call.function.text.as_str();
    let reads_clocks = function.is_some_and(Function::reads_clocks);
    match (&call.zone, &call.arguments[..]) {
        (Some(zone), _) if !reads_clocks => Err(errors::zone_of_function(name, zone.span)),
        (Some(zone), _) => match complaint_of(zone) {
            Some(complaint) => Err(complaint),
            None => Ok(Some(Expr {
                kind: ExprKind::Literal(ast::Literal::String(zone.value.clone())),
                span: zone.span,
            })),
        },
        (None, [instant, zone]) if reads_clocks => {
            let (instant, zone) = (texts.slice(instant.span), texts.slice(zone.span));
            Err(errors::local_time(name, instant, zone, at))
        }
        (None, _) => Ok(None),
    }
}

/// Reports a zone that the readers of files would not know.
pub(super) fn check_zone(written: &ast::Text, complaints: &mut Vec<Diagnostic>) {
    complaints.extend(complaint_of(written));
}

/// What to write in place of a text that names no zone, as for programs; `None` if it names one.
pub fn step_for_zone(zone: &str) -> Option<String> {
    let mut texts = SourceMap::new();
    let file = texts.add("zone", zone);
    let written = ast::Text {
        value: zone.to_owned(),
        span: Span::new(file, 0, zone.len()),
    };
    complaint_of(&written)?.help.map(|help| help.text)
}

fn complaint_of(written: &ast::Text) -> Option<Diagnostic> {
    let (zone, at) = (written.value.as_str(), written.span);
    if zone.parse::<chrono_tz::Tz>().is_ok() {
        return None;
    }
    Some(match (offset_hours(zone), place_of(zone)) {
        (Some(hours), _) => errors::offset_as_zone(zone, hours.and_then(fixed_zone).as_deref(), at),
        (None, Some("UTC")) => errors::misspelt_zone(zone, at, "UTC"),
        (None, Some(place)) => errors::abbreviated_zone(zone, place, at),
        (None, None) if is_abbreviation(zone.trim()) => errors::zone_in_capitals(zone, at),
        (None, None) => match meant_zone(zone) {
            Some(nearest) => errors::misspelt_zone(zone, at, nearest),
            None => errors::unknown_zone(zone, at),
        },
    })
}

/// Whether a zone is written as an offset (`+02:00`, `UTC+2`), and its hours, if they are whole ones.
fn offset_hours(zone: &str) -> Option<Option<i32>> {
    let upper = zone.trim().to_ascii_uppercase();
    let rest = ["UTC", "GMT"]
        .iter()
        .find_map(|name| upper.strip_prefix(name))
        .unwrap_or(&upper);
    let rest = rest.trim_start();
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits: String = rest.chars().skip(1).filter(|c| *c != ':').collect();
    if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    let is_whole = minutes.bytes().all(|byte| byte == b'0');
    Some(hours.parse::<i32>().ok().filter(|_| is_whole).map(|hours| sign * hours))
}

/// The zone that is so many hours ahead of UTC all year: its name counts the other way.
fn fixed_zone(hours: i32) -> Option<String> {
    let name = match hours {
        0 => "UTC".to_owned(),
        hours => format!("Etc/GMT{:+}", -hours),
    };
    name.parse::<chrono_tz::Tz>().is_ok().then_some(name)
}

/// A place with the time that is abbreviated so. Most are the time of half a year, and some that of several countries.
#[rustfmt::skip]
fn place_of(zone: &str) -> Option<&'static str> {
    Some(match zone.trim().to_ascii_uppercase().as_str() {
        "Z" | "ZULU TIME" | "UTC TIME" | "COORDINATED UNIVERSAL TIME" => "UTC",
        "CEST" | "MEZ" | "MESZ" => "Europe/Berlin",
        "BST" => "Europe/London",
        "EEST" => "Europe/Helsinki",
        "WEST" => "Europe/Lisbon",
        "MSK" => "Europe/Moscow",
        "EDT" | "ET" => "America/New_York",
        "CST" | "CDT" | "CT" => "America/Chicago",
        "MDT" | "MT" => "America/Denver",
        "PST" | "PDT" | "PT" => "America/Los_Angeles",
        "BRT" => "America/Sao_Paulo",
        "IST" => "Asia/Kolkata",
        "JST" => "Asia/Tokyo",
        "KST" => "Asia/Seoul",
        "SGT" => "Asia/Singapore",
        "HKT" => "Asia/Hong_Kong",
        "AEST" | "AEDT" => "Australia/Sydney",
        "NZST" | "NZDT" => "Pacific/Auckland",
        _ => return None,
    })
}

/// `WIB`, `CET/CEST`: letters in capitals that name no place.
fn is_abbreviation(written: &str) -> bool {
    let is_short = |part: &str| (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase());
    written.split('/').all(is_short)
}

/// The zone meant: the same place in another area, in other letters or without one; or a slip of the hand in the name of a
/// place of the same area. Another place may have other clocks, so one that only looks alike is none.
fn meant_zone(zone: &str) -> Option<&'static str> {
    let plain = |text: &str| text.replace([' ', '-'], "_").to_lowercase();
    let parts = |name: &str| match name.rsplit_once('/') {
        Some((area, place)) => (plain(area), plain(place)),
        None => (String::new(), plain(name)),
    };
    let (area, place) = parts(zone);
    let all = || chrono_tz::TZ_VARIANTS.iter().map(|known| known.name());
    // Of `US/Central`, `Brazil/West` or `Australia/North` the last word is no place.
    let is_area = |known: &str| AREAS.contains(&known.split('/').next().unwrap_or("")) || !known.contains('/');
    let is_direction = |known: &str| ["north", "south", "west"].contains(&parts(known).1.as_str());
    let same_place = all()
        .filter(|known| match parts(known) {
            (known_area, known_place) if known_area == area => known_place == place,
            (_, known_place) => known_place == place && is_area(known) && !is_direction(known),
        })
        .min_by_key(|known| (parts(known).0 != area, known.len()));
    let slip = |edits: usize| {
        let mut near = all().filter(|known| {
            let (known_area, known_place) = parts(known);
            // A number of hours is no place, and names of four letters are too much alike.
            let is_name = known_place.len() >= 5 && !known_place.contains(|c: char| c.is_ascii_digit());
            known_area == area && is_name && suggest::is_within(&place, &known_place, edits)
        });
        near.next().filter(|_| near.next().is_none())
    };
    let edits_max = if place.len() >= 8 { 2 } else { 1 };
    same_place.or_else(|| (1..=edits_max).find_map(slip))
}

/// The areas of the zones that are named by a city.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];
