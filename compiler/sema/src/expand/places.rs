//! From the places of what templates made back to the program: the use first, then the template.

use crate::errors;
use featc_syntax::diag::{Code, Diagnostic, FileId, Help, Label, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What a template made for one column.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) template: String,
    pub(super) parameter: String,
    /// The file of the template.
    pub(super) body: FileId,
    /// The column, in the use.
    pub(super) argument: Span,
    /// Places that hold nothing but the column.
    pub(super) filled: BTreeSet<Span>,
}

/// What all templates made, by the files of its places.
#[derive(Debug, Default)]
pub(crate) struct Places {
    made: BTreeMap<FileId, Made>,
}

impl Places {
    pub(super) fn add(&mut self, file: FileId, made: Made) {
        self.made.insert(file, made);
    }

    /// Messages with places of the program, each once: a mistake of a template is not told for every column.
    pub(crate) fn told(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.made.is_empty() {
            return diagnostics;
        }
        let mut seen: BTreeSet<(Code, String, Span)> = BTreeSet::new();
        let mut kept = Vec::with_capacity(diagnostics.len());
        for diagnostic in diagnostics {
            let at = diagnostic.primary.as_ref().map(|primary| primary.span);
            let at = at.filter(|at| self.made.contains_key(&at.file));
            let at = at.map(|at| self.argument_at(at).unwrap_or_else(|| self.in_program(at)));
            let is_new = at.is_none_or(|at| seen.insert((diagnostic.code, diagnostic.message.clone(), at)));
            if is_new {
                kept.push(self.one(diagnostic));
            }
        }
        kept
    }

    fn one(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let of = |at: Span| self.made.get(&at.file);
        if let Some(primary) = &diagnostic.primary
            && let Some(made) = of(primary.span)
            && diagnostic.code == Code::UnknownColumn
            && diagnostic.message == format!("unknown column `{}`", made.parameter)
            && !made.filled.contains(&primary.span)
        {
            return errors::parameter_as_a_column(&made.parameter, self.in_program(primary.span));
        }
        let label = |span: Span, text: String| Label { span, text };
        if let Some(Help { edit, .. }) = &mut diagnostic.help {
            *edit = edit.take().and_then(|(at, text)| match of(at) {
                None => Some((at, text)),
                // What is right for one column need not be right in the template.
                Some(_) => Some((self.argument_at(at)?, text)),
            });
        }
        let mut told: BTreeSet<FileId> = BTreeSet::new();
        let mut secondary = vec![];
        if let Some(primary) = &mut diagnostic.primary
            && let Some(made) = of(primary.span)
        {
            let at = primary.span;
            told.insert(at.file);
            primary.span = made.argument;
            let after = match self.argument_at(at) {
                Some(_) => format!("read in template `{}`", made.template),
                None => {
                    let used = format!("template `{}` is used for it", made.template);
                    std::mem::replace(&mut primary.text, used)
                }
            };
            secondary.push(label(self.in_program(at), after));
        }
        for Label { span, text } in std::mem::take(&mut diagnostic.secondary) {
            secondary.push(label(
                self.argument_at(span).unwrap_or_else(|| self.in_program(span)),
                text,
            ));
            if let Some(made) = of(span).filter(|_| told.insert(span.file)) {
                secondary.push(label(
                    made.argument,
                    format!("template `{}` is used for it", made.template),
                ));
            }
        }
        diagnostic.secondary = secondary;
        diagnostic
    }

    /// The column in the use, of a place that holds nothing else.
    fn argument_at(&self, at: Span) -> Option<Span> {
        let made = self.made.get(&at.file)?;
        made.filled.contains(&at).then_some(made.argument)
    }

    /// The same place in the template's own file.
    fn in_program(&self, at: Span) -> Span {
        let file = self.made.get(&at.file).map_or(at.file, |made| made.body);
        Span { file, ..at }
    }
}
