//! Tests: tables of rows, and what is expected.

use super::{Builder, Built, children, find};
use crate::ast::*;
use crate::diag::Span;
use crate::errors;
use crate::literal;
use featc_grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub(super) fn test(&mut self, pair: &Pair<'_, Rule>) -> Built<Test> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let (name, view) = (self.string(pair)?, self.name(pair)?);
        let mut parts = vec![];
        for child in pair.clone().into_inner() {
            match child.as_rule() {
                Rule::given => parts.push(TestPart::Given(self.given(&child)?)),
                Rule::expect => parts.push(TestPart::Expect(self.expect(&child)?)),
                _ => {}
            }
        }
        Ok(Test {
            doc,
            name,
            view,
            parts,
            span,
        })
    }

    fn given(&mut self, pair: &Pair<'_, Rule>) -> Built<Given> {
        let source = self.name(pair)?;
        let mut rows = children(pair, Rule::row).map(|row| self.row(&row));
        let header = rows.next();
        let rows: Vec<Row> = rows.collect();
        match header {
            Some(header) => Ok(Given {
                source,
                header,
                rows,
                span: self.span(pair),
            }),
            None => Err(self.impossible(pair)),
        }
    }

    fn row(&mut self, pair: &Pair<'_, Rule>) -> Row {
        let cells = children(pair, Rule::cell).map(|cell| {
            let found = cell.as_span();
            self.cell(Span::new(self.tokens.file, found.start(), found.end()))
        });
        Row {
            cells: cells.collect(),
            span: self.span(pair),
        }
    }

    /// A value, with or without blanks around it.
    fn cell(&mut self, whole: Span) -> Cell {
        let raw = self.tokens.slice(whole);
        let text = raw.trim().to_owned();
        let start = whole.start + raw.len() - raw.trim_start().len();
        let span = match text.is_empty() {
            true => whole,
            false => Span::new(whole.file, start, start + text.len()),
        };
        let quoted = text.starts_with('"').then(|| {
            let (value, unknown) = literal::string(&text);
            for (from, to) in unknown {
                let place = Span::new(span.file, span.start + from, span.start + to);
                self.report(errors::unknown_escape(self.tokens.slice(place), place));
            }
            value
        });
        Cell { text, quoted, span }
    }

    fn expect(&mut self, pair: &Pair<'_, Rule>) -> Built<Expect> {
        let at = self.timestamp(pair)?;
        let asked = find(pair, Rule::asked);
        let head_end = asked.as_ref().map_or(at.span.end, |asked| self.span(asked).end);
        let asked = asked.into_iter().flat_map(|asked| children(&asked, Rule::asked_key));
        Ok(Expect {
            as_known: find(pair, Rule::as_known).map(|known| self.span(&known)),
            at,
            asked: asked.map(|key| self.asked(&key)).collect::<Built<_>>()?,
            head_end,
            expected: children(pair, Rule::expected)
                .map(|expected| self.expected(&expected))
                .collect::<Built<_>>()?,
            span: self.span(pair),
        })
    }

    fn asked(&mut self, pair: &Pair<'_, Rule>) -> Built<Asked> {
        let names = self.names(pair);
        let (Some(first), Some(last)) = (names.first(), names.last()) else {
            return Err(self.impossible(pair));
        };
        let parts: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
        let name = Name {
            text: parts.join("."),
            span: first.span.to(last.span),
        };
        let value = self.child(pair, Rule::value)?;
        Ok(Asked {
            name,
            value: self.value(&value),
        })
    }

    fn expected(&mut self, pair: &Pair<'_, Rule>) -> Built<Expected> {
        let value = match find(pair, Rule::values) {
            Some(list) => {
                let items = children(&list, Rule::value).map(|value| self.value(&value));
                Wanted::List(items.collect(), self.span(&list))
            }
            None => {
                let value = self.child(pair, Rule::value)?;
                Wanted::One(self.value(&value))
            }
        };
        let status = find(pair, Rule::status).map(|status| {
            let names: Vec<String> = self.names(&status).into_iter().map(|name| name.text).collect();
            Name {
                text: match &names[..] {
                    [word, code] => format!("{word}({code})"),
                    _ => names.concat(),
                },
                span: self.span(&status),
            }
        });
        Ok(Expected {
            feature: self.name(pair)?,
            value,
            status,
            span: self.span(pair),
        })
    }

    fn value(&mut self, pair: &Pair<'_, Rule>) -> Cell {
        let span = self.span(pair);
        let parts: Vec<Span> = pair.clone().into_inner().map(|part| self.span(&part)).collect();
        let mut cell = self.cell(parts.last().copied().unwrap_or(span));
        if parts.len() > 1 {
            cell.text.insert(0, '-');
        }
        Cell { span, ..cell }
    }
}
