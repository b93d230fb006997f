//! A small world to ask: one source, one entity, one view, one service.
//!
//! Source columns: `id int64`, `card string`, `x` of a given type, `flag bool`, `at timestamp`, `seen timestamp`;
//! unique `id`, time `at`, arrival `seen`, lateness unbounded. The view's lifts are `x` and `flag`. Times are plain
//! microseconds.

use crate::{Answer, Contribution, Model, Question, SourceRows};
use featc_ir::{
    Aggregate, Arrival, BinaryOp, ColumnId, Entity, EntityId, Excluding, Expr, ExprKind, Feature, FeatureId,
    FeatureKind, Key, LiftId, Literal, Origins, Program, Service, ServiceField, Slot, SlotId, Source, SourceColumn,
    SourceId, Transform, TransformColumn, TransformId, Truth, Type, View, ViewId, Window, WindowId, WindowKind,
};
use featr_kernels::{Batch, Column, Value};

pub const X: ColumnId = ColumnId(2);
pub const FLAG: ColumnId = ColumnId(3);
pub const AT: ColumnId = ColumnId(4);
pub const SEEN: ColumnId = ColumnId(5);

pub struct World {
    pub program: Program,
    pub rows: Vec<Vec<Value>>,
    pub truth: Truth,
    /// What `excluding self` compares `id` with.
    pub own: Value,
}

fn source(x: Type) -> Source {
    let column = |name: &str, ty| SourceColumn {
        name: name.to_owned(),
        ty,
        nullable: true,
        form: featc_ir::ColumnForm::default(),
    };
    Source {
        arrival: Some(Arrival::Column(SEEN)),
        skew_us: 5,
        keep_nan: true,
        ..Source::plain(
            "txn",
            vec![
                column("id", Type::Int64),
                column("card", Type::String),
                column("x", x),
                column("flag", Type::Bool),
                column("at", Type::Timestamp),
                column("seen", Type::Timestamp),
            ],
            vec![ColumnId(0)],
            AT,
        )
    }
}

pub fn last(length_us: i64) -> Window {
    Window {
        kind: WindowKind::Last { length_us },
        excluding: Excluding::Nothing,
    }
}

pub fn excluding(excluding: Excluding, window: Window) -> Window {
    Window { excluding, ..window }
}

pub const LIFETIME: Window = Window {
    kind: WindowKind::Lifetime,
    excluding: Excluding::Nothing,
};

pub fn literal(literal: Literal, ty: Type) -> Expr {
    Expr::new(ExprKind::Literal(literal), ty)
}

pub fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty)
}

/// An int64 expression that overflows for every `column` above 0.
pub fn overflowing(column: ColumnId) -> Expr {
    binary(
        BinaryOp::Add,
        Expr::column(column, Type::Int64),
        literal(Literal::Int64(i64::MAX), Type::Int64),
        Type::Int64,
    )
}

pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

impl World {
    pub fn new(x: Type) -> World {
        let source = source(x);
        let columns = source.columns.iter().map(|column| TransformColumn {
            name: column.name.clone(),
            ty: column.ty,
        });
        let transform = Transform {
            name: "txn".to_owned(),
            doc: None,
            source: SourceId(0),
            steps: vec![],
            time: Expr::column(AT, Type::Timestamp),
            at: None,
            columns: columns.collect(),
        };
        let keys = vec![Key {
            name: "card".to_owned(),
            ty: Type::String,
        }];
        let view = View {
            name: "spend".to_owned(),
            doc: None,
            owner: None,
            tags: vec![],
            entity: EntityId(0),
            transform: TransformId(0),
            key: vec![ColumnId(1)],
            lifts: vec![Expr::column(X, x), Expr::column(FLAG, Type::Bool)],
            windows: vec![],
            slots: vec![],
            features: vec![],
            ttl_us: None,
        };
        let program = Program {
            module: "world".to_owned(),
            entities: vec![Entity {
                name: "card".to_owned(),
                doc: None,
                keys,
            }],
            sources: vec![source],
            transforms: vec![transform],
            views: vec![view],
            services: vec![Service {
                name: "s".to_owned(),
                doc: None,
                roles: vec![],
                fields: vec![],
                features: vec![],
            }],
            origins: Origins::default(),
        };
        World {
            program,
            rows: vec![],
            truth: Truth::Complete,
            own: Value::Null,
        }
    }

    pub fn source(&mut self) -> &mut Source {
        &mut self.program.sources[0]
    }

    pub fn transform(&mut self) -> &mut Transform {
        &mut self.program.transforms[0]
    }

    pub fn view(&mut self) -> &mut View {
        &mut self.program.views[0]
    }

    /// A slot over `x` (nothing for `time_since_last`) without filter.
    pub fn slot(&mut self, aggregate: Aggregate, ty: Type, window: Window) -> SlotId {
        let argument = if aggregate == Aggregate::TimeSinceLast {
            None
        } else {
            Some(LiftId(0))
        };
        let view = self.view();
        view.windows.push(window);
        let window = WindowId::from(view.windows.len() - 1);
        view.slots.push(Slot {
            aggregate,
            argument,
            second: None,
            filter: None,
            since: None,
            window,
            ty,
        });
        SlotId::from(view.slots.len() - 1)
    }

    pub fn feature(&mut self, ty: Type, kind: FeatureKind, default: Option<Literal>) -> FeatureId {
        let view = self.view();
        let id = FeatureId::from(view.features.len());
        view.features.push(Feature {
            name: format!("f{}", id.0),
            doc: None,
            ty,
            kind,
            default,
        });
        let field = ServiceField {
            name: format!("spend__f{}", id.0),
            view: ViewId(0),
            feature: id,
            role: None,
            gate: false,
        };
        self.program.services[0].fields.push(field);
        id
    }

    /// A feature that is one aggregate of `x`.
    pub fn aggregate(&mut self, aggregate: Aggregate, ty: Type, window: Window) -> FeatureId {
        let slot = self.slot(aggregate, ty, window);
        self.feature(
            ty,
            FeatureKind::Aggregate {
                slots: vec![slot],
                expr: Expr::column(ColumnId(0), ty),
            },
            None,
        )
    }

    /// A row of card `a` that arrives at its event time.
    pub fn event(&mut self, id: i64, x: Value, at: i64) -> &mut World {
        self.row(vec![
            Value::Int64(id),
            text("a"),
            x,
            Value::Bool(true),
            Value::Timestamp(at),
            Value::Timestamp(at),
        ])
    }

    pub fn row(&mut self, row: Vec<Value>) -> &mut World {
        self.rows.push(row);
        self
    }

    /// Rows of card `a` with ids from 0, one microsecond apart from 1 on.
    pub fn events(&mut self, xs: &[Value]) -> &mut World {
        for (position, x) in xs.iter().enumerate() {
            self.event(position as i64, x.clone(), position as i64 + 1);
        }
        self
    }

    pub fn source_rows(&self, order: impl Iterator<Item = usize>, per_batch: usize) -> SourceRows {
        let rows: Vec<&Vec<Value>> = order.map(|position| &self.rows[position]).collect();
        let columns = &self.program.sources[0].columns;
        let batch = |rows: &[&Vec<Value>]| {
            let column = |position: usize| rows.iter().map(|row| row[position].clone()).collect::<Vec<_>>();
            let columns = columns.iter().enumerate();
            let columns = columns
                .map(|(position, c)| Column::from_values(c.ty, &column(position)))
                .collect();
            Batch {
                rows: rows.len(),
                columns,
            }
        };
        SourceRows {
            sources: vec![rows.chunks(per_batch).map(batch).collect()],
        }
    }

    pub fn question(&self, card: Value, at_us: i64) -> Question {
        let self_columns = vec![("id".to_owned(), self.own.clone())];
        Question {
            at_us,
            keys: vec![("card".to_owned(), card)],
            self_columns,
            request: vec![],
            cuts: vec![],
        }
    }

    /// All features of card `a` at `t`; the rows are asked in three orders and batchings.
    pub fn ask(&self, at_us: i64) -> Vec<Answer> {
        self.ask_card(text("a"), at_us)
    }

    pub fn ask_card(&self, card: Value, at_us: i64) -> Vec<Answer> {
        let question = self.question(card, at_us);
        let count = self.rows.len();
        let answer =
            |rows: &SourceRows| crate::answer(&self.program, &self.program.services[0], rows, &question, self.truth);
        let first = answer(&self.source_rows(0..count, usize::MAX));
        assert_eq!(first, answer(&self.source_rows((0..count).rev(), 1)), "another order");
        assert_eq!(
            first,
            answer(&self.source_rows((0..count).map(|i| (i + count / 2) % count), 2)),
            "another batching"
        );
        first
    }

    /// The only feature's value and status.
    pub fn one(&self, at_us: i64) -> Answer {
        let mut answers = self.ask(at_us);
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    pub fn contributing(&self, feature: FeatureId, at_us: i64) -> Vec<Contribution> {
        let rows = self.source_rows(0..self.rows.len(), 2);
        let model = Model::new(&self.program, &rows);
        model.contributing(ViewId(0), feature, &self.question(text("a"), at_us), self.truth)
    }
}
