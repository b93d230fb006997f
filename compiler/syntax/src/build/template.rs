//! Parameters, templates and their uses.

use super::{Builder, Built, Refused, find};
use crate::ast::*;
use crate::errors;
use crate::forms::Context;
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
        let (mut features, mut broken) = (vec![], vec![]);
        for child in pair.clone().into_inner() {
            match child.as_rule() {
                Rule::feature => match self.feature(&child) {
                    Ok(feature) => features.push(feature),
                    Err(Refused) => broken.push(self.remains(self.span(&child))),
                },
                Rule::broken_statement => broken.push(self.broken(Context::Statement, &child)),
                Rule::use_template => {
                    let at = self.span(&child);
                    let other = self.name(&child)?.text;
                    self.report(errors::template_in_template(&name.text, &other, at));
                    broken.push(Broken::nameless(at));
                }
                Rule::owner | Rule::tags | Rule::ttl => {
                    let at = self.span(&child);
                    self.report(errors::not_of_a_template(&name.text, at));
                    broken.push(self.remains(at));
                }
                _ => {}
            }
        }
        Ok(Template {
            doc,
            name,
            parameter,
            features,
            broken,
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
