//! Types, time and keys: [`res::File`] → [`ir::Program`](featc_ir::Program).

mod entity;
mod feature;
mod service;
mod source;
mod transform;
mod view;

use crate::res;
use featc_ir::{Origin, Program};
use featc_syntax::diag::{Code, Diagnostic, Outcome, SourceMap, Span};

/// Where complaints go, and where the text is.
pub(crate) struct Context<'a> {
    pub(crate) texts: &'a SourceMap,
    pub(crate) complaints: Vec<Diagnostic>,
}

impl Context<'_> {
    fn push(&mut self, complaint: Diagnostic) {
        self.complaints.push(complaint);
    }

    /// The file and line of a place.
    fn origin(&self, at: Span) -> Origin {
        let line = self.texts.position(at.file, at.start).line;
        Origin {
            file: self.texts.name(at.file).to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }
}

/// Checks a resolved module. The program is there only if everything was resolved and nothing is wrong.
pub fn check(file: &res::File, texts: &SourceMap) -> Outcome<Option<Program>> {
    let mut context = Context {
        texts,
        complaints: Vec::new(),
    };
    let entities: Vec<_> = file
        .entities
        .iter()
        .map(|entity| entity::check(entity, &mut context))
        .collect();
    let sources: Vec<_> = file
        .sources
        .iter()
        .map(|source| source::check(source, &mut context))
        .collect();
    let rows = transform::check(file, &mut context);
    let views = view::check(file, &rows, &mut context);
    service::check(file, &mut context);
    transform::warn_unused(file, &mut context);

    let is_sound = file.complete && !context.complaints.iter().any(Diagnostic::is_error);
    let program = if is_sound {
        assemble(file, entities, sources, rows, views, &context)
    } else {
        None
    };
    Outcome {
        value: program,
        diagnostics: context.complaints,
    }
}

/// Whether a warning is worth saying only when nothing is wrong, because an error elsewhere may be its cause.
pub(crate) fn is_only_for_sound_programs(code: Code) -> bool {
    code == Code::UnusedTransform
}

fn assemble(
    file: &res::File,
    entities: Vec<Option<featc_ir::Entity>>,
    sources: Vec<Option<featc_ir::Source>>,
    rows: transform::AllRows,
    views: Vec<Option<view::Checked>>,
    context: &Context<'_>,
) -> Option<Program> {
    let sources = sources.into_iter().collect::<Option<Vec<_>>>()?;
    let mut transforms = rows.transforms.into_iter().collect::<Option<Vec<_>>>()?;
    let views = view::place(
        views.into_iter().collect::<Option<Vec<_>>>()?,
        &sources,
        &mut transforms,
    );
    Some(Program {
        module: file.module.clone(),
        entities: entities.into_iter().collect::<Option<Vec<_>>>()?,
        sources,
        transforms,
        views,
        services: file
            .services
            .iter()
            .map(|service| service::build(service, context))
            .collect(),
    })
}
