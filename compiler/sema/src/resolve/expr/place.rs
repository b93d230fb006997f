//! Where expressions stand, and the resolvers of each place.

use super::super::feature::FeatureNames;
use super::super::scope::{Items, RowScope};
use super::super::service_feature::ServiceNames;
use super::Exprs;
use featc_syntax::diag::{Diagnostic, Span};

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In a transform.
    Row,
    /// In a feature, outside of aggregates.
    Feature(&'a FeatureNames<'a>),
    /// In a feature, inside of an aggregate.
    Aggregate { name: &'a str, at: Span },
    /// In a feature of a service.
    Service(&'a ServiceNames<'a>),
}

impl<'a> Exprs<'a> {
    /// Of a transform.
    pub(in crate::resolve) fn row(
        items: &'a Items<'a>,
        row: &'a RowScope,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            items,
            row,
            place: Place::Row,
            complaints,
        }
    }

    /// Of a feature.
    pub(in crate::resolve) fn feature(
        items: &'a Items<'a>,
        row: &'a RowScope,
        names: &'a FeatureNames<'a>,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            items,
            row,
            place: Place::Feature(names),
            complaints,
        }
    }

    /// Of a window since an event: what an event is chosen by.
    pub(in crate::resolve) fn since(
        items: &'a Items<'a>,
        row: &'a RowScope,
        at: Span,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            place: Place::Aggregate { name: "since", at },
            ..Exprs::row(items, row, complaints)
        }
    }

    /// Of a feature of a service.
    pub(in crate::resolve) fn service(
        names: &'a ServiceNames<'a>,
        row: &'a RowScope,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            place: Place::Service(names),
            ..Exprs::row(names.items, row, complaints)
        }
    }
}
