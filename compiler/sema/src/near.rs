//! The feature that a name is near to which no feature has; the views of rows that stand in a view's place.

use crate::errors::{Kind, Meant};
use featc_ir::window::UNITS;
use featc_syntax::diag::suggest;
use featc_syntax::{ast, duration};

/// So many names are shown.
pub(crate) const SHOWN: usize = 8;

/// The views that something else is about: those that read rows of this name, or are of this entity.
pub(crate) fn views_of<'a>(
    name: &str,
    kind: Kind,
    views: impl Iterator<Item = &'a ast::View>,
    transforms: &[&'a ast::Transform],
) -> Vec<&'a str> {
    let is_one = |view: &&ast::View| match kind {
        Kind::Source | Kind::Transform | Kind::Table => comes_from(&view.from.text, name, transforms),
        Kind::Entity => view.entity.text == name,
        Kind::Request | Kind::Service | Kind::Parameter | Kind::Template | Kind::View => false,
    };
    views.filter(is_one).map(|view| view.name.text.as_str()).collect()
}

/// Whether rows are those of this name, or come from them.
pub(crate) fn comes_from<'a>(rows: &'a str, name: &str, transforms: &[&'a ast::Transform]) -> bool {
    let from = |at: &&'a str| {
        let transform = transforms.iter().find(|transform| transform.name.text == **at);
        transform.map(|transform| transform.from.text.as_str())
    };
    // A circle of transforms ends too.
    let mut steps = std::iter::successors(Some(rows), from).take(transforms.len() + 1);
    steps.any(|at| at == name)
}

/// The one of some features that is meant by a name that is none of theirs: the same window in another spelling, or else the
/// nearest name. `is_read`: what is read beside it, and meant once more only by a slip of the hand.
pub(crate) fn nearest_feature<'a>(
    name: &str,
    features: impl Iterator<Item = &'a str> + Clone,
    is_read: impl Fn(&str) -> bool,
) -> Option<Meant<'a>> {
    let spelled = spellings(name);
    if let Some(same) = features
        .clone()
        .find(|known| spelled.iter().any(|other| other == known))
    {
        return Some(Meant::Name(same));
    }
    let near = suggest::nearest(name, features.clone())?;
    let is_other = |near: &str| digits(near) != digits(name) || has_other_window(name, near);
    let near = match is_read(near) && (is_other(near) || !suggest::is_slip(name, near)) {
        true => suggest::nearest(name, features.filter(|known| !is_read(known)))?,
        false => near,
    };
    Some(match is_other(near) {
        true => Meant::OtherNumber(near),
        false => Meant::Name(near),
    })
}

/// The features that a list of windows makes of a name; `None` where there are none of it.
pub(crate) fn of_windows<'a>(name: &str, features: impl Iterator<Item = &'a str>) -> Option<Meant<'a>> {
    let is_window = |rest: &str| rest == "lifetime" || rest.starts_with(|first: char| first.is_ascii_digit());
    let is_made = |known: &&str| {
        let rest = known.strip_prefix(name).and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(is_window)
    };
    let mut windows: Vec<&str> = features.filter(is_made).collect();
    let more = windows.len() > SHOWN;
    windows.truncate(SHOWN);
    match windows[..] {
        [] => None,
        [only] => Some(Meant::Name(only)),
        _ => Some(Meant::Windows(windows, more)),
    }
}

/// Whether two windows are equally long: `1d` and `24h`.
pub(crate) fn same_window(one: &str, other: &str) -> bool {
    duration(one).is_some_and(|us| duration(other) == Some(us))
}

/// A name with its window in other spellings: `total_24h` for `total_1d`.
fn spellings(name: &str) -> Vec<String> {
    let window = name
        .rsplit_once('_')
        .and_then(|(begin, window)| Some((begin, duration(window)?)));
    let Some((begin, us)) = window else { return Vec::new() };
    let (mut spelled, mut parts, mut rest) = (Vec::new(), String::new(), us);
    for (one, unit) in UNITS {
        if us % one == 0 {
            spelled.push(format!("{begin}_{}{unit}", us / one));
        }
        if rest >= one {
            parts.push_str(&format!("{}{unit}", rest / one));
        }
        rest %= one;
    }
    spelled.push(format!("{begin}_{parts}"));
    spelled
}

/// Whether both names end in a window, and not in equally long ones.
fn has_other_window(one: &str, other: &str) -> bool {
    let window = |name: &str| name.rsplit_once('_').and_then(|(_, window)| duration(window));
    matches!((window(one), window(other)), (Some(one), Some(other)) if one != other)
}

/// The number in a name, which is what was meant, most likely.
fn digits(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, features: &[&str], read: &[&str]) -> String {
        let found = nearest_feature(name, features.iter().copied(), |known| read.contains(&known));
        format!("{found:?}")
    }

    #[test]
    fn the_same_window_comes_before_the_same_letters() {
        let features = ["mean_temp_1h", "mean_temp_24h", "mean_temp_90m", "mean_temp_lifetime"];
        for (name, meant) in [
            ("mean_temp_1d", "Some(Name(\"mean_temp_24h\"))"),
            ("mean_temp_60m", "Some(Name(\"mean_temp_1h\"))"),
            ("mean_temp_1h30m", "Some(Name(\"mean_temp_90m\"))"),
            ("mean_tmep_1h", "Some(Name(\"mean_temp_1h\"))"),
            ("mean_temp_1s", "Some(OtherNumber(\"mean_temp_1h\"))"),
            ("mean_temp_lifetim", "Some(Name(\"mean_temp_lifetime\"))"),
            ("mean_temp_2h", "Some(OtherNumber(\"mean_temp_1h\"))"),
        ] {
            assert_eq!(told(name, &features, &[]), meant, "{name}");
        }
        assert_eq!(
            told("total_90m", &["total_1h30m", "total_9m"], &[]),
            "Some(Name(\"total_1h30m\"))"
        );
        assert_eq!(
            told("total_7d", &["total_168h", "total_1h"], &[]),
            "Some(Name(\"total_168h\"))"
        );
    }

    #[test]
    fn what_is_read_beside_it_is_no_guess() {
        let features = ["mean_temp_1h", "mean_tamp_1h"];
        assert_eq!(told("mean_temp_1d", &["mean_temp_1h"], &["mean_temp_1h"]), "None");
        assert_eq!(
            told("clickouts", &["clicks", "clickins"], &["clicks"]),
            "Some(Name(\"clickins\"))"
        );
        assert_eq!(
            told("mean_tep_1h", &features, &["mean_temp_1h"]),
            "Some(Name(\"mean_temp_1h\"))"
        );
    }
}
