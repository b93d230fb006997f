//! Parameters, templates and their uses.

use super::{Builder, Built, children, find};
use crate::ast::*;
use featc_grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub(super) fn param(&mut self, pair: &Pair<'_, Rule>) -> Built<Param> {
        let span = self.span(pair);
        let value = self.child(pair, Rule::default_value)?;
        Ok(Param {
            doc: self.doc_before(span.start),
            name: self.name(pair)?,
            value: self.signed_literal(&value)?,
            span,
        })
    }

    pub(super) fn template(&mut self, pair: &Pair<'_, Rule>) -> Built<Template> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let [name, parameter] = self.head_names(pair)?;
        let features = children(pair, Rule::feature).map(|child| self.feature(&child));
        let features = features.collect::<Built<_>>()?;
        let uses = children(pair, Rule::use_template).map(|child| self.use_template(&child));
        Ok(Template {
            doc,
            name,
            parameter,
            features,
            uses: uses.collect::<Built<_>>()?,
            span,
        })
    }

    pub(super) fn use_template(&mut self, pair: &Pair<'_, Rule>) -> Built<Use> {
        let list = self.child(pair, Rule::name_list)?;
        Ok(Use {
            template: self.name(pair)?,
            arguments: self.names(&list),
            span: self.span(pair),
        })
    }

    /// A name with holes, without blanks in them.
    pub(super) fn holed(&self, pair: &Pair<'_, Rule>) -> Name {
        let span = self.span(pair);
        let written = &self.tokens.scan.masked[span.start..span.end];
        let text = written.chars().filter(|letter| !letter.is_whitespace()).collect();
        Name { text, span }
    }

    /// The name of a feature, which may have holes.
    pub(super) fn feature_name(&mut self, pair: &Pair<'_, Rule>) -> Built<Name> {
        match find(pair, Rule::holed_name) {
            Some(found) => Ok(self.holed(&found)),
            None => self.name(pair),
        }
    }
}
