//! Features of services: what their names mean.

use super::declared;
use super::expr::Exprs;
use super::meant::part_of_calendar;
use super::role::Roles;
use super::scope::{Items, RowScope};
use super::view::ResolvedView;
use crate::errors::{self, Kind};
use crate::res::{self, Expr, ExprKind, Read};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;

/// What can be seen from within a feature of a service.
pub(super) struct ServiceNames<'a> {
    pub(super) items: &'a Items<'a>,
    pub(super) views: &'a [ResolvedView<'a>],
    pub(super) requests: &'a [res::Request],
    pub(super) service: &'a ast::Service,
    roles: &'a Roles<'a>,
    /// The features of the service that stand before it.
    own: BTreeMap<&'a str, usize>,
}

impl<'a> ServiceNames<'a> {
    pub(super) fn new(
        items: &'a Items<'a>,
        (views, requests): (&'a [ResolvedView<'a>], &'a [res::Request]),
        (service, roles): (&'a ast::Service, &'a Roles<'a>),
    ) -> ServiceNames<'a> {
        ServiceNames {
            items,
            views,
            requests,
            service,
            roles,
            own: BTreeMap::new(),
        }
    }

    /// Whether a name means something without a dot.
    pub(super) fn has(&self, name: &str) -> bool {
        name == "at" || self.service.features.iter().any(|feature| feature.name.text == name)
    }

    /// A name without a dot.
    pub(super) fn lookup(&self, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> ExprKind {
        let text = name.text.as_str();
        if text == "at" {
            return ExprKind::Read(Read::At);
        }
        if let Some(own) = self.own.get(text) {
            return ExprKind::Read(Read::Own(*own));
        }
        let later = self.service.features.iter().find(|feature| feature.name.text == text);
        let is_broken = |broken: &ast::Broken| broken.name.as_ref().is_none_or(|name| name.text == text);
        if let Some(later) = later {
            complaints.push(errors::read_before(text, name.span, later.name.span));
        } else if let Some(meant) = errors::clock_of_a_question(text) {
            complaints.push(errors::clock_named_in_a_service(text, name.span, meant));
        } else if let Some((whole, alias)) = self.alias(text) {
            complaints.push(errors::alias_as_a_value(text, name.span, &whole, alias));
        } else if !self.service.broken.iter().any(is_broken) {
            let whole = self.with_owner(text);
            let mut keys = self.items.entities.all.iter().flat_map(|entity| &entity.keys);
            complaints.push(match whole {
                None if keys.any(|key| key.name.text == text) => errors::key_as_a_value(text, name.span),
                None if self.requests.is_empty() => errors::bare_name_without_request(text, name.span),
                whole => errors::bare_name(text, name.span, whole.as_deref()),
            });
        }
        ExprKind::Poison
    }

    /// What an entry lists under another name, and where that stands.
    fn alias(&self, name: &str) -> Option<(String, Span)> {
        self.service.entries.iter().find_map(|entry| {
            let alias = entry.alias.as_ref().filter(|alias| alias.text == name)?;
            let [pattern] = &entry.patterns[..] else { return None };
            Some((format!("{}.{}", entry.view.text, pattern.text), alias.span))
        })
    }

    /// The name after that of the one view or request that has it.
    fn with_owner(&self, name: &str) -> Option<String> {
        let of_requests = self.requests.iter();
        let of_requests = of_requests.filter(|request| request.fields.iter().any(|field| field.name == name));
        let of_views = self.views.iter().filter(|view| view.features.find(name).is_some());
        let mut owners = of_requests
            .map(|request| &request.declared.name)
            .chain(of_views.map(|view| &view.view.declared.name));
        let (first, second) = (owners.next(), owners.next());
        first
            .filter(|_| second.is_none())
            .map(|owner| format!("{owner}.{name}"))
    }

    /// `view.feature`, `request.field`
    pub(super) fn dotted(&self, names: &[ast::Name], at: Span, complaints: &mut Vec<Diagnostic>) -> ExprKind {
        let [owner, name] = names else {
            let whole: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            complaints.push(errors::path_in_service(&whole.join("."), at));
            return ExprKind::Poison;
        };
        let function = part_of_calendar(&name.text);
        if let Some(function) = function.filter(|_| owner.text == "at" && self.items.kind_of("at").is_none()) {
            let tell = match function {
                "day_of_week" => errors::dot_behind_a_weekday,
                _ => errors::dot_behind_an_instant,
            };
            complaints.push(tell(&format!("at.{}", name.text), &format!("{function}(at)"), at));
            return ExprKind::Poison;
        }
        let read = self.read(owner, name, complaints);
        read.map_or(ExprKind::Poison, ExprKind::Read)
    }

    fn read(&self, owner: &ast::Name, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<Read> {
        let text = owner.text.as_str();
        if let Some((view, role)) = self.roles.find(text) {
            let feature = super::service::feature((&name.text, name.span), &self.views[view.index()], complaints)?;
            return Some(Read::Feature(view, feature, role));
        }
        if let Some(request) = self.items.requests.by_name.get(text) {
            let declared = &self.requests[*request];
            let field = declared.fields.iter().position(|field| field.name == name.text);
            if field.is_none() {
                let nearest = suggest::nearest(&name.text, declared.fields.iter().map(|field| field.name.as_str()));
                let (request, request_at) = (&declared.declared.name, declared.declared.at);
                complaints.push(errors::no_such_field(
                    request, &name.text, name.span, nearest, request_at,
                ));
            }
            return field.map(|field| Read::Field {
                request: *request,
                field,
            });
        }
        if !self.roles.is_broken(text) {
            let views = self.items.views.all.iter().map(|view| view.name.text.as_str());
            let requests = self.items.requests.all.iter().map(|request| request.name.text.as_str());
            let roles = self.roles.names();
            let nearest = suggest::nearest(text, views.chain(requests).chain(roles));
            // The word itself, for the request that has the field.
            let has_field = |request: &&res::Request| request.fields.iter().any(|field| field.name == name.text);
            let of_request = self.requests.iter().find(has_field);
            let of_request = of_request.map(|request| request.declared.name.as_str());
            let nearest = match text.eq_ignore_ascii_case("request") {
                true => of_request.or(nearest),
                false => nearest,
            };
            let kind = self.items.kind_of(text);
            complaints.push(match (nearest, self.requests) {
                _ if let Some(kind @ (Kind::Source | Kind::Transform | Kind::Table)) = kind
                    && let Some(request) = of_request =>
                {
                    errors::rows_for_a_request(text, kind, owner.span, request, &name.text)
                }
                _ if let Some(kind) = kind => self.items.no_view_but(text, kind, owner.span),
                (None, []) if text.eq_ignore_ascii_case("request") => {
                    errors::request_undeclared(&name.text, owner.span)
                }
                (None, []) => errors::neither_view_nor_request(text, &name.text, owner.span),
                (nearest, _) => errors::unknown_view_or_request(text, owner.span, nearest),
            });
        }
        None
    }
}

/// The features of a service, in order.
pub(super) fn features<'a>(mut names: ServiceNames<'a>, complaints: &mut Vec<Diagnostic>) -> Vec<res::ServiceFeature> {
    // No row is at hand: what is not a name of the service means nothing.
    let row = RowScope::new(&names.service.name, true);
    let mut features = Vec::new();
    for (position, written) in names.service.features.iter().enumerate() {
        features.push(feature(written, &names, &row, complaints));
        names.own.insert(&written.name.text, position);
    }
    features
}

fn feature(
    written: &ast::Feature,
    names: &ServiceNames<'_>,
    row: &RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> res::ServiceFeature {
    let name = written.name.text.as_str();
    let before = complaints.len();
    let value = Exprs::service(names, row, complaints).expr(&written.value);
    if complaints.len() == before {
        let over = written.over.as_ref().map(|over| ("over", over.span));
        let cap = written.cap.as_ref().map(|cap| ("cap", cap.span));
        let clauses = [over, cap].into_iter().flatten();
        complaints.extend(clauses.map(|(clause, at)| errors::clause_in_service(name, clause, at)));
    }
    if complaints.len() == before && reads_nothing(&value) {
        complaints.push(errors::service_feature_reads_nothing(name, written.value.span));
    }
    let default = written.default.as_ref();
    res::ServiceFeature {
        declared: declared(&written.name, written.doc.as_ref()),
        value,
        default: default.map(|default| Exprs::service(names, row, complaints).expr(&default.value)),
    }
}

fn reads_nothing(value: &Expr) -> bool {
    let mut reads = false;
    value.walk(&mut |expr| reads |= matches!(expr.kind, ExprKind::Read(_) | ExprKind::Poison));
    !reads
}
