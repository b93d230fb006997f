//! Scratch timing.
use featc_ir::plan::*;
use featc_ir::*;
use featr_batch::{Inputs, SpineData, run, spine_columns};
use std::time::Instant;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    let cols: &[(&str, Type)] = &[("flight_id", Type::Int64), ("carrier", Type::String), ("flight", Type::Int64), ("tailnum", Type::String), ("origin", Type::String), ("dest", Type::String), ("event_at", Type::Timestamp), ("known_at", Type::Timestamp), ("dep_delay", Type::Int64), ("arr_delay", Type::Int64), ("air_time", Type::Int64), ("distance", Type::Int64), ("cancelled", Type::Bool)];
    let id = |n: &str| ColumnId(cols.iter().position(|c| c.0 == n).unwrap() as u32);
    let source = Source { name: "flights".into(), doc: None, columns: cols.iter().map(|c| SourceColumn { name: c.0.into(), ty: c.1, nullable: c.0 != "event_at" }).collect(), unique: vec![id("flight_id")], time: id("event_at"), arrival: Some(Arrival::Column(id("known_at"))), delay_us: 0, lateness: Lateness::Unbounded, skew_us: 300_000_000, begins_us: None, zone: None, keep_nan: false, batch: Some(FileSet { format: FileFormat::Parquet, paths: vec!["flights.parquet".into()] }), stream: None, origin: Origin { file: "f".into(), line: 1 } };
    let h = 3_600_000_000i64;
    let ex = match std::env::args().nth(2).as_deref() { Some("self") => Excluding::SelfEvent, _ => Excluding::Nothing };
    let windows: Vec<Window> = [WindowKind::Last { length_us: 3 * h }, WindowKind::Last { length_us: 24 * h }, WindowKind::Last { length_us: 720 * h }].map(|kind| Window { kind, excluding: ex }).to_vec();
    let fid = Key { name: "flight_id".into(), ty: Type::Int64 };
    let view = |key: &str| {
        let keys = vec![Key { name: key.into(), ty: Type::String }];
        let rows = RowSpec { name: "flights".into(), steps: vec![], time: Expr::column(id("event_at"), Type::Timestamp), key: vec![id(key)], lifts: vec![Expr::column(id("arr_delay"), Type::Int64), Expr::new(ExprKind::Cast(Box::new(Expr::column(id("arr_delay"), Type::Int64))), Type::Float64), Expr::column(id("cancelled"), Type::Bool)] };
        let mut slots = vec![]; 
        for w in 0..3 { for (a, l, t) in [(Aggregate::Count, None, Type::Int64), (Aggregate::Mean, Some(0), Type::Float64), (Aggregate::Max, Some(0), Type::Int64), (Aggregate::Sum, Some(1), Type::Float64), (Aggregate::Stddev, Some(0), Type::Float64)] {
            slots.push(Slot { aggregate: a, argument: l.map(LiftId), filter: None, window: WindowId(w), ty: t });
        } }
        slots.push(Slot { aggregate: Aggregate::Last { ignoring_nulls: false }, argument: Some(LiftId(0)), filter: None, window: WindowId(1), ty: Type::Int64 });
        slots.push(Slot { aggregate: Aggregate::Count, argument: None, filter: Some(LiftId(2)), window: WindowId(1), ty: Type::Int64 });
        let features = slots.iter().enumerate().map(|(i, s)| FinishFeature { name: format!("{key}__f{i}"), ty: s.ty, kind: FinishKind::Aggregate { slots: vec![i as u32], expr: Expr::column(ColumnId(0), s.ty), presence: 0, window: windows[s.window.index()], ttl_us: None }, default: None, output: true }).collect();
        let fold = FoldSpec { entity: keys.clone(), windows: windows.clone(), slots, presence: vec![Some(721 * h as u64)], self_columns: if ex == Excluding::SelfEvent { vec![fid.clone()] } else { vec![] } };
        let events = Box::new(BatchNode::Rows { input: Box::new(BatchNode::Accept { input: Box::new(BatchNode::Scan { source: source.clone() }) }), spec: rows });
        let spine = Box::new(BatchNode::Spine { keys, self_columns: vec![] });
        BatchNode::Finish { input: Box::new(BatchNode::PointInTime { events, spine, spec: fold }), spec: FinishSpec { begins_us: None, source_delay_us: 0, features } }
    };
    let keys = ["carrier", "origin", "tailnum"];
    let columns = (0..3u32).flat_map(|i| (0..17u32).map(move |j| (i, j))).collect();
    let mut all: Vec<Key> = keys.iter().map(|k| Key { name: (*k).into(), ty: Type::String }).collect(); all.push(fid.clone());
    let plan = BatchPlan { program: "".into(), service: "s".into(), root: BatchNode::Zip { spine: Box::new(BatchNode::Spine { keys: all, self_columns: vec![] }), inputs: keys.iter().map(|k| view(k)).collect(), columns } };
    for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] { for _ in 0..2 {
        let (t0, c0) = (Instant::now(), cpu());
        let need = spine_columns(&plan);
        let spine = featr_decode::read_spine(std::path::Path::new("/work/shared/data/flights/flights.parquet"), &need, "event_at", None).unwrap();
        let (t1, c1) = (Instant::now(), cpu());
        let mut inputs = Inputs::new(SpineData::new(spine, &need));
        inputs.base = "/work/shared/data/flights".into(); inputs.truth = truth; inputs.with_status = true;
        inputs.threads = std::env::args().nth(1).map_or(0, |x| x.parse().unwrap());
        if std::env::var("EXPLAIN").is_ok() { println!("{}", featr_batch::explain(&plan, Inputs { ..inputs }).unwrap().physical); return; }
        let out = run(&plan, inputs).unwrap();
        println!("{truth:?} spine {:.2}s/{:.2}cpu run {:.2}s wall {:.2}s cpu; {} rows {} batches", (t1 - t0).as_secs_f64(), c1 - c0, t1.elapsed().as_secs_f64(), cpu() - c1, out.report.rows, out.batches.len());
        println!("{}", out.report);
        check(&out, truth);
    } }
}
fn check(out: &featr_batch::Output, truth: Truth) {
    use arrow::array::*; use arrow::datatypes::*;
    let b = arrow::compute::concat_batches(&out.schema, &out.batches).unwrap();
    let carrier = arrow::compute::cast(b.column_by_name("carrier").unwrap(), &DataType::Utf8).unwrap(); let carrier = carrier.as_string::<i32>();
    let t = |n: &str| arrow::compute::cast(b.column_by_name(n).unwrap(), &DataType::Int64).unwrap().as_primitive::<Int64Type>().clone();
    let (at, known, delay) = (t("event_at"), t("known_at"), t("arr_delay"));
    let (cnt, max) = (t("carrier__f0"), t("carrier__f2")); let mean = b.column_by_name("carrier__f1").unwrap().as_primitive::<Float64Type>();
    for q in (0..b.num_rows()).step_by(3301) {
        let (mut n, mut m, mut s, mut k) = (0, i64::MIN, 0i64, 0i64);
        for e in 0..b.num_rows() { if carrier.value(e) == carrier.value(q) && at.value(e) <= at.value(q) && at.value(e) > at.value(q) - 3 * 3_600_000_000 && (truth == Truth::Complete || known.value(e) <= at.value(q)) { n += 1; if delay.is_valid(e) { m = m.max(delay.value(e)); s += delay.value(e); k += 1; } } }
        assert_eq!(cnt.value(q), n); if k > 0 { assert_eq!(max.value(q), m); assert_eq!(mean.value(q), s as f64 / k as f64); } else { assert!(max.is_null(q)); }
    }
    println!("sample agrees");
}
