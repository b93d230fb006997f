//! Items: what stands at the top level, and the statements of views, steps and entries.

use super::{Builder, Built, Refused, children, find};
use crate::ast::*;
use crate::diag::Span;
use crate::errors;
use crate::forms::Context;
use featc_grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub(super) fn file(&mut self, pair: Pair<'_, Rule>) -> File {
        let mut module: Option<Module> = None;
        let mut items: Vec<Item> = vec![];
        let mut broken_module = false;
        for child in pair.into_inner() {
            match child.as_rule() {
                Rule::EOI => {}
                Rule::module => {
                    if let Ok(found) = self.module(&child) {
                        self.place_module(&mut module, &items, found);
                    }
                }
                Rule::broken_item => {
                    let broken = self.broken(Context::Item, &child);
                    broken_module |= broken.keyword.as_deref() == Some("module");
                    items.push(Item::Broken(broken));
                }
                _ => {
                    let item = self.item(&child);
                    items.push(item);
                }
            }
        }
        if module.is_none() && !broken_module {
            self.report_missing_module();
        }
        let span = Span::new(self.tokens.file, 0, self.tokens.text.trim_end().len());
        File {
            module,
            items,
            comments: self.tokens.scan.comments.clone(),
            span,
            is_complete: false,
        }
    }

    fn place_module(&mut self, module: &mut Option<Module>, items: &[Item], found: Module) {
        match (&module, items.first()) {
            (Some(first), _) => self.report(errors::second_module(found.span, first.span)),
            (None, Some(item)) => {
                let start = Span::at(self.tokens.file, item.span().start);
                self.report(errors::late_module(found.span, start));
                *module = Some(found);
            }
            (None, None) => *module = Some(found),
        }
    }

    fn report_missing_module(&mut self) {
        let first = self.tokens.from(0);
        let span = first.map_or(Span::at(self.tokens.file, 0), |token| self.tokens.span(token));
        self.report(errors::missing_module(span));
    }

    fn module(&mut self, pair: &Pair<'_, Rule>) -> Built<Module> {
        let span = self.span(pair);
        let whole = self.child(pair, Rule::module_name)?;
        let text = self
            .names(&whole)
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let name = Name {
            text,
            span: self.span(&whole),
        };
        Ok(Module {
            doc: self.doc_before(span.start),
            name,
            span,
        })
    }

    fn item(&mut self, pair: &Pair<'_, Rule>) -> Item {
        let built = match pair.as_rule() {
            Rule::entity => self.entity(pair).map(Item::Entity),
            Rule::source => self.source(pair).map(Item::Source),
            Rule::transform => self.transform(pair).map(Item::Transform),
            Rule::view => self.view(pair).map(Item::View),
            Rule::request => self.request(pair).map(Item::Request),
            Rule::service => self.service(pair).map(Item::Service),
            Rule::test => self.test(pair).map(Item::Test),
            Rule::table => self.table(pair).map(Item::Table),
            Rule::param => self.param(pair).map(Item::Param),
            Rule::template => self.template(pair).map(Item::Template),
            _ => Err(self.impossible(pair)),
        };
        built.unwrap_or_else(|Refused| Item::Broken(self.remains(self.span(pair))))
    }

    fn entity(&mut self, pair: &Pair<'_, Rule>) -> Built<Entity> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        Ok(Entity {
            doc,
            name: self.name(pair)?,
            keys: self.columns_of(pair)?,
            span,
        })
    }

    fn request(&mut self, pair: &Pair<'_, Rule>) -> Built<Request> {
        let span = self.span(pair);
        Ok(Request {
            doc: self.doc_before(span.start),
            name: self.name(pair)?,
            fields: self.columns_of(pair)?,
            span,
        })
    }

    /// The `column` children.
    pub(super) fn columns_of(&mut self, pair: &Pair<'_, Rule>) -> Built<Vec<Column>> {
        children(pair, Rule::column).map(|child| self.column(&child)).collect()
    }

    fn column(&mut self, pair: &Pair<'_, Rule>) -> Built<Column> {
        let ty = self.child(pair, Rule::type_name)?;
        let nullable = find(pair, Rule::question).map(|question| self.span(&question));
        let field = find(pair, Rule::from_field).map(|field| self.string(&field));
        let read_as = find(pair, Rule::read_as).map(|read_as| self.read_as(&read_as));
        Ok(Column {
            name: self.name(pair)?,
            ty: self.type_name(&ty)?,
            nullable,
            field: field.transpose()?,
            read_as: read_as.transpose()?,
            span: self.span(pair),
        })
    }

    fn read_as(&mut self, pair: &Pair<'_, Rule>) -> Built<ReadAs> {
        let form = match find(pair, Rule::name) {
            Some(_) => Form::Word(self.name(pair)?),
            None => Form::Format(self.string(pair)?),
        };
        let zone = find(pair, Rule::in_zone).map(|zone| self.string(&zone));
        Ok(ReadAs {
            form,
            zone: zone.transpose()?,
            span: self.span(pair),
        })
    }

    pub(super) fn type_name(&mut self, pair: &Pair<'_, Rule>) -> Built<TypeName> {
        self.type_within(pair, 0)
    }

    /// A type in so many others.
    fn type_within(&mut self, pair: &Pair<'_, Rule>, depth: usize) -> Built<TypeName> {
        if depth > TypeName::DEPTH_MAX {
            self.report(errors::type_too_deep(self.span(pair)));
            return Err(Refused);
        }
        let inside = match find(pair, Rule::type_inside) {
            Some(inside) => children(&inside, Rule::type_field)
                .map(|child| self.type_field(&child, depth + 1))
                .collect::<Built<_>>()?,
            None => vec![],
        };
        let arguments = match find(pair, Rule::type_arguments) {
            Some(list) => children(&list, Rule::numeric)
                .map(|child| self.integer(&child))
                .collect::<Built<_>>()?,
            None => vec![],
        };
        Ok(TypeName {
            name: self.name(pair)?,
            arguments,
            inside,
            span: self.span(pair),
        })
    }

    fn type_field(&mut self, pair: &Pair<'_, Rule>, depth: usize) -> Built<TypeField> {
        let ty = self.child(pair, Rule::type_name)?;
        let name = find(pair, Rule::name).map(|_| self.name(pair));
        Ok(TypeField {
            name: name.transpose()?,
            ty: self.type_within(&ty, depth)?,
            nullable: find(pair, Rule::question).map(|question| self.span(&question)),
        })
    }

    fn transform(&mut self, pair: &Pair<'_, Rule>) -> Built<Transform> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let [name, from] = self.head_names(pair)?;
        let clause = find(pair, Rule::at_clause);
        let at = clause.as_ref().map(|clause| self.expr_in(clause)).transpose()?;
        let within = clause.and_then(|clause| find(&clause, Rule::within));
        let within = within.map(|within| self.within(&within)).transpose()?;
        let (mut steps, mut broken) = (vec![], vec![]);
        for child in pair.clone().into_inner() {
            let built = match child.as_rule() {
                Rule::where_step => self.expr_in(&child).map(|condition| {
                    Step::Where(Where {
                        condition,
                        span: self.span(&child),
                    })
                }),
                Rule::let_step => self.let_step(&child).map(Step::Let),
                Rule::broken_step => {
                    broken.push(self.broken(Context::Step, &child));
                    continue;
                }
                _ => continue,
            };
            match built {
                Ok(step) => steps.push(step),
                Err(Refused) => broken.push(self.remains(self.span(&child))),
            }
        }
        Ok(Transform {
            doc,
            name,
            from,
            at,
            within,
            steps,
            broken,
            span,
        })
    }

    pub(super) fn within(&mut self, pair: &Pair<'_, Rule>) -> Built<DurationClause> {
        Ok(DurationClause {
            value: self.duration(pair)?,
            span: self.span(pair),
        })
    }

    fn let_step(&mut self, pair: &Pair<'_, Rule>) -> Built<Let> {
        Ok(Let {
            name: self.name(pair)?,
            value: self.expr_in(pair)?,
            span: self.span(pair),
        })
    }

    /// The names in the head of an item.
    pub(super) fn head_names<const N: usize>(&mut self, pair: &Pair<'_, Rule>) -> Built<[Name; N]> {
        let names: Result<[Name; N], _> = self.names(pair).try_into();
        names.map_err(|_| self.impossible(pair))
    }

    /// `by (a, b)` after something.
    fn by(&mut self, pair: &Pair<'_, Rule>) -> Built<Option<By>> {
        let Some(clause) = find(pair, Rule::by_clause) else {
            return Ok(None);
        };
        let list = self.child(&clause, Rule::name_list)?;
        Ok(Some(By {
            columns: self.names(&list),
            span: self.span(&clause),
        }))
    }

    fn view(&mut self, pair: &Pair<'_, Rule>) -> Built<View> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let [name, entity, from] = self.head_names(pair)?;
        let by = self.by(pair)?;
        let (owner, tags, ttl) = (None, None, None);
        let mut view = View {
            doc,
            name,
            entity,
            from,
            by,
            owner,
            tags,
            ttl,
            features: vec![],
            uses: vec![],
            broken: vec![],
            span,
        };
        for child in pair.clone().into_inner() {
            if let Err(Refused) = self.statement(&mut view, &child) {
                view.broken.push(self.remains(self.span(&child)));
            }
        }
        Ok(view)
    }

    fn statement(&mut self, view: &mut View, pair: &Pair<'_, Rule>) -> Built<()> {
        let span = self.span(pair);
        let is_clause = matches!(pair.as_rule(), Rule::owner | Rule::tags | Rule::ttl);
        if is_clause && self.refuse_behind_a_feature(view, pair) {
            return Ok(());
        }
        match pair.as_rule() {
            Rule::owner => {
                let built = self.string(pair).map(|value| TextClause { value, span });
                self.once(&mut view.owner, "owner", |clause| clause.span, built)
            }
            Rule::tags => {
                let built = Ok(Tags {
                    names: self.names(pair),
                    span,
                });
                self.once(&mut view.tags, "tags", |clause| clause.span, built)
            }
            Rule::ttl => {
                let built = self.duration(pair).map(|value| DurationClause { value, span });
                self.once(&mut view.ttl, "ttl", |clause| clause.span, built)
            }
            Rule::feature => {
                let feature = self.feature(pair)?;
                view.features.push(feature);
                Ok(())
            }
            Rule::use_template => {
                let written = self.use_template(pair)?;
                view.uses.push(written);
                Ok(())
            }
            Rule::broken_statement => {
                let broken = self.broken(Context::Statement, pair);
                view.broken.push(broken);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn service(&mut self, pair: &Pair<'_, Rule>) -> Built<Service> {
        let span = self.span(pair);
        let doc = self.doc_before(span.start);
        let (name, mut roles, mut entries) = (self.name(pair)?, vec![], vec![]);
        let (mut features, mut broken) = (vec![], vec![]);
        for child in pair.clone().into_inner() {
            match child.as_rule() {
                Rule::service_entry => entries.push(self.entry(&child)?),
                Rule::role => roles.push(self.role(&child)?),
                Rule::feature => match self.feature(&child) {
                    Ok(feature) => features.push(feature),
                    Err(Refused) => broken.push(self.remains(self.span(&child))),
                },
                Rule::broken_entry => broken.push(self.broken(Context::Entry, &child)),
                _ => {}
            }
        }
        Ok(Service {
            doc,
            name,
            roles,
            entries,
            features,
            broken,
            span,
        })
    }

    fn role(&mut self, pair: &Pair<'_, Rule>) -> Built<Role> {
        let [name, view] = self.head_names(pair)?;
        Ok(Role {
            name,
            view,
            by: self.by(pair)?,
            span: self.span(pair),
        })
    }

    fn entry(&mut self, pair: &Pair<'_, Rule>) -> Built<ServiceEntry> {
        let list = find(pair, Rule::patterns).unwrap_or_else(|| pair.clone());
        let pattern = |child: Pair<'_, Rule>| Pattern {
            text: child.as_str().to_owned(),
            span: self.span(&child),
        };
        let patterns = children(&list, Rule::pattern).map(pattern).collect();
        let fallback = find(pair, Rule::fallback).map(|clause| match find(&clause, Rule::gate_kw) {
            Some(_) => Fallback::Gate,
            None => Fallback::Impute,
        });
        let alias = find(pair, Rule::alias).map(|clause| self.name(&clause)).transpose()?;
        Ok(ServiceEntry {
            view: self.name(pair)?,
            patterns,
            alias,
            fallback,
            span: self.span(pair),
        })
    }
}
