//! What can be asked of the nodes.

use super::*;
use crate::diag::Span;

impl Item {
    /// The byte range of the whole item, without its doc comment.
    pub fn span(&self) -> Span {
        match self {
            Item::Entity(item) => item.span,
            Item::Source(item) => item.span,
            Item::Transform(item) => item.span,
            Item::View(item) => item.span,
            Item::Request(item) => item.span,
            Item::Service(item) => item.span,
            Item::Test(item) => item.span,
            Item::Table(item) => item.span,
            Item::Param(item) => item.span,
            Item::Template(item) => item.span,
            Item::Broken(item) => item.span,
        }
    }

    /// The declared name, if it is known; a test has a text.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Item::Entity(item) => Some(&item.name),
            Item::Source(item) => Some(&item.name),
            Item::Transform(item) => Some(&item.name),
            Item::View(item) => Some(&item.name),
            Item::Request(item) => Some(&item.name),
            Item::Service(item) => Some(&item.name),
            Item::Table(item) => Some(&item.name),
            Item::Param(item) => Some(&item.name),
            Item::Template(item) => Some(&item.name),
            Item::Test(_) => None,
            Item::Broken(item) => item.name.as_ref(),
        }
    }
}

impl Step {
    /// The byte range of the whole step.
    pub fn span(&self) -> Span {
        match self {
            Step::Where(step) => step.span,
            Step::Let(step) => step.span,
        }
    }
}

impl Windows {
    /// The windows in order, and whether they were written as a list.
    pub fn all(&self) -> &[Window] {
        match self {
            Windows::One(window) => std::slice::from_ref(window),
            Windows::List(windows) => windows,
        }
    }

    /// Whether each window makes a feature with a suffix of its own.
    pub fn is_list(&self) -> bool {
        match self {
            Windows::One(_) => false,
            Windows::List(_) => true,
        }
    }
}

impl Window {
    /// As written, but for conditions: `7d`, `1h30m`, `lifetime`, `7d offset 7d`, `10 events max 90d`, `7d every 1d after 2h`.
    pub fn label(&self) -> String {
        match self {
            Window::Lifetime(_) => "lifetime".to_owned(),
            Window::Last(duration) => duration.text.clone(),
            Window::Offset { length, offset, .. } => {
                let length = length.as_ref().map_or("lifetime", |length| &length.text);
                format!("{length} offset {}", offset.text)
            }
            Window::Events { count, max, .. } => match max {
                Some(max) => format!("{} events max {}", count.value, max.text),
                None => format!("{} events", count.value),
            },
            Window::Since { max, .. } => format!("since max {}", max.text),
            Window::Grid {
                length,
                every,
                after,
                zone,
                ..
            } => {
                let after = after.as_ref();
                let after = after.map_or_else(String::new, |after| format!(" after {}", after.text));
                let zone = in_zone(zone.as_ref());
                format!("{} every {}{after}{zone}", length.text, every.text)
            }
            Window::This { unit, zone, .. } => format!("this {unit}{}", in_zone(zone.as_ref())),
            Window::Past { count, unit, zone, .. } => {
                let plural = if count.value == 1 { "" } else { "s" };
                format!("last {} {unit}{plural}{}", count.value, in_zone(zone.as_ref()))
            }
        }
    }

    /// Where the window is written.
    pub fn span(&self) -> Span {
        match self {
            Window::Lifetime(span) => *span,
            Window::Last(duration) => duration.span,
            Window::Offset { span, .. }
            | Window::Events { span, .. }
            | Window::Since { span, .. }
            | Window::Grid { span, .. }
            | Window::This { span, .. }
            | Window::Past { span, .. } => *span,
        }
    }
}

/// ` in "Europe/Paris"`, where a zone is written.
fn in_zone(zone: Option<&Text>) -> String {
    zone.map_or_else(String::new, |zone| format!(" in \"{}\"", zone.value))
}

impl Feature {
    /// The name of the feature over one of its windows: `mean_delay`, or `mean_delay_1h` when they are a list, where
    /// windows of several words have them joined: `mean_delay_10_events`, `mean_delay_this_day_in_Europe_Paris`.
    pub fn name_over(&self, window: &Window) -> String {
        match &self.over {
            Some(over) if over.windows.is_list() => {
                let label = window.label().replace('"', "");
                let joined = label.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
                format!("{}_{joined}", self.name.text)
            }
            Some(_) | None => self.name.text.clone(),
        }
    }
}

impl Pattern {
    /// Whether the pattern holds a `*`.
    pub fn is_glob(&self) -> bool {
        self.text.contains('*')
    }

    /// Whether the name fits the pattern. Linear in the product of the lengths at worst.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.text.as_bytes(), name.as_bytes());
        let (mut p, mut n, mut star) = (0, 0, None);
        while n < name.len() {
            if p < pattern.len() && pattern[p] == b'*' {
                star = Some((p, n));
                p += 1;
            } else if p < pattern.len() && pattern[p] == name[n] {
                p += 1;
                n += 1;
            } else if let Some((star_p, star_n)) = star {
                star = Some((star_p, star_n + 1));
                p = star_p + 1;
                n = star_n + 1;
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

impl Expr {
    /// No expression is deeper than this (counted as operators and brackets on the way from the root to a leaf).
    pub const DEPTH_MAX: usize = 256;

    /// The direct subexpressions, left to right.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Dotted(_) | ExprKind::Holed(_) => vec![],
            ExprKind::Unary { operand, .. } | ExprKind::IsNull { operand, .. } | ExprKind::Cast { operand, .. } => {
                vec![operand]
            }
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Item { list, index } => vec![list, index],
            ExprKind::In { operand, items, .. } => std::iter::once(&**operand).chain(items).collect(),
            ExprKind::Call(call) => call.arguments.iter().chain(call.filter.as_deref()).collect(),
            ExprKind::Lookup(lookup) => lookup.keys.iter().collect(),
            ExprKind::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|branch| [&branch.when, &branch.then])
                .chain(otherwise.as_deref())
                .collect(),
        }
    }
}

impl TypeName {
    /// So many types may stand around one.
    pub const DEPTH_MAX: usize = 16;
}

impl UnaryOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Not => "not",
            UnaryOp::Negate => "-",
        }
    }
}

impl BinaryOp {
    /// Every operator, weakest first.
    pub const ALL: &'static [BinaryOp] = &[
        BinaryOp::Or,
        BinaryOp::And,
        BinaryOp::Equal,
        BinaryOp::NotEqual,
        BinaryOp::Less,
        BinaryOp::LessOrEqual,
        BinaryOp::Greater,
        BinaryOp::GreaterOrEqual,
        BinaryOp::Add,
        BinaryOp::Subtract,
        BinaryOp::Multiply,
        BinaryOp::Divide,
        BinaryOp::Quotient,
        BinaryOp::Remainder,
    ];

    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Equal => "=",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Quotient => "div",
            BinaryOp::Remainder => "mod",
        }
    }

    /// `=`, `!=`, `<`, `<=`, `>`, `>=`
    pub fn is_comparison(self) -> bool {
        match self {
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual => true,
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Quotient
            | BinaryOp::Remainder => false,
        }
    }
}
