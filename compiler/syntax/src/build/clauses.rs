//! Clauses of sources, and features with their tails.

use super::{Builder, Built, Refused, children, find};
use crate::ast::*;
use crate::diag::Span;
use crate::errors;
use crate::forms::Context;
use featc_grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    /// `truncate(at, 1w)`: seven days are no week there.
    pub(super) fn refuse_weeks(&mut self, pair: &Pair<'_, Rule>) -> Built<()> {
        let Some(unit) = children(pair, Rule::expr).nth(1) else {
            return Ok(());
        };
        let text = unit.as_str().trim_end();
        let is_week = matches!(
            text.trim_start_matches(|c: char| c.is_ascii_digit()),
            "w" | "week" | "weeks"
        );
        if is_week && pair.as_str().starts_with("truncate") {
            let start = self.span(&unit).start;
            let at = Span::new(self.tokens.file, start, start + text.len());
            self.report(errors::weeks_of_truncate(text, at));
            return Err(Refused);
        }
        Ok(())
    }

    /// A clause of the view after a feature on its line: it may be meant for the feature. Says whether the view goes without it.
    pub(super) fn refuse_behind_a_feature(&mut self, view: &mut View, pair: &Pair<'_, Rule>) -> bool {
        let span = self.span(pair);
        let clause = pair.as_str().split([' ', '[']).next().unwrap_or("");
        let on_its_line = |feature: &&Feature| !self.tokens.text[feature.span.end..span.start].contains('\n');
        let Some(feature) = view.features.last().filter(on_its_line) else {
            return false;
        };
        // With its window missing, nothing more can be said of the feature.
        if clause == "ttl" && feature.over.is_none() && has_call(&feature.value) {
            let length = pair.as_str()[clause.len()..].trim();
            self.report(errors::ttl_as_a_window(length, span, feature.name.span));
            view.broken.push(Broken {
                keyword: Some("feature".to_owned()),
                name: Some(feature.name.clone()),
                span: feature.span,
            });
            view.features.pop();
            return true;
        }
        self.report(errors::clause_of_the_view(clause, span, feature.name.span));
        match clause {
            "owner" => view.owner.is_some(),
            "tags" => view.tags.is_some(),
            _ => view.ttl.is_some(),
        }
    }

    pub(super) fn source(&mut self, pair: &Pair<'_, Rule>) -> Built<Source> {
        let span = self.span(pair);
        let mut source = Source {
            doc: self.doc_before(span.start),
            name: self.name(pair)?,
            columns: None,
            unique: None,
            time: None,
            arrival: None,
            static_rows: None,
            delay: None,
            lateness: None,
            skew: None,
            begins: None,
            zone: None,
            keep_nan: None,
            batch: None,
            stream: None,
            broken: vec![],
            span,
        };
        for child in pair.clone().into_inner() {
            if let Err(Refused) = self.clause(&mut source, &child) {
                source.broken.push(self.remains(self.span(&child)));
            }
        }
        Ok(source)
    }

    fn clause(&mut self, source: &mut Source, pair: &Pair<'_, Rule>) -> Built<()> {
        let span = self.span(pair);
        match pair.as_rule() {
            Rule::columns => {
                let built = self.columns_of(pair).map(|columns| Columns { columns, span });
                self.once(&mut source.columns, "columns", |clause| clause.span, built)
            }
            Rule::unique => {
                let built = self.unique(pair, span);
                self.once(&mut source.unique, "unique", |clause| clause.span, built)
            }
            Rule::time => {
                let built = self.name(pair).map(|column| TimeClause { column, span });
                self.once(&mut source.time, "time", |clause| clause.span, built)
            }
            Rule::arrival => {
                let built = self.arrival(pair, span);
                self.once(&mut source.arrival, "arrival", |clause| clause.span, built)
            }
            Rule::delay => {
                let built = self.duration(pair).map(|value| DurationClause { value, span });
                self.once(&mut source.delay, "delay", |clause| clause.span, built)
            }
            Rule::lateness => {
                let bound = find(pair, Rule::duration)
                    .map(|child| self.duration_of(&child))
                    .transpose();
                let built = bound.map(|bound| Lateness { bound, span });
                self.once(&mut source.lateness, "lateness", |clause| clause.span, built)
            }
            Rule::skew => {
                let built = self.duration(pair).map(|value| DurationClause { value, span });
                self.once(&mut source.skew, "skew", |clause| clause.span, built)
            }
            Rule::begins => {
                let built = self.timestamp(pair).map(|at| Begins { at, span });
                self.once(&mut source.begins, "begins", |clause| clause.span, built)
            }
            Rule::zone => {
                let built = self.string(pair).map(|value| TextClause { value, span });
                self.once(&mut source.zone, "zone", |clause| clause.span, built)
            }
            Rule::static_rows => self.once(&mut source.static_rows, "static", |span| *span, Ok(span)),
            Rule::keep_nan => self.once(&mut source.keep_nan, "keep nan", |span| *span, Ok(span)),
            Rule::batch => {
                let built = self.files(pair, span);
                self.files_once(&mut source.batch, "batch", built)
            }
            Rule::stream => {
                let built = self.files(pair, span);
                self.files_once(&mut source.stream, "stream", built)
            }
            Rule::broken_clause => {
                let broken = self.broken(Context::Clause, pair);
                source.broken.push(broken);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// As [`Builder::once`], of files: a second clause is meant as more of them.
    pub(super) fn files_once(&mut self, slot: &mut Option<Files>, clause: &str, built: Built<Files>) -> Built<()> {
        let files = built?;
        let Some(first) = slot else {
            *slot = Some(files);
            return Ok(());
        };
        let text = |span: Span| self.tokens.slice(span);
        let paths = match &files.paths[..] {
            [one, .., last] => text(one.span.to(last.span)),
            [only] => text(only.span),
            [] => "",
        };
        let (whole, between) = (
            first.span.to(files.span),
            Span::new(first.span.file, first.span.end, files.span.start),
        );
        let joined = format!("{}, {paths}", text(first.span));
        let shown = joined.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = first.format.text == files.format.text && first.version.is_none() && files.version.is_none();
        let edited = format!("{joined}{}", text(between).trim_end());
        let complaint = match fits && joined.len() <= 100 && !joined.contains('\n') {
            true => errors::more_files(clause, files.span, first.span, &shown, whole, &edited),
            false => errors::other_files(clause, files.span, first.span),
        };
        self.report(complaint);
        Ok(())
    }

    fn unique(&mut self, pair: &Pair<'_, Rule>, span: Span) -> Built<Unique> {
        if find(pair, Rule::all_kw).is_some() {
            return Ok(Unique {
                kind: UniqueKind::All,
                span,
            });
        }
        let list = find(pair, Rule::name_list).unwrap_or_else(|| pair.clone());
        Ok(Unique {
            kind: UniqueKind::Columns(self.names(&list)),
            span,
        })
    }

    fn arrival(&mut self, pair: &Pair<'_, Rule>, span: Span) -> Built<Arrival> {
        let kind = match find(pair, Rule::after_time) {
            Some(after) => ArrivalKind::AfterTime(self.duration(&after)?),
            None => ArrivalKind::Column(self.name(pair)?),
        };
        Ok(Arrival { kind, span })
    }

    pub(super) fn files(&mut self, pair: &Pair<'_, Rule>, span: Span) -> Built<Files> {
        let word = self.child(pair, Rule::file_format)?;
        let version = match find(pair, Rule::version) {
            Some(version) => {
                let number = self.child(&version, Rule::numeric)?;
                let span = self.span(&version);
                Some(Integer {
                    span,
                    ..self.integer(&number)?
                })
            }
            None => None,
        };
        let paths = children(pair, Rule::string);
        Ok(Files {
            format: self.name(&word)?,
            paths: paths.map(|child| self.string_of(&child)).collect(),
            version,
            span,
        })
    }

    pub(super) fn feature(&mut self, pair: &Pair<'_, Rule>) -> Built<Feature> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let (name, value) = (self.feature_name(pair)?, self.expr_in(pair)?);
        let mut feature = Feature {
            doc,
            name,
            value,
            over: None,
            cap: None,
            default: None,
            span,
        };
        for child in pair.clone().into_inner() {
            match child.as_rule() {
                Rule::over => {
                    let built = self.over(&child);
                    self.once(&mut feature.over, "over", |clause| clause.span, built)?;
                }
                Rule::cap => {
                    let number = self.child(&child, Rule::numeric)?;
                    let built = self.integer(&number).map(|value| Cap {
                        value,
                        span: self.span(&child),
                    });
                    self.once(&mut feature.cap, "cap", |clause| clause.span, built)?;
                }
                Rule::default => {
                    let built = match find(&child, Rule::holed) {
                        Some(hole) => Ok(self.hole(&hole)),
                        None => {
                            let value = self.child(&child, Rule::default_value)?;
                            self.signed_literal(&value)
                        }
                    };
                    let built = built.map(|value| DefaultClause {
                        value,
                        span: self.span(&child),
                    });
                    self.once(&mut feature.default, "default", |clause| clause.span, built)?;
                }
                _ => {}
            }
        }
        Ok(feature)
    }

    fn over(&mut self, pair: &Pair<'_, Rule>) -> Built<Over> {
        let windows = match find(pair, Rule::windows) {
            Some(list) => Windows::List(
                children(&list, Rule::window)
                    .map(|child| self.window(&child))
                    .collect::<Built<_>>()?,
            ),
            None => {
                let window = self.child(pair, Rule::window)?;
                Windows::One(self.window(&window)?)
            }
        };
        let excluding = find(pair, Rule::excluding).map(|clause| {
            let is_now = find(&clause, Rule::now_kw).is_some();
            let kind = if is_now {
                ExcludingKind::Now
            } else {
                ExcludingKind::SelfEvent
            };
            Excluding {
                kind,
                span: self.span(&clause),
            }
        });
        Ok(Over {
            windows,
            excluding,
            span: self.span(pair),
        })
    }

    fn window(&mut self, pair: &Pair<'_, Rule>) -> Built<Window> {
        let span = self.span(pair);
        if let Some(events) = find(pair, Rule::events_window) {
            let number = self.child(&events, Rule::numeric)?;
            let max = find(&events, Rule::max).map(|max| self.duration(&max)).transpose()?;
            let count = self.integer(&number)?;
            return Ok(Window::Events { count, max, span });
        }
        if let Some(since) = find(pair, Rule::since_window) {
            let max = self.child(&since, Rule::max)?;
            return Ok(Window::Since {
                condition: Box::new(self.expr_in(&since)?),
                max: self.duration(&max)?,
                span,
            });
        }
        if let Some(window) = find(pair, Rule::this_window).or_else(|| find(pair, Rule::past_window)) {
            return self.periods(&window);
        }
        let length = find(pair, Rule::duration);
        let number = length.as_ref().map(|length| self.span(length)).filter(|at| {
            let digits = self.tokens.slice(*at);
            digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some(at) = number {
            let complaint = errors::window_without_unit(self.tokens.slice(at), at);
            return Err(self.refuse(complaint.into()));
        }
        let length = length.map(|length| self.duration_of(&length)).transpose()?;
        if let Some((length, grid)) = length.clone().zip(find(pair, Rule::grid)) {
            let after = find(&grid, Rule::after)
                .map(|after| self.duration(&after))
                .transpose()?;
            return Ok(Window::Grid {
                length,
                every: self.duration(&grid)?,
                after,
                zone: find(&grid, Rule::in_zone).map(|zone| self.string(&zone)).transpose()?,
                span,
            });
        }
        let offset = find(pair, Rule::offset)
            .map(|offset| self.duration(&offset))
            .transpose()?;
        Ok(match (length, offset) {
            (length, Some(offset)) => Window::Offset { length, offset, span },
            (Some(length), None) => Window::Last(length),
            (None, None) => Window::Lifetime(span),
        })
    }

    /// `this day`, `last 3 months`
    fn periods(&mut self, pair: &Pair<'_, Rule>) -> Built<Window> {
        const UNITS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
        let span = self.span(pair);
        let word = match find(pair, Rule::unit) {
            Some(word) => word,
            None => self.child(pair, Rule::units)?,
        };
        let word = word.as_str().trim_end_matches('s');
        // The grammar knows no others.
        let unit = UNITS.into_iter().find(|unit| *unit == word).unwrap_or(UNITS[0]);
        let zone = find(pair, Rule::in_zone).map(|zone| self.string(&zone)).transpose()?;
        Ok(match find(pair, Rule::numeric) {
            None => Window::This { unit, zone, span },
            Some(number) => Window::Past {
                count: self.integer(&number)?,
                unit,
                zone,
                span,
            },
        })
    }
}

/// Whether something is called in it, which may be an aggregate.
fn has_call(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Call(_)) || expr.children().into_iter().any(has_call)
}
