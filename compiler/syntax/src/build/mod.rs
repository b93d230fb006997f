//! From the pairs of the grammar to the tree. Nothing above this module sees a pair.

mod clauses;
mod divisions;
mod expr;
mod items;
pub(crate) mod literal;

use crate::ast::{Broken, Doc, Duration, File, Integer, Name, Text, Timestamp};
use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::explain::{self, Context};
use crate::scan::{Scan, Token};
use featc_grammar::Rule;
use literal::Refusal;
use pest::iterators::Pair;

/// Not built, and the reason is reported.
#[derive(Debug)]
pub(crate) struct Refused;

pub(crate) type Built<T> = Result<T, Refused>;

pub(crate) struct Builder<'a> {
    pub file: FileId,
    /// As the user wrote it.
    pub text: &'a str,
    pub scan: &'a Scan,
    pub diagnostics: Vec<Diagnostic>,
    /// The depth of the deepest expression built within the one under construction.
    deepest: usize,
    /// One flag per comment: whether it became the doc of a node.
    doc_used: Vec<bool>,
}

/// Builds the file from the pair of the rule `file`.
pub(crate) fn build(file: FileId, text: &str, scan: &Scan, pair: Pair<'_, Rule>) -> (File, Vec<Diagnostic>) {
    let doc_used = vec![false; scan.comments.len()];
    let mut builder = Builder {
        file,
        text,
        scan,
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

impl<'a> Builder<'a> {
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.tight(span.start(), span.end())
    }

    /// From the first to the last token in the range: pairs end with the white space and comments behind them.
    fn tight(&self, start: usize, end: usize) -> Span {
        let tokens = &self.scan.tokens;
        let after = tokens.partition_point(|token| token.end <= end);
        let last = tokens[..after].last().filter(|token| token.start >= start);
        Span::new(
            self.file,
            start,
            last.map_or(start.max(end.min(start)), |token| token.end),
        )
    }

    /// The first token at or behind an offset.
    pub fn token_from(&self, offset: usize) -> Option<Token> {
        let at = self.scan.tokens.partition_point(|token| token.start < offset);
        self.scan.tokens.get(at).copied()
    }

    /// The last token that ends at or before an offset.
    pub fn token_before(&self, offset: usize) -> Option<Token> {
        let at = self.scan.tokens.partition_point(|token| token.end <= offset);
        at.checked_sub(1).map(|at| self.scan.tokens[at])
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn refuse(&mut self, refusal: Refusal, span: Span) -> Refused {
        let diagnostic = Diagnostic::at(refusal.code, refusal.message, span, "");
        self.report(match refusal.edit {
            Some(replacement) => diagnostic.with_edit(refusal.help, span, replacement),
            None => diagnostic.with_help(refusal.help),
        });
        Refused
    }

    /// A pair that the grammar cannot produce.
    fn impossible(&mut self, pair: &Pair<'_, Rule>) -> Refused {
        let message = format!("the tree builder does not know the rule {:?} here", pair.as_rule());
        let span = self.span(pair);
        self.report(Diagnostic::at(Code::Bug, message, span, ""));
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
            text: self.scan.masked[span.start..span.end].to_owned(),
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
        // As the grammar saw it: the scanner may have understood another form.
        let text = self.scan.masked[span.start..span.end].trim_end().to_owned();
        match literal::duration(&text) {
            Ok(us) => Ok(Duration { us, text, span }),
            Err(refusal) => Err(self.refuse(refusal, span)),
        }
    }

    fn timestamp(&mut self, pair: &Pair<'_, Rule>) -> Built<Timestamp> {
        let child = self.child(pair, Rule::instant)?;
        let span = self.span(&child);
        let text = self.text[span.start..span.end].to_owned();
        match literal::instant(&text) {
            Ok(literal::Instant::Timestamp(us)) => Ok(Timestamp { us, text, span }),
            Ok(literal::Instant::Date(_)) => {
                let whole = format!("{text}T00:00:00Z");
                let diagnostic = Diagnostic::at(
                    Code::InvalidTimestamp,
                    "a date is not an instant",
                    span,
                    "has no time of day",
                );
                self.report(diagnostic.with_edit(format!("write `{whole}`"), span, whole));
                Err(Refused)
            }
            Err(refusal) => Err(self.refuse(refusal, span)),
        }
    }

    fn integer(&mut self, pair: &Pair<'_, Rule>) -> Built<Integer> {
        let span = self.span(pair);
        let text = &self.text[span.start..span.end];
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            if let Ok(value) = text.parse() {
                return Ok(Integer { value, span });
            }
            self.report(
                Diagnostic::at(Code::InvalidNumber, "the number is too large", span, "")
                    .with_help("write a smaller one"),
            );
            return Err(Refused);
        }
        let is_decimal = self.token_before(span.start).is_some_and(|open| {
            let ty = self.token_before(open.start);
            ty.is_some_and(|ty| self.text[ty.start..ty.end].eq_ignore_ascii_case("decimal"))
        });
        if let Some((precision, scale)) = text.split_once('.').filter(|_| is_decimal) {
            let whole = format!("{precision}, {scale}");
            let message = "a decimal has two numbers: all of its digits, and those behind the point";
            let diagnostic = Diagnostic::at(Code::InvalidNumber, message, span, "");
            self.report(diagnostic.with_edit(format!("write `{whole}`"), span, whole));
            return Err(Refused);
        }
        let refusal = match literal::numeric(text) {
            Err(refusal) if refusal.code == Code::InvalidNumber => refusal,
            Ok(_) | Err(_) => Refusal {
                code: Code::InvalidNumber,
                message: format!("`{text}` is not a whole number"),
                help: "write digits only".to_owned(),
                edit: None,
            },
        };
        Err(self.refuse(refusal, span))
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
        let raw = &self.text[span.start..span.end];
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
            let place = Span::new(self.file, span.start + start, span.start + end);
            let escape = self.text[place.start..place.end].to_owned();
            let diagnostic = Diagnostic::at(Code::InvalidEscape, format!("`{escape}` is not an escape"), place, "");
            self.report(
                diagnostic
                    .with_help(r#"the escapes are `\"`, `\\`, `\n`, `\t` and `\u{e9}`; a backslash is written `\\`"#),
            );
        }
        Text { value, span }
    }

    /// The doc comments directly before an offset (ordinary comments between them do not count).
    fn doc_before(&mut self, offset: usize) -> Option<Doc> {
        let comments = &self.scan.comments;
        let mut at = comments.partition_point(|comment| comment.span.start < offset);
        let mut next = offset;
        let mut lines = vec![];
        while at > 0 {
            let comment = &comments[at - 1];
            if !comment.own_line || !self.text[comment.span.end..next].trim().is_empty() {
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
        let scan = self.scan;
        for (comment, used) in scan.comments.iter().zip(std::mem::take(&mut self.doc_used)) {
            if used || !comment.is_doc {
                continue;
            }
            let slashes = Span::new(self.file, comment.span.start, comment.span.start + 3);
            let label = "`///` documents the item or feature on the next line";
            self.report(
                Diagnostic::at(
                    Code::DetachedDoc,
                    "this doc comment belongs to nothing",
                    comment.span,
                    label,
                )
                .with_edit("write `//` for an ordinary comment", slashes, "//"),
            );
        }
    }

    /// Reports what is wrong with a piece that did not parse.
    fn broken(&mut self, context: Context, pair: &Pair<'_, Rule>) -> Broken {
        let span = self.span(pair);
        let before = self.diagnostics.len();
        explain::explain(self, context, span);
        if self.diagnostics.len() == before && !self.is_poisoned(span) {
            let message = "this part does not fit the grammar";
            self.report(Diagnostic::at(Code::UnexpectedText, message, span, ""));
        }
        self.remains(span)
    }

    /// Whether something in the range was reported while scanning that the grammar could not be told.
    pub fn is_poisoned(&self, span: Span) -> bool {
        let first = self.scan.poison.partition_point(|at| *at < span.start);
        self.scan
            .poison
            .get(first)
            .is_some_and(|at| *at < span.end.max(span.start + 1))
    }

    /// What later phases may know of a range that is not in the tree.
    fn remains(&self, span: Span) -> Broken {
        let word = |token: Token| {
            let text = &self.scan.masked[token.start..token.end];
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                .then(|| text.to_owned())
        };
        let within = |token: &Token| token.end <= span.end;
        let first = self.token_from(span.start).filter(within);
        let second = first.and_then(|first| self.token_from(first.end)).filter(within);
        let name = second.and_then(|token| {
            let span = Span::new(self.file, token.start, token.end);
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
                self.report(
                    Diagnostic::at(
                        Code::RepeatedClause,
                        format!("`{clause}` is given twice"),
                        second,
                        "the second one",
                    )
                    .with_label(first, "the first one")
                    .with_help("keep one of them"),
                );
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
