//! What of a program Feast can name, and what not.

use featc_ir::plan::Spine;
use featc_ir::{Key, Program, Role, Service, ServiceField, Type};
use std::collections::BTreeSet;

/// What a repository of Feast declares.
#[derive(Debug)]
pub struct Catalogue {
    pub module: String,
    /// Distinct, in the order of the views.
    pub entities: Vec<Entity>,
    pub views: Vec<View>,
    pub services: Vec<Asked>,
    /// What is not declared, and why.
    pub left_out: Vec<String>,
    /// What is declared, and answered otherwise than one might think.
    pub notes: Vec<String>,
}

/// A join key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub name: String,
    pub key: Key,
    pub doc: Option<String>,
}

/// A feature view.
#[derive(Debug)]
pub struct View {
    pub name: String,
    pub doc: Option<String>,
    pub owner: Option<String>,
    pub tags: Vec<String>,
    /// Places in [`Catalogue::entities`].
    pub entities: Vec<usize>,
    pub features: Vec<Feature>,
}

#[derive(Debug)]
pub struct Feature {
    pub name: String,
    pub doc: Option<String>,
    pub ty: Type,
}

/// A feature service.
#[derive(Debug)]
pub struct Asked {
    pub name: String,
    pub doc: Option<String>,
    /// Per view, its name and the features of it, in the order of the service.
    pub features: Vec<(String, Vec<String>)>,
}

impl Catalogue {
    pub fn of(program: &Program) -> Catalogue {
        let plans = featc_driver::lower(program);
        let mut catalogue = Catalogue {
            module: program.module.clone(),
            entities: Vec::new(),
            views: Vec::new(),
            services: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
        };
        let mut servable: Vec<(&Service, &Spine)> = Vec::new();
        for (service, graph) in program.services.iter().zip(&plans.stream) {
            match beyond(program, service, &graph.spine) {
                Some(why) => catalogue.left_out.push(format!("service `{}`: {why}", service.name)),
                None => servable.push((service, &graph.spine)),
            }
        }
        for (place, view) in program.views.iter().enumerate() {
            let fields = servable.iter().flat_map(|(service, _)| &service.fields);
            let own = fields.filter(|field| field.view.index() == place && field.role.is_none());
            let keys = &program.entity(view.entity).keys;
            catalogue.add_view(program, (&view.name, view, keys), &own.collect::<Vec<_>>());
        }
        catalogue.add_roles(program, &servable);
        for (service, spine) in servable {
            catalogue.add_service(program, service, spine);
        }
        catalogue
    }

    /// The entities of a view, those that are new among them; `keys` are what questions call them.
    fn keys(&mut self, program: &Program, view: &featc_ir::View, keys: &[Key]) -> Vec<usize> {
        let entity = program.entity(view.entity);
        let place = |key: &Key| {
            if let Some(known) = self.entities.iter().position(|known| known.key == *key) {
                return known;
            }
            // A key of another type may have the name.
            let mut name = key.name.clone();
            while self.entities.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
                name.push('_');
            }
            let (key, doc) = (key.clone(), entity.doc.clone());
            self.entities.push(Entity { name, key, doc });
            self.entities.len() - 1
        };
        keys.iter().map(place).collect()
    }

    /// Roles are views of their own to Feast. One that services agree on is one.
    fn add_roles(&mut self, program: &Program, servable: &[(&Service, &Spine)]) {
        let mut known: Vec<&Role> = Vec::new();
        for (service, _) in servable {
            for role in &service.roles {
                if known.contains(&role) {
                    continue;
                }
                if known.iter().any(|other| other.name == role.name) {
                    let (service, name) = (&service.name, &role.name);
                    self.left_out.push(format!(
                        "role `{name}` of service `{service}`: another service has a role of this name, and means something else"
                    ));
                    continue;
                }
                known.push(role);
                let of_service = servable.iter().flat_map(|(other, _)| {
                    let is_it = |field: &&ServiceField| field.role.is_some_and(|id| other.roles[id.index()] == *role);
                    other.fields.iter().filter(is_it)
                });
                let view = program.view(role.view);
                self.add_view(program, (&role.name, view, &role.keys), &of_service.collect::<Vec<_>>());
            }
        }
    }

    /// A view, or a role of one; `fields` are its columns in services that Feast can ask.
    fn add_view(
        &mut self,
        program: &Program,
        (name, view, keys): (&String, &featc_ir::View, &[Key]),
        fields: &[&ServiceField],
    ) {
        if fields.is_empty() {
            self.left_out.push(format!(
                "view `{name}`: no service that Feast can ask answers a feature of it"
            ));
            return;
        }
        if let Some(other) = self.views.iter().find(|other| other.name.eq_ignore_ascii_case(name)) {
            let other = &other.name;
            self.left_out
                .push(format!("view `{name}`: Feast does not tell its name from `{other}`"));
            return;
        }
        let mut features: Vec<Feature> = Vec::new();
        let mut unasked = Vec::new();
        for (place, feature) in view.features.iter().enumerate() {
            let of_feature = fields.iter().filter(|field| field.feature.index() == place);
            let names: BTreeSet<&str> = of_feature.map(|field| short(field, name)).collect();
            if names.is_empty() {
                unasked.push(format!("`{}`", feature.name));
            }
            for short in names {
                if keys.iter().any(|key| key.name == *short) {
                    self.left_out.push(format!(
                        "feature `{name}:{short}`: it is called like a join key of its view"
                    ));
                } else {
                    features.push(Feature {
                        name: short.to_owned(),
                        doc: feature.doc.clone(),
                        ty: feature.ty,
                    });
                }
            }
        }
        if !unasked.is_empty() {
            let unasked = unasked.join(", ");
            self.left_out.push(format!(
                "of view `{name}` {unasked}: no service that Feast can ask answers it"
            ));
        }
        let entities = self.keys(program, view, keys);
        self.views.push(View {
            name: name.clone(),
            doc: view.doc.clone(),
            owner: view.owner.clone(),
            tags: view.tags.clone(),
            entities,
            features,
        });
    }

    fn add_service(&mut self, program: &Program, service: &Service, spine: &Spine) {
        let name = &service.name;
        let mut features: Vec<(String, Vec<String>)> = Vec::new();
        let mut known: BTreeSet<&str> = spine.keys.iter().map(|key| key.name.as_str()).collect();
        let mut shared = Vec::new();
        for field in &service.fields {
            let view = service.name_of(program, field.asked());
            let feature = short(field, view);
            if !known.insert(feature) {
                shared.push(format!("`{feature}`"));
            }
            let keys = service.keys_of(program, field.asked());
            let keyed = |known: &&View| known.entities.iter().map(|at| &self.entities[*at].key).eq(keys);
            let declared = self.views.iter().filter(keyed).find(|known| known.name == *view);
            if !declared.is_some_and(|view| view.features.iter().any(|known| known.name == *feature)) {
                continue;
            }
            match features.iter_mut().find(|(known, _)| *known == *view) {
                Some((_, of_view)) => of_view.push(feature.to_owned()),
                None => features.push((view.to_owned(), vec![feature.to_owned()])),
            }
        }
        if !shared.is_empty() {
            let shared = shared.join(", ");
            self.notes.push(format!(
                "Service `{name}` has more than one column called {shared}: ask it with `full_feature_names=True`."
            ));
        }
        if !service.features.is_empty() {
            let own = service.features.iter().map(|own| format!("`{}`", own.name));
            let own = own.collect::<Vec<_>>().join(", ");
            self.notes.push(format!(
                "Service `{name}` also answers {own}, which it computes itself: of no feature view, and only with the service."
            ));
        }
        if service.fields.iter().any(|field| field.gate) {
            self.notes.push(format!(
                "Service `{name}` has gates: where one entity has no answer of a gated feature, the request is refused (E0817), \
                 for all of its entities."
            ));
        }
        self.services.push(Asked {
            name: name.clone(),
            doc: service.doc.clone(),
            features,
        });
    }
}

/// Why Feast cannot ask a service, or a server not answer it.
fn beyond(program: &Program, service: &Service, spine: &Spine) -> Option<String> {
    let names = |keys: &[Key]| {
        keys.iter()
            .map(|key| format!("`{}`", key.name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !spine.request.is_empty() {
        return Some(format!(
            "it reads {} of its questions, fields of a request",
            names(&spine.request)
        ));
    }
    if !spine.self_columns.is_empty() {
        return Some(format!(
            "`excluding self` asks for {}, the identity of an event",
            names(&spine.self_columns)
        ));
    }
    let sources = service
        .reads()
        .into_iter()
        .map(|asked| program.view_source(program.view(asked.view)));
    let silent = sources.into_iter().find(|source| source.arrival.is_none())?;
    Some(format!(
        "source `{}` has no arrival, so no server answers it (E0907)",
        silent.name
    ))
}

/// What Feast calls a column, after the name of its view.
fn short<'a>(field: &'a ServiceField, view: &str) -> &'a str {
    let rest = field.name.strip_prefix(view).and_then(|rest| rest.strip_prefix("__"));
    rest.unwrap_or(&field.name)
}
