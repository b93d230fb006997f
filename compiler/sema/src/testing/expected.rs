//! What a test expects of features: their names, values and statuses.

use super::{Judge, values};
use crate::errors;
use crate::near::{SHOWN, nearest_feature, of_windows};
use featc_ir::testing::{Expected, Wanted};
use featc_ir::{ErrorCode, Literal, Status, Type, ViewId};
use featc_syntax::ast;
use featc_syntax::diag::Span;
use std::collections::BTreeMap;

impl Judge<'_> {
    pub(super) fn features(&mut self, id: ViewId, all: &[ast::Expected]) -> Vec<Expected> {
        let view = self.program.view(id);
        let mut first: BTreeMap<usize, Span> = BTreeMap::new();
        let mut features = Vec::new();
        for expected in all {
            let (name, at) = (&expected.feature.text, expected.feature.span);
            let Some(place) = view.features.iter().position(|feature| feature.name == *name) else {
                let names = view.features.iter().map(|feature| feature.name.as_str());
                let is_own = |item: &&ast::Item| match item {
                    ast::Item::Service(service) => service.features.iter().any(|own| own.name.text == *name),
                    _ => false,
                };
                let service = self.items().find(is_own).and_then(ast::Item::name);
                let of_service =
                    service.map(|service| errors::feature_of_a_service(name, &service.text, &view.name, at));
                if let Some(of_service) = of_service {
                    self.complaints.push(of_service);
                    continue;
                }
                // One that is asked for already would be given twice.
                let is_asked = |known: &str| all.iter().any(|other| other.feature.text == known);
                let column = name
                    .strip_prefix(view.name.as_str())
                    .and_then(|rest| rest.strip_prefix("__"));
                let others = names.clone().filter(|known| !is_asked(known));
                let meant = names
                    .clone()
                    .find(|known| column == Some(*known))
                    .map(errors::Meant::Name);
                let meant = meant
                    .or_else(|| of_windows(name, others.clone()))
                    .or_else(|| nearest_feature(name, names, is_asked))
                    .unwrap_or_else(|| {
                        let (shown, all) = (others.clone().take(SHOWN).collect::<Vec<_>>(), others.count());
                        let more = all - shown.len();
                        errors::Meant::Nothing(shown, more)
                    });
                let declared =
                    self.declared(|item| matches!(item, ast::Item::View(found) if found.name.text == view.name));
                self.complaints
                    .push(errors::unknown_feature(&view.name, name, at, meant, declared));
                continue;
            };
            if let Some(before) = first.insert(place, at) {
                self.complaints.push(errors::given_twice("feature", name, at, before));
            }
            let value = self.wanted(name, view.features[place].ty, &expected.value);
            let status = expected.status.as_ref().and_then(|status| self.status(status));
            features.push(Expected {
                feature: place.into(),
                value,
                status,
                line: self.line(expected.span),
            });
        }
        features
    }

    fn wanted(&mut self, feature: &str, ty: Type, wanted: &ast::Wanted) -> Wanted {
        let of = format!("feature `{feature}`");
        match (ty, wanted) {
            (Type::List(item), ast::Wanted::List(cells, _)) => {
                let item = *item;
                Wanted::List(cells.iter().map(|cell| self.one(cell, item, &of)).collect())
            }
            (Type::List(_), ast::Wanted::One(cell)) if !values::is_null(cell) => {
                let scalar = errors::scalar_of_a_list(feature, &ty.to_string(), &cell.text, cell.span);
                self.complaints.push(scalar);
                Wanted::One(Literal::Null)
            }
            (Type::List(_), ast::Wanted::One(_)) => Wanted::One(Literal::Null),
            (_, ast::Wanted::List(_, at)) => {
                self.complaints
                    .push(errors::list_of_a_scalar(feature, &ty.to_string(), *at));
                Wanted::One(Literal::Null)
            }
            (_, ast::Wanted::One(cell)) => Wanted::One(self.one(cell, ty, &of)),
        }
    }

    /// A single value. A number is no text.
    fn one(&mut self, cell: &ast::Cell, ty: Type, of: &str) -> Literal {
        if ty == Type::String && cell.quoted.is_none() && !values::is_null(cell) {
            let forms = "write a text in double quotes; what is absent is `null`";
            let refused = errors::not_a_value(&cell.text, "string", of, cell.span, forms);
            self.complaints.push(refused);
            return Literal::Null;
        }
        self.value(cell, ty, of)
    }

    fn status(&mut self, written: &ast::Name) -> Option<Status> {
        let plain = [
            Status::Ok,
            Status::Empty,
            Status::Missing,
            Status::Truncated,
            Status::Stale,
        ];
        let mut all = plain.into_iter().chain(ErrorCode::ALL.map(Status::Error));
        let found = all.find(|status| status.to_string() == written.text);
        if found.is_none() {
            self.complaints
                .push(errors::no_such_status(&written.text, written.span));
        }
        found
    }
}
