//! Patterns, matched by walking back: every way to match is tried in the order that the language of the pattern prefers.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::collections::BTreeSet;

/// Whether a pattern of `like` is about the whole of a text.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // The lengths of beginnings of the text that the pattern so far is about.
    let mut ends = BTreeSet::from([0]);
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        ends = match next {
            '%' => (ends.first().copied().unwrap_or(text.len() + 1)..=text.len()).collect(),
            _ => {
                let wanted = if next == '\\' {
                    rest.next().unwrap_or('\\')
                } else {
                    next
                };
                let fits = |end: &usize| text.get(*end).is_some_and(|found| next == '_' || *found == wanted);
                ends.into_iter().filter(fits).map(|end| end + 1).collect()
            }
        };
    }
    ends.contains(&text.len())
}

/// The leftmost match of a regular expression.
pub struct Found {
    /// The first group, or the whole match where the expression has none; `None` of a group that takes no part.
    pub first: Option<String>,
}

/// `None` of what is no expression; `Some(None)` where nothing matches. Of the matches at one place that is taken which Perl
/// would find first. As in the chapter on backtracking of R. Cox, "Regular Expression Matching: the Virtual Machine Approach"
/// (2009): no step is taken twice from one place, so the first way that reaches a state is the preferred one.
pub fn found(text: &str, pattern: &str) -> Option<Option<Found>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut steps = Steps(Vec::new());
    steps.add(&hir);
    steps.0.push(Step::End);
    let text: Vec<char> = text.chars().collect();
    let has_group = hir.properties().explicit_captures_len() > 0;
    let mut seen = BTreeSet::new();
    for begin in 0..=text.len() {
        // Where to go on: step, place, and the group so far.
        let mut open = vec![(0, begin, [None; 2])];
        while let Some((step, at, group)) = open.pop() {
            if !seen.insert((step, at)) {
                continue;
            }
            match &steps.0[step] {
                Step::One(ranges) => {
                    let fits = |found: &char| ranges.iter().any(|(from, to)| from <= found && found <= to);
                    if text.get(at).is_some_and(fits) {
                        open.push((step + 1, at + 1, group));
                    }
                }
                Step::Look(look) => {
                    if holds(*look, &text, at) {
                        open.push((step + 1, at, group));
                    }
                }
                Step::Either(first, second) => {
                    open.push((*second, at, group));
                    open.push((*first, at, group));
                }
                Step::To(next) => open.push((*next, at, group)),
                Step::Edge(edge) => {
                    let mut group = group;
                    group[*edge] = Some(at);
                    open.push((step + 1, at, group));
                }
                Step::End => {
                    let part = |from: usize, to: usize| text[from..to].iter().collect::<String>();
                    let first = match (has_group, group) {
                        (false, _) => Some(part(begin, at)),
                        (true, [Some(from), Some(to)]) => Some(part(from, to)),
                        (true, _) => None,
                    };
                    return Some(Some(Found { first }));
                }
            }
        }
    }
    Some(None)
}

enum Step {
    /// A character of one of these ranges, ends included.
    One(Vec<(char, char)>),
    Look(Look),
    /// The first is preferred.
    Either(usize, usize),
    To(usize),
    /// The begin (0) or the end (1) of the first group.
    Edge(usize),
    End,
}

struct Steps(Vec<Step>);

impl Steps {
    /// Holds the place of a step that is known later.
    fn later(&mut self) -> usize {
        self.0.push(Step::End);
        self.0.len() - 1
    }

    /// `preferred` or else `other`, in the order that greed has it.
    fn choice(&mut self, place: usize, is_greedy: bool, (into, past): (usize, usize)) {
        self.0[place] = match is_greedy {
            true => Step::Either(into, past),
            false => Step::Either(past, into),
        };
    }

    fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => {
                let text = String::from_utf8_lossy(&literal.0).into_owned();
                self.0.extend(text.chars().map(|one| Step::One(vec![(one, one)])));
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class.ranges().iter().map(|range| (range.start(), range.end()));
                self.0.push(Step::One(ranges.collect()));
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ranges = class.ranges().iter();
                let ranges = ranges.map(|range| (char::from(range.start()), char::from(range.end())));
                self.0.push(Step::One(ranges.collect()));
            }
            HirKind::Look(look) => self.0.push(Step::Look(*look)),
            HirKind::Capture(capture) if capture.index == 1 => {
                self.0.push(Step::Edge(0));
                self.add(&capture.sub);
                self.0.push(Step::Edge(1));
            }
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.add(part)),
            HirKind::Alternation(parts) => self.alternatives(parts),
            HirKind::Repetition(repetition) => {
                let (sub, is_greedy) = (&*repetition.sub, repetition.greedy);
                match repetition.max {
                    Some(max) => {
                        (0..repetition.min).for_each(|_| self.add(sub));
                        let choices: Vec<usize> = (repetition.min..max)
                            .map(|_| {
                                let choice = self.later();
                                self.add(sub);
                                choice
                            })
                            .collect();
                        let past = self.0.len();
                        for choice in choices {
                            self.choice(choice, is_greedy, (choice + 1, past));
                        }
                    }
                    None if repetition.min == 0 => {
                        // A round of nothing is taken once, as `(x+)?` takes it, so that its groups are set.
                        let skip = self.later();
                        self.rounds(sub, is_greedy);
                        let past = self.0.len();
                        self.choice(skip, is_greedy, (skip + 1, past));
                    }
                    None => {
                        (1..repetition.min).for_each(|_| self.add(sub));
                        self.rounds(sub, is_greedy);
                    }
                }
            }
        }
    }

    /// Once or more.
    fn rounds(&mut self, sub: &Hir, is_greedy: bool) {
        let begin = self.0.len();
        self.add(sub);
        let again = self.later();
        self.choice(again, is_greedy, (begin, again + 1));
    }

    fn alternatives(&mut self, parts: &[Hir]) {
        let mut ends = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            if place + 1 == parts.len() {
                self.add(part);
                break;
            }
            let choice = self.later();
            self.add(part);
            ends.push(self.later());
            let next = self.0.len();
            self.0[choice] = Step::Either(choice + 1, next);
        }
        let past = self.0.len();
        for end in ends {
            self.0[end] = Step::To(past);
        }
    }
}

fn holds(look: Look, text: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    let after = text.get(at).copied();
    let is_word = |one: Option<char>| one.is_some_and(regex_syntax::is_word_character);
    let is_ascii_word = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric() || one == '_');
    let word = (is_word(before), is_word(after));
    let ascii = (is_ascii_word(before), is_ascii_word(after));
    match look {
        Look::Start => before.is_none(),
        Look::End => after.is_none(),
        Look::StartLF => before.is_none_or(|before| before == '\n'),
        Look::EndLF => after.is_none_or(|after| after == '\n'),
        Look::StartCRLF => match before {
            None | Some('\n') => true,
            Some('\r') => after != Some('\n'),
            Some(_) => false,
        },
        Look::EndCRLF => match after {
            None | Some('\r') => true,
            Some('\n') => before != Some('\r'),
            Some(_) => false,
        },
        Look::WordUnicode => word.0 != word.1,
        Look::WordUnicodeNegate => word.0 == word.1,
        Look::WordStartUnicode => !word.0 && word.1,
        Look::WordEndUnicode => word.0 && !word.1,
        Look::WordStartHalfUnicode => !word.0,
        Look::WordEndHalfUnicode => !word.1,
        Look::WordAscii => ascii.0 != ascii.1,
        Look::WordAsciiNegate => ascii.0 == ascii.1,
        Look::WordStartAscii => !ascii.0 && ascii.1,
        Look::WordEndAscii => ascii.0 && !ascii.1,
        Look::WordStartHalfAscii => !ascii.0,
        Look::WordEndHalfAscii => !ascii.1,
    }
}
