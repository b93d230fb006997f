//! Parameters and templates are written out: after this phase no tree has a hole or a use, but where one is refused.
//!
//! What a template makes for a column gets places of its own, since its text is added to the map once more; so what is
//! said of it is told apart from what is said of another column, and [`Places`] leads it back to the use.

mod fill;
mod params;
mod places;

use crate::errors;
use featc_syntax::ast::{self, Broken, Item};
use featc_syntax::diag::{Diagnostic, SourceMap, Span, suggest};
use fill::Fill;
use params::{Argument, Params};
use places::Made;
pub(crate) use places::Places;
use std::collections::{BTreeMap, BTreeSet};

/// Features that the templates of a program make, at most, and the bytes that they would have if they were written out.
const FEATURES_MAX: usize = 10_000;
const BYTES_MAX: usize = 4 << 20;

/// The files without parameters and templates.
pub(crate) struct Expanded {
    pub(crate) files: Vec<ast::File>,
    /// What the spans of `files` point into.
    pub(crate) texts: SourceMap,
    pub(crate) places: Places,
    pub(crate) complaints: Vec<Diagnostic>,
}

/// Writes out the parameters and templates of a module.
pub(crate) fn expand(files: &[ast::File], texts: &SourceMap) -> Expanded {
    let mut templates: BTreeMap<&str, &ast::Template> = BTreeMap::new();
    let mut params = Params::default();
    let (mut broken, mut any_broken) = (BTreeSet::new(), false);
    for item in files.iter().flat_map(|file| &file.items) {
        params.note_columns(item);
        match item {
            Item::Template(template) => {
                templates.entry(&template.name.text).or_insert(template);
            }
            Item::Param(param) => params.declare(param),
            Item::Broken(piece) => match &piece.name {
                Some(name) => {
                    broken.insert(name.text.as_str());
                }
                None => any_broken = true,
            },
            Item::Entity(_)
            | Item::Source(_)
            | Item::Transform(_)
            | Item::View(_)
            | Item::Request(_)
            | Item::Service(_)
            | Item::Test(_)
            | Item::Table(_) => {}
        }
    }
    params.tolerate(broken, any_broken);
    let mut expansion = Expansion {
        templates,
        params,
        used: BTreeSet::new(),
        features: 0,
        bytes: 0,
        texts: texts.clone(),
        places: Places::default(),
        complaints: vec![],
    };
    let files = files.iter().map(|file| expansion.file(file)).collect();
    expansion.report_unused();
    Expanded {
        files,
        texts: expansion.texts,
        places: expansion.places,
        complaints: expansion.complaints,
    }
}

struct Expansion<'a> {
    /// The first of each name.
    templates: BTreeMap<&'a str, &'a ast::Template>,
    params: Params<'a>,
    /// Names of templates.
    used: BTreeSet<&'a str>,
    /// What was made so far.
    features: usize,
    bytes: usize,
    texts: SourceMap,
    places: Places,
    complaints: Vec<Diagnostic>,
}

impl<'a> Expansion<'a> {
    fn file(&mut self, file: &'a ast::File) -> ast::File {
        let items = file.items.iter().map(|item| self.item(item)).collect();
        ast::File {
            module: file.module.clone(),
            items,
            comments: vec![],
            span: file.span,
            is_complete: file.is_complete,
        }
    }

    fn item(&mut self, item: &'a Item) -> Item {
        let mut made = item.clone();
        let mut fill = Fill::outside(&self.params, &mut self.complaints);
        match (&mut made, item) {
            (Item::Source(source), _) => fill.source(source),
            (Item::Transform(transform), _) => fill.transform(transform),
            (Item::Service(service), _) => fill.features(&mut service.features, &mut service.broken),
            (Item::View(view), Item::View(written)) => {
                fill.view(view);
                self.uses(view, written);
            }
            (Item::Template(_), Item::Template(written)) => self.judge(written),
            (
                Item::View(_)
                | Item::Template(_)
                | Item::Entity(_)
                | Item::Request(_)
                | Item::Test(_)
                | Item::Table(_)
                | Item::Param(_)
                | Item::Broken(_),
                _,
            ) => {}
        }
        made
    }

    /// What is wrong with a template, whatever it is used for.
    fn judge(&mut self, template: &ast::Template) {
        let parameter = &template.parameter.text;
        for feature in &template.features {
            let own = ast::holes(&feature.name.text).any(|hole| hole == parameter);
            if !own {
                let (name, feature, at) = (&template.name.text, &feature.name.text, feature.name.span);
                self.complaints
                    .push(errors::feature_of_one_name(name, feature, parameter, at));
            }
            let argument = Argument {
                parameter,
                name: &template.parameter,
            };
            let mut fill = Fill::inside(&self.params, argument, template.span.file, Some(&mut self.complaints));
            fill.feature(&mut feature.clone());
        }
    }

    /// Puts the features that the uses of a view make between its own.
    fn uses(&mut self, view: &mut ast::View, written: &'a ast::View) {
        if written.uses.is_empty() {
            return;
        }
        let own = std::mem::take(&mut view.features);
        let mut all: Vec<(usize, ast::Feature)> = own.into_iter().map(|own| (own.span.start, own)).collect();
        let mut seen: BTreeMap<(&str, &str), Span> = BTreeMap::new();
        view.uses.clear();
        for found in &written.uses {
            let Some(template) = self.template(found) else {
                view.broken.push(Broken::nameless(found.span));
                continue;
            };
            if !template.broken.is_empty() {
                view.broken.push(Broken::nameless(found.span));
            }
            if !self.has_room(template, found.arguments.len()) {
                let (name, at) = (&found.template.text, found.span);
                self.complaints.push(errors::too_many_of_templates(name, at));
                view.broken.push(Broken::nameless(found.span));
                continue;
            }
            for argument in &found.arguments {
                let name = (found.template.text.as_str(), argument.text.as_str());
                if let Some(first) = seen.get(&name) {
                    let at = argument.span;
                    self.complaints.push(errors::used_twice(name.0, name.1, at, *first));
                    continue;
                }
                seen.insert(name, argument.span);
                let made = self.made(template, argument);
                all.extend(made.into_iter().map(|feature| (found.span.start, feature)));
            }
        }
        all.sort_by_key(|(start, _)| *start);
        view.features = all.into_iter().map(|(_, feature)| feature).collect();
    }

    /// The template of a use; one that is not there is reported.
    fn template(&mut self, found: &ast::Use) -> Option<&'a ast::Template> {
        let name = found.template.text.as_str();
        let template = self.templates.get_key_value(name);
        if let Some((known, _)) = template {
            self.used.insert(known);
        } else if !self.params.is_broken(name) {
            let nearest = suggest::nearest(name, self.templates.keys().copied());
            self.complaints
                .push(errors::unknown_template(name, found.template.span, nearest));
        }
        template.map(|(_, template)| *template)
    }

    /// Counts what a template makes of so many columns; false where that is too much.
    fn has_room(&mut self, template: &ast::Template, columns: usize) -> bool {
        for feature in &template.features {
            let windows = feature.over.as_ref().map_or(1, |over| over.windows.all().len());
            self.features += columns * windows;
            self.bytes += columns * (feature.span.end - feature.span.start);
        }
        self.features <= FEATURES_MAX && self.bytes <= BYTES_MAX
    }

    /// The features of a template for a column.
    fn made(&mut self, template: &ast::Template, argument: &ast::Name) -> Vec<ast::Feature> {
        let file = self.texts.add_again(template.span.file);
        let given = Argument {
            parameter: &template.parameter.text,
            name: argument,
        };
        let mut fill = Fill::inside(&self.params, given, file, None);
        let mut features = template.features.clone();
        features.iter_mut().for_each(|feature| fill.feature(feature));
        let made = Made {
            template: template.name.text.clone(),
            parameter: template.parameter.text.clone(),
            body: template.span.file,
            argument: argument.span,
            filled: fill.filled,
        };
        self.places.add(file, made);
        features
    }

    fn report_unused(&mut self) {
        for (name, template) in &self.templates {
            if !self.used.contains(name) {
                self.complaints.push(errors::unused_template(name, template.name.span));
            }
        }
        for (name, at) in self.params.unused() {
            self.complaints.push(errors::unused_parameter(name, at));
        }
    }
}
