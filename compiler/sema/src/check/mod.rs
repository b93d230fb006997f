//! Types, time and keys: [`res::File`] → [`ir::Program`](featc_ir::Program).

mod calendar;
mod delay;
mod entity;
mod feature;
mod never;
mod same;
mod service;
mod since;
mod source;
mod transform;
mod view;
mod weeks;

use crate::res::{self, FeatureKind};
use featc_ir::{EntityId, Origin, Origins, Program, TransformId};
use featc_syntax::diag::{Code, Diagnostic, Outcome, SourceMap, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where complaints go, and where the text is.
pub(crate) struct Context<'a> {
    pub(crate) texts: &'a SourceMap,
    pub(crate) complaints: Vec<Diagnostic>,
    /// The keys that some view's column is not of the type of: which of them is wrong is not known.
    pub(crate) mistyped: BTreeSet<(EntityId, usize)>,
}

impl Context<'_> {
    fn push(&mut self, complaint: Diagnostic) {
        self.complaints.push(complaint);
    }

    /// The file and line of a place.
    fn origin(&self, at: Span) -> Origin {
        origin(self.texts, at)
    }

    /// Where everything is declared.
    fn origins(&self, file: &res::File) -> Origins {
        let mut origins = Origins::default();
        let mut add = |kind: &str, name: &str, at: Span| {
            origins.0.insert(format!("{kind} {name}"), self.origin(at));
        };
        let mut declare = |kind: &str, declared: &res::Declared| add(kind, &declared.name, declared.at);
        file.entities
            .iter()
            .for_each(|entity| declare("entity", &entity.declared));
        file.sources
            .iter()
            .for_each(|source| declare("source", &source.declared));
        file.transforms
            .iter()
            .for_each(|transform| declare("transform", &transform.declared));
        file.views.iter().for_each(|view| declare("view", &view.declared));
        file.requests
            .iter()
            .for_each(|request| declare("request", &request.declared));
        file.services
            .iter()
            .for_each(|service| declare("service", &service.declared));
        for view in &file.views {
            for feature in &view.features {
                let names = match &feature.kind {
                    FeatureKind::Aggregate { expansions } => expansions.iter().map(|e| e.name.as_str()).collect(),
                    FeatureKind::Derived | FeatureKind::Broken { .. } => vec![feature.declared.name.as_str()],
                };
                for name in names {
                    add(
                        "feature",
                        &format!("{}.{name}", view.declared.name),
                        feature.declared.at,
                    );
                }
            }
        }
        for service in &file.services {
            for feature in &service.features {
                let name = format!("{}.{}", service.declared.name, feature.declared.name);
                add("feature", &name, feature.declared.at);
            }
        }
        origins
    }
}

/// The file and line of a place.
pub(crate) fn origin(texts: &SourceMap, at: Span) -> Origin {
    let line = texts.position(at.file, at.start).line;
    let path = Path::new(texts.name(at.file));
    Origin {
        // All files of a program lie in one folder, however that is named.
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
    }
}

/// Checks a resolved module. The program is there only if everything was resolved and nothing is wrong.
pub fn check(file: &res::File, texts: &SourceMap) -> Outcome<Option<Program>> {
    let mut context = Context {
        texts,
        complaints: Vec::new(),
        mistyped: BTreeSet::new(),
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
    let services = service::check(file, &views, &mut context);
    service::warn_unread_fields(file, &mut context);
    transform::warn_unused(file, &mut context);

    let is_sound = file.complete && !context.complaints.iter().any(Diagnostic::is_error);
    let program = if is_sound {
        assemble(file, (entities, sources, rows, views, services), &context)
    } else {
        None
    };
    if let Some(program) = &program {
        service::one_field_each(file, program, &mut context);
    }
    let is_sound = !context.complaints.iter().any(Diagnostic::is_error);
    Outcome {
        value: program.filter(|_| is_sound),
        diagnostics: context.complaints,
    }
}

/// Whether a warning is worth saying only when nothing is wrong, because an error elsewhere may be its cause.
pub(crate) fn is_only_for_sound_programs(code: Code) -> bool {
    matches!(
        code,
        Code::UnusedTransform | Code::UnusedTemplate | Code::UnusedTable | Code::UnreadField | Code::SameForEveryEvent
    )
}

/// What was checked, by kind; `None` where something is wrong.
type Checked = (
    Vec<Option<featc_ir::Entity>>,
    Vec<Option<featc_ir::Source>>,
    transform::AllRows,
    Vec<Option<view::Checked>>,
    Vec<Option<featc_ir::Service>>,
);

fn assemble(
    file: &res::File,
    (entities, sources, rows, views, services): Checked,
    context: &Context<'_>,
) -> Option<Program> {
    let sources = sources.into_iter().collect::<Option<Vec<_>>>()?;
    let mut places = BTreeMap::new();
    let mut transforms = Vec::new();
    for (position, transform) in rows.transforms {
        places.insert(position, TransformId::from(transforms.len()));
        transforms.push(transform?);
    }
    let views = view::place(
        views.into_iter().collect::<Option<Vec<_>>>()?,
        &sources,
        (&places, &mut transforms),
    );
    Some(Program {
        module: file.module.clone(),
        entities: entities.into_iter().collect::<Option<Vec<_>>>()?,
        sources,
        transforms,
        views,
        services: services.into_iter().collect::<Option<Vec<_>>>()?,
        origins: context.origins(file),
    })
}
