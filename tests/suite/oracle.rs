//! The oracle of `proofs/`: the extracted meaning of a program, asked over lines.
//!
//! A case is one line of words, see `proofs/oracle/oracle.ml`. What comes back is a word per question and field:
//! a value and its status, or `?` where the case needs a table that the proofs leave open.
//!
//! `proofs/check` builds the oracle into a folder of the cache, with the sources that it was made from beside it. It is
//! used where these are the ones of this tree, or where `FEATC_ORACLE` names the program.

use crate::evaluators::{Asked, Case};
use featc_ir::{
    Aggregate, Arrival, BinaryOp, ColumnId, Entity, EntityId, ErrorCode, Excluding, Expr, ExprKind, Feature,
    FeatureKind, Function, Key, Lateness, Program, Service, ServiceInput, Slot, Source, SourceColumn, Status, Step,
    Truth, Type, UnaryOp, View, ViewId, Window, WindowKind,
};
use featc_tests::{files, root};
use featr_kernels::{Value, identity};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// An answer of the oracle; `None` where it refuses.
pub type Answer = Option<(Value, Status)>;

/// A running oracle.
pub struct Oracle {
    child: Child,
    /// `None` once it is told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts the oracle, if it is built.
    pub fn start() -> Option<Oracle> {
        let program = place()?;
        let started = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("its output is piped"));
        Some(Oracle {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// One answer per question and field. A question as served is one as of arrival with the delays that are its cuts.
    pub fn ask(&mut self, case: &Case) -> Vec<Vec<Answer>> {
        if case.truth != Truth::AsServed {
            return self.ask_line(case, &line(case, None));
        }
        let mut answers = vec![];
        for asked in &case.questions {
            let one = Case {
                questions: vec![asked.clone()],
                truth: Truth::AsOfArrival { delay_us: None },
                ..case.clone()
            };
            let delays = delays(&one.program, asked);
            answers.extend(self.ask_line(&one, &line(&one, Some(&delays))));
        }
        answers
    }

    fn ask_line(&mut self, case: &Case, line: &str) -> Vec<Vec<Answer>> {
        let input = self.input.as_mut().expect("it runs");
        writeln!(input, "{line}").expect("the oracle reads");
        let mut said = String::new();
        self.output.read_line(&mut said).expect("the oracle writes");
        let service = service(case);
        let mut words: Vec<&str> = said.split_whitespace().collect();
        let count = case.questions.len() * service.fields.len();
        // A single word refuses the whole case: it has a construct that the proofs do not.
        if words == ["?"] {
            words.resize(count, "?");
        }
        assert!(
            !said.starts_with('!') && words.len() == count,
            "the oracle says {said:?} to\n{line}"
        );
        let answers: Vec<Answer> = words.into_iter().map(answer).collect();
        answers
            .chunks(service.fields.len().max(1))
            .map(<[Answer]>::to_vec)
            .collect()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Where the oracle of this tree's proofs is, if it is built.
pub fn place() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("FEATC_ORACLE") {
        return Some(PathBuf::from(named));
    }
    let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = home("XDG_CACHE_HOME").or_else(|| Some(home("HOME")?.join(".cache")))?;
    let built = std::fs::read_dir(cache.join("featc/proofs")).ok()?;
    let mut folders: Vec<PathBuf> = built.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let is_ours = |folder: &PathBuf| folder.join("oracle").is_file() && sources(&folder.join("sources")) == ours();
    folders.into_iter().find(is_ours).map(|folder| folder.join("oracle"))
}

fn ours() -> Vec<(PathBuf, Vec<u8>)> {
    sources(&root().join("proofs"))
}

/// What the oracle is made from, below a folder.
fn sources(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let parts = ["theory", "oracle"].map(|part| files(&folder.join(part), ""));
    let found = parts.into_iter().flatten().map(|file| {
        let text = std::fs::read(&file).unwrap_or_default();
        let name = file.strip_prefix(folder).map(Path::to_owned).unwrap_or(file);
        (name, text)
    });
    found.collect()
}

fn service(case: &Case) -> &Service {
    case.program.service(&case.service).expect("the case names a service")
}

/// Per source how far the cut of a question lies behind its instant: any integer, and one beyond all instants for null.
fn delays(program: &Program, asked: &Asked) -> Vec<i128> {
    let delay = |source: &Source| {
        let name = source.cut_key().name;
        let found = asked.values.iter().find(|(known, _)| *known == name);
        match found {
            Some((_, Value::Timestamp(cut_us))) => i128::from(asked.at_us) - i128::from(*cut_us),
            Some(_) | None => i128::from(u64::MAX) + 1,
        }
    };
    program.sources.iter().map(delay).collect()
}

/// The program, where every role is a view of its own: of an entity whose keys are called as the role says.
fn without_roles(case: &Case) -> (Program, Service) {
    let (mut program, mut service) = (case.program.clone(), service(case).clone());
    let mut views = Vec::new();
    for role in std::mem::take(&mut service.roles) {
        let mut view = program.view(role.view).clone();
        view.name = role.name.clone();
        view.entity = EntityId::from(program.entities.len());
        views.push(ViewId::from(program.views.len()));
        program.views.push(view);
        program.entities.push(Entity {
            name: role.name,
            doc: None,
            keys: role.keys,
        });
    }
    for field in &mut service.fields {
        if let Some(role) = field.role.take() {
            field.view = views[role.index()];
        }
    }
    for input in service.features.iter_mut().flat_map(|feature| &mut feature.inputs) {
        if let ServiceInput::Feature { view, role, .. } = input
            && let Some(role) = role.take()
        {
            *view = views[role.index()];
        }
    }
    (program, service)
}

/// The case in the words of the oracle, with other delays of its sources where they are given.
fn line(case: &Case, delays: Option<&[i128]>) -> String {
    let mut words = Words::default();
    let (program, service) = without_roles(case);
    let (program, service) = (&program, &service);
    let mut place = 0..;
    words.many(&program.sources, |words, source| {
        let given = place.next().and_then(|place| delays?.get(place).copied());
        words.source(source, given.unwrap_or(i128::from(source.delay_us)));
    });
    words.many(&program.views, |words, view| words.view(program, view));
    words.many(&service.fields, |words, field| {
        words.say(field.view.index());
        words.say(field.feature.index());
    });
    words.say(program.sources.len());
    for (place, source) in program.sources.iter().enumerate() {
        let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
        let digests = identity::digests(&case.whole(place), &names, source.arrival_column());
        let rows: Vec<_> = digests.iter().zip(&case.rows[place]).collect();
        words.many(&rows, |words, (digest, row)| {
            words.say(digest);
            // Columns of lists are none of the theory's: what reads one is refused by its type.
            let known = |value: &Value| match value {
                Value::List(_) => value_word(&Value::Null),
                value => value_word(value),
            };
            let again = arrival_again(source).map(|column| &row[column.index()]);
            let row: Vec<&Value> = row.iter().chain(again).collect();
            words.many(&row, |words, value| words.say(known(value)));
        });
    }
    match case.truth {
        Truth::Complete => words.say("complete"),
        Truth::AsOfArrival { delay_us } => {
            words.say("as_of_arrival");
            words.option(delay_us, |words, delay| words.say(delay));
        }
        Truth::AsServed => panic!("asked as of arrival"),
    }
    // What a question calls the identity follows from the roles as they are written: a key of an entity of their own is another one.
    let own = case.program.service_self_columns(self::service(case));
    let keys = program.service_keys(service);
    words.many(&case.questions, |words, asked| {
        words.say(asked.at_us);
        words.named(asked, &keys);
        words.named(asked, &own);
    });
    words.line
}

/// The arrival of a source, where it tells events apart: of the versions of a table. The theory's events have no arrival, so that
/// it is told once more, as a column like others.
fn arrival_again(source: &Source) -> Option<ColumnId> {
    source
        .arrival_column()
        .filter(|arrival| source.unique.contains(arrival))
}

/// A value as a word.
pub fn value_word(value: &Value) -> String {
    match value {
        Value::Null => "n".to_owned(),
        Value::Error(code) => format!("e{}", *code as u8),
        Value::Bool(value) => format!("b{}", u8::from(*value)),
        Value::Int64(value) => format!("i{value}"),
        Value::Float64(value) => format!("f{:x}", value.to_bits()),
        Value::Decimal(value) => format!("d{value}"),
        Value::String(value) => text_word(value),
        Value::Timestamp(value) => format!("t{value}"),
        Value::Date(value) => format!("y{value}"),
        Value::Duration(value) => format!("u{value}"),
        // The theory has none: no answer of the oracle is compared with it.
        Value::List(_) => "l".to_owned(),
    }
}

fn text_word(text: &str) -> String {
    let scalars: Vec<String> = text.chars().map(|scalar| format!("{:x}", u32::from(scalar))).collect();
    format!("s{}", scalars.join("."))
}

/// The value of a word.
pub fn word_value(word: &str) -> Value {
    let (kind, rest) = word.split_at(1);
    let hex = |text: &str| u64::from_str_radix(text, 16).expect("hexadecimal digits");
    let int = || rest.parse::<i64>().expect("a number");
    match kind {
        "n" => Value::Null,
        "e" => Value::Error(error(rest)),
        "b" => Value::Bool(rest == "1"),
        "i" => Value::Int64(int()),
        "f" => Value::Float64(f64::from_bits(hex(rest))),
        "d" => Value::Decimal(rest.parse().expect("a number")),
        "s" => {
            let scalars = rest.split('.').filter(|scalar| !scalar.is_empty());
            let scalar = |text: &str| char::from_u32(hex(text) as u32).expect("a scalar value");
            Value::String(scalars.map(scalar).collect())
        }
        "t" => Value::Timestamp(int()),
        "y" => Value::Date(rest.parse().expect("a number")),
        "u" => Value::Duration(int()),
        _ => panic!("{word} is no value"),
    }
}

fn error(number: &str) -> ErrorCode {
    let number = number.parse().expect("a number");
    ErrorCode::from_number(number).expect("the number of an error")
}

/// The word of an answer, as the oracle prints it.
pub fn answer_word(value: &Value, status: Status) -> String {
    let status = match status {
        Status::Error(code) => format!("error{}", code as u8),
        other => other.to_string(),
    };
    format!("{};{status}", value_word(value))
}

/// Of a word that the oracle prints.
pub fn answer(word: &str) -> Answer {
    let (value, status) = word.split_once(';')?;
    let status = match status {
        "ok" => Status::Ok,
        "empty" => Status::Empty,
        "missing" => Status::Missing,
        "truncated" => Status::Truncated,
        "stale" => Status::Stale,
        other => Status::Error(error(other.strip_prefix("error").expect("a status"))),
    };
    Some((word_value(value), status))
}

/// A line in the making.
#[derive(Default)]
struct Words {
    line: String,
    /// From which column on those of rows stand one place later, behind the arrival that is told again.
    later_from: Option<usize>,
}

impl Words {
    fn say(&mut self, word: impl std::fmt::Display) {
        let blank = if self.line.is_empty() { "" } else { " " };
        let _ = write!(self.line, "{blank}{word}");
    }

    fn many<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Words, &T)) {
        self.say(items.len());
        items.iter().for_each(|item| write(self, item));
    }

    fn option<T>(&mut self, item: Option<T>, write: impl FnOnce(&mut Words, T)) {
        match item {
            None => self.say("-"),
            Some(item) => {
                self.say("+");
                write(self, item);
            }
        }
    }

    fn named(&mut self, asked: &Asked, wanted: &[Key]) {
        let is_wanted = |(name, _): &&(String, Value)| wanted.iter().any(|key| key.name == *name);
        let values: Vec<&(String, Value)> = asked.values.iter().filter(is_wanted).collect();
        self.many(&values, |words, (name, value)| {
            words.say(text_word(name));
            words.say(value_word(value));
        });
    }

    fn ty(&mut self, ty: Type) {
        match ty {
            Type::Bool => self.say("b"),
            Type::Int64 => self.say("i"),
            Type::Float64 => self.say("f"),
            Type::Decimal { precision, scale } => self.say(format_args!("d{precision}.{scale}")),
            Type::String => self.say("s"),
            Type::Timestamp => self.say("t"),
            Type::Date => self.say("y"),
            Type::Duration => self.say("u"),
            Type::List(_) => self.say("l"),
        }
    }

    fn source(&mut self, source: &Source, delay_us: i128) {
        self.say(text_word(&source.name));
        let again = arrival_again(source);
        let names = source
            .columns
            .iter()
            .chain(again.map(|column| &source.columns[column.index()]));
        let names: Vec<&SourceColumn> = names.collect();
        self.many(&names, |words, column| words.say(text_word(&column.name)));
        let place = |column: &ColumnId| match Some(*column) == again {
            true => source.columns.len(),
            false => column.index(),
        };
        self.many(&source.unique, |words, column| words.say(place(column)));
        self.say(source.time.index());
        match source.arrival {
            None => self.say("none"),
            Some(Arrival::Column(column)) => self.say(format_args!("column {}", column.index())),
            Some(Arrival::AfterTime { offset_us }) => self.say(format_args!("after {offset_us}")),
            Some(Arrival::Static) => self.say("static"),
        }
        self.say(delay_us);
        match source.lateness {
            Lateness::Unbounded => self.say("-"),
            Lateness::Within { bound_us } => self.say(format_args!("+ {bound_us}")),
        }
        self.say(source.skew_us);
        self.option(source.begins_us, |words, begins| words.say(begins));
    }

    fn view(&mut self, program: &Program, view: &View) {
        let transform = program.transform(view.transform);
        let source = &program.sources[transform.source.index()];
        self.say(transform.source.index());
        self.later_from = arrival_again(source).map(|_| source.columns.len());
        self.many(&transform.steps, |words, step| match step {
            Step::Where(condition) => {
                words.say("where");
                words.expr(condition);
            }
            Step::Let(value) => {
                words.say("let");
                words.expr(value);
            }
        });
        self.expr(&transform.time);
        self.option(transform.at, |words, at| {
            words.say(at.source_time.index());
            words.option(at.within_us, |words, within| words.say(within));
        });
        let keys = &program.entity(view.entity).keys;
        self.many(keys, |words, key| words.say(text_word(&key.name)));
        self.many(&view.key, |words, column| words.say(words.place(*column)));
        self.many(&view.lifts, Words::expr);
        // Features read slots, and no columns of rows.
        self.later_from = None;
        self.many(&view.windows, Words::window);
        self.many(&view.slots, |words, slot| words.slot(view, slot));
        self.many(&view.features, Words::feature);
        self.option(view.ttl_us, |words, ttl| words.say(ttl));
    }

    fn window(&mut self, window: &Window) {
        match window.kind {
            WindowKind::Last { length_us } => self.say(format_args!("last {length_us}")),
            WindowKind::Lifetime => self.say("lifetime"),
            WindowKind::Offset { offset_us, .. } => self.say(format_args!("offset {offset_us}")),
            WindowKind::Grid {
                length_us,
                every_us,
                after_us,
                zone,
            } => match zone.is_utc() {
                true => self.say(format_args!("grid {length_us} {every_us} {after_us}")),
                false => self.say(format_args!("grid_in {length_us} {every_us} {after_us} {zone}")),
            },
            WindowKind::This { unit, zone } => self.say(format_args!("this {unit} {zone}")),
            WindowKind::Past { count, unit, zone } => self.say(format_args!("past {count} {unit} {zone}")),
            WindowKind::Since { max_us } => self.say(format_args!("since {max_us}")),
            WindowKind::Events { count, max_us } => {
                self.say(format_args!("events {count}"));
                self.option(max_us, |words, max| words.say(max));
            }
        }
        self.say(match window.excluding {
            Excluding::Nothing => "nothing",
            Excluding::Now => "now",
            Excluding::SelfEvent => "self",
        });
    }

    fn slot(&mut self, view: &View, slot: &Slot) {
        match slot.aggregate {
            Aggregate::Count => self.say(format_args!("count {}", u8::from(slot.argument.is_some()))),
            Aggregate::First { ignoring_nulls } => self.say(format_args!("first {}", u8::from(ignoring_nulls))),
            Aggregate::Last { ignoring_nulls } => self.say(format_args!("last {}", u8::from(ignoring_nulls))),
            Aggregate::CountDistinct { cap } => self.say(format_args!("count_distinct {cap}")),
            other => self.say(other.name()),
        }
        self.option(slot.argument, |words, lift| words.say(lift.index()));
        self.ty(slot.argument.map_or(Type::Int64, |lift| view.lift(lift).ty));
        self.option(slot.filter, |words, lift| words.say(lift.index()));
        self.say(slot.window.index());
    }

    fn feature(&mut self, feature: &Feature) {
        match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => {
                self.say("aggregate");
                self.many(slots, |words, slot| words.say(slot.index()));
                self.expr(expr);
            }
            FeatureKind::Derived { inputs, expr } => {
                self.say("derived");
                self.many(inputs, |words, input| words.say(input.index()));
                self.expr(expr);
            }
        }
        let default = feature.default.as_ref().map(Value::from_literal);
        self.option(default, |words, default| words.say(value_word(&default)));
    }

    /// Where a column stands.
    fn place(&self, column: ColumnId) -> usize {
        let is_later = self.later_from.is_some_and(|from| column.index() >= from);
        column.index() + usize::from(is_later)
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Column(id) => self.say(format_args!("col {}", self.place(*id))),
            ExprKind::Literal(literal) => {
                self.say(format_args!("lit {}", value_word(&Value::from_literal(literal))));
            }
            ExprKind::Unary(op, operand) => {
                self.say(format_args!("un {}", unary(*op)));
                self.expr(operand);
            }
            ExprKind::Binary(op, left, right) => {
                self.say(format_args!("bin {}", binary(*op)));
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Case { branches, otherwise } => {
                self.say("case");
                self.many(branches, |words, (when, then)| {
                    words.expr(when);
                    words.expr(then);
                });
                self.option(otherwise.as_deref(), Words::expr);
            }
            ExprKind::Coalesce(items) => {
                self.say("coalesce");
                self.many(items, Words::expr);
            }
            ExprKind::Cast(operand) => {
                self.say("cast");
                self.expr(operand);
            }
            ExprKind::Call(function, arguments) => {
                // The theory rounds floats to whole numbers only.
                let name = match (function, arguments.len()) {
                    (Function::Round, 2) if expr.ty == Type::Float64 => "round_to_digits",
                    (function, 2) if function.reads_clocks() => "on_clocks_of_a_zone",
                    (function, _) => function.name(),
                };
                self.say(format_args!("call {name}"));
                self.many(arguments, Words::expr);
            }
            // The theory knows no tables.
            ExprKind::Lookup(_, operands) => {
                self.say("call lookup");
                self.many(operands, Words::expr);
            }
        }
        self.ty(expr.ty);
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "not",
        UnaryOp::Negate => "negate",
        UnaryOp::IsNull => "is_null",
        UnaryOp::IsNotNull => "is_not_null",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Subtract => "subtract",
        BinaryOp::Multiply => "multiply",
        BinaryOp::Divide => "divide",
        BinaryOp::Quotient => "quotient",
        BinaryOp::Remainder => "remainder",
        BinaryOp::Equal => "equal",
        BinaryOp::NotEqual => "not_equal",
        BinaryOp::Less => "less",
        BinaryOp::LessOrEqual => "less_or_equal",
        BinaryOp::Greater => "greater",
        BinaryOp::GreaterOrEqual => "greater_or_equal",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}
