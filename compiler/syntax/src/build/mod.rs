//! From the pairs of the grammar to the tree. Nothing above this module sees a pair.

mod clauses;
mod divisions;
mod expr;
mod items;
mod table;
mod template;
mod test;

use crate::ast::{Broken, Doc, Duration, File, Integer, Name, Text, Timestamp};
use crate::diag::{Code, Diagnostic, FileId, SHOWN_MAX, Span};
use crate::errors;
use crate::explain;
use crate::forms::Context;
use crate::literal::{self, Refusal};
use crate::scan::{Scan, Token, Tokens};
use featc_grammar::Rule;
use pest::iterators::Pair;

/// Not built, and the reason is reported.
#[derive(Debug)]
struct Refused;

type Built<T> = Result<T, Refused>;

struct Builder<'a> {
    tokens: Tokens<'a>,
    diagnostics: Vec<Diagnostic>,
    /// The depth of the deepest expression built within the one under construction.
    deepest: usize,
    /// One flag per comment: whether it became the doc of a node.
    doc_used: Vec<bool>,
}

/// Builds the file from the pair of the rule `file`.
pub(crate) fn build(file: FileId, text: &str, scan: &Scan, pair: Pair<'_, Rule>) -> (File, Vec<Diagnostic>) {
    let doc_used = vec![false; scan.comments.len()];
    let mut builder = Builder {
        tokens: Tokens { file, text, scan },
        diagnostics: vec![],
        deepest: 0,
        doc_used,
    };
    let tree = builder.file(pair);
    if !builder
        .diagnostics
        .iter()
        .chain(&scan.diagnostics)
        .any(Diagnostic::is_error)
    {
        builder.report_detached_docs();
        builder.report_divisions(&tree);
    }
    (tree, builder.diagnostics)
}

impl Builder<'_> {
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.tight(span.start(), span.end())
    }

    /// From the first to the last token in the range: pairs end with the white space and comments after them.
    fn tight(&self, start: usize, end: usize) -> Span {
        let last = self.tokens.before(end).filter(|token| token.start >= start);
        Span::new(self.tokens.file, start, last.map_or(start, |token| token.end))
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn refuse(&mut self, refusal: Refusal) -> Refused {
        self.report(*refusal);
        Refused
    }

    /// A pair that the grammar cannot produce.
    fn impossible(&mut self, pair: &Pair<'_, Rule>) -> Refused {
        self.report(errors::unknown_rule(&format!("{:?}", pair.as_rule()), self.span(pair)));
        Refused
    }

    /// The child of a rule, which the grammar guarantees.
    fn child<'p>(&mut self, pair: &Pair<'p, Rule>, rule: Rule) -> Built<Pair<'p, Rule>> {
        match find(pair, rule) {
            Some(found) => Ok(found),
            None => Err(self.impossible(pair)),
        }
    }

    fn name_of(&self, pair: &Pair<'_, Rule>) -> Name {
        let span = self.span(pair);
        // From the masked text, so that a name with refused letters is still one name.
        Name {
            text: self.tokens.scan.masked[span.start..span.end].to_owned(),
            span,
        }
    }

    /// The first `name` among the children.
    fn name(&mut self, pair: &Pair<'_, Rule>) -> Built<Name> {
        let child = self.child(pair, Rule::name)?;
        Ok(self.name_of(&child))
    }

    fn names(&self, pair: &Pair<'_, Rule>) -> Vec<Name> {
        children(pair, Rule::name).map(|child| self.name_of(&child)).collect()
    }

    fn duration(&mut self, pair: &Pair<'_, Rule>) -> Built<Duration> {
        let child = self.child(pair, Rule::duration)?;
        self.duration_of(&child)
    }

    fn duration_of(&mut self, pair: &Pair<'_, Rule>) -> Built<Duration> {
        let span = self.span(pair);
        if let Some(hole) = find(pair, Rule::holed_length) {
            let text = self.holed(&hole).text;
            return Ok(Duration { us: 0, text, span });
        }
        // As the grammar saw it: the scanner may have understood another form.
        let text = self.tokens.scan.masked[span.start..span.end].trim_end().to_owned();
        match literal::duration(&text, span) {
            Ok(us) => Ok(Duration { us, text, span }),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn timestamp(&mut self, pair: &Pair<'_, Rule>) -> Built<Timestamp> {
        let child = self.child(pair, Rule::instant)?;
        let span = self.span(&child);
        let text = self.tokens.slice(span).to_owned();
        match literal::instant(&text, span) {
            Ok(literal::Instant::Timestamp(us)) => Ok(Timestamp { us, text, span }),
            Ok(literal::Instant::Date(_)) => Err(self.refuse(errors::date_as_instant(&text, span).into())),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn integer(&mut self, pair: &Pair<'_, Rule>) -> Built<Integer> {
        let span = self.span(pair);
        let text = self.tokens.slice(span);
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            if let Ok(value) = text.parse() {
                return Ok(Integer { value, span });
            }
            return Err(self.refuse(errors::number_too_large(span).into()));
        }
        let is_decimal = self.tokens.before(span.start).is_some_and(|open| {
            let ty = self.tokens.before(open.start);
            ty.is_some_and(|ty| self.tokens.text(ty).eq_ignore_ascii_case("decimal"))
        });
        if let Some((precision, scale)) = text.split_once('.').filter(|_| is_decimal) {
            let numbers = format!("{precision}, {scale}");
            return Err(self.refuse(errors::point_in_a_decimal(span, &numbers).into()));
        }
        let refusal = match literal::numeric(text, span) {
            Err(refusal) if refusal.code == Code::InvalidNumber => refusal,
            Ok(_) | Err(_) => errors::not_a_whole_number(text, span).into(),
        };
        Err(self.refuse(refusal))
    }

    fn string(&mut self, pair: &Pair<'_, Rule>) -> Built<Text> {
        let child = if pair.as_rule() == Rule::string {
            pair.clone()
        } else {
            self.child(pair, Rule::string)?
        };
        Ok(self.string_of(&child))
    }

    fn string_of(&mut self, pair: &Pair<'_, Rule>) -> Text {
        let span = self.span(pair);
        let raw = self.tokens.slice(span);
        if !raw.starts_with('"') {
            // Other quotation marks, which the scanner has reported.
            let mut inner = raw.chars();
            inner.next();
            inner.next_back();
            return Text {
                value: inner.as_str().to_owned(),
                span,
            };
        }
        let (value, unknown) = literal::string(raw);
        for (start, end) in unknown {
            let place = Span::new(self.tokens.file, span.start + start, span.start + end);
            self.report(errors::unknown_escape(self.tokens.slice(place), place));
        }
        Text { value, span }
    }

    /// The doc comments directly before an offset (ordinary comments between them do not count).
    fn doc_before(&mut self, offset: usize) -> Option<Doc> {
        let comments = &self.tokens.scan.comments;
        let mut at = comments.partition_point(|comment| comment.span.start < offset);
        let mut next = offset;
        let mut lines = vec![];
        while at > 0 {
            let comment = &comments[at - 1];
            if !comment.own_line || !self.tokens.text[comment.span.end..next].trim().is_empty() {
                break;
            }
            at -= 1;
            next = comment.span.start;
            if comment.is_doc {
                self.doc_used[at] = true;
                lines.push(comment);
            }
        }
        lines.reverse();
        let span = lines.first()?.span.to(lines.last()?.span);
        let line = |text: &str| text[3..].strip_prefix(' ').unwrap_or(&text[3..]).to_owned();
        let text = lines
            .iter()
            .map(|comment| line(&comment.text))
            .collect::<Vec<_>>()
            .join("\n");
        Some(Doc { text, span })
    }

    fn report_detached_docs(&mut self) {
        let scan = self.tokens.scan;
        for (comment, used) in scan.comments.iter().zip(std::mem::take(&mut self.doc_used)) {
            if used || !comment.is_doc {
                continue;
            }
            let slashes = Span::new(self.tokens.file, comment.span.start, comment.span.start + 3);
            self.report(errors::detached_doc(comment.span, slashes));
        }
    }

    /// Reports what is wrong with a piece that did not parse.
    fn broken(&mut self, context: Context, pair: &Pair<'_, Rule>) -> Broken {
        let span = self.span(pair);
        let is_shown = self.diagnostics.len() < SHOWN_MAX;
        // What stands after a declaration within a block is the rest of the block; that declaration is reported.
        let is_inside = |one: &Diagnostic| one.message.ends_with(errors::WITHIN_ANOTHER);
        let is_rest = is_shown && context == Context::Item && self.diagnostics.iter().any(is_inside);
        if is_rest && explain::is_in_a_block(self.tokens, span.start) {
            return self.remains(span);
        }
        match explain::explain(self.tokens, context, span, is_shown) {
            Some(diagnostic) => self.report(diagnostic),
            None if self.tokens.is_poisoned(span) => {}
            None => self.report(errors::piece_unlike_the_grammar(span)),
        }
        self.remains(span)
    }

    /// What later phases may know of a range that is not in the tree.
    fn remains(&self, span: Span) -> Broken {
        let word = |token: Token| {
            let text = &self.tokens.scan.masked[token.start..token.end];
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                .then(|| text.to_owned())
        };
        let within = |token: &Token| token.end <= span.end;
        let first = self.tokens.from(span.start).filter(within);
        let second = first.and_then(|first| self.tokens.from(first.end)).filter(within);
        let name = second.and_then(|token| {
            let span = Span::new(self.tokens.file, token.start, token.end);
            word(token).map(|text| Name { text, span })
        });
        Broken {
            keyword: first.and_then(word),
            name,
            span,
        }
    }

    /// Keeps the first of a clause; a second one is reported.
    fn once<T>(
        &mut self,
        slot: &mut Option<T>,
        clause: &str,
        span_of: impl Fn(&T) -> Span,
        built: Built<T>,
    ) -> Built<()> {
        let value = built?;
        match slot {
            None => *slot = Some(value),
            Some(first) => {
                let (first, second) = (span_of(first), span_of(&value));
                self.report(errors::repeated_clause(clause, second, first));
            }
        }
        Ok(())
    }
}

fn find<'p>(pair: &Pair<'p, Rule>, rule: Rule) -> Option<Pair<'p, Rule>> {
    pair.clone().into_inner().find(|child| child.as_rule() == rule)
}

fn children<'p>(pair: &Pair<'p, Rule>, rule: Rule) -> impl Iterator<Item = Pair<'p, Rule>> + use<'p> {
    pair.clone().into_inner().filter(move |child| child.as_rule() == rule)
}
