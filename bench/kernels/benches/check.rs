//! What `featc check` does of a text: 5 000 and 50 000 features, in one view and in views of fifty.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use featc_driver::compile;
use featc_driver::diag::SourceMap;
use std::fmt::Write as _;

const HEAD: &str = "module shop
entity card (card: string)
source txn {
  columns (id: int64, card: string, amount: float64, cents: int64, country: string, at: timestamp)
  unique id
  time at
}
";

/// Features of five forms, each another one.
fn feature(text: &mut String, number: usize) {
    let (form, of_form) = (number % 5, number / 5 + 1);
    let window = ["1h", "3h", "1d", "7d", "30d"][of_form % 5];
    let value = match form {
        0 => format!("sum(amount) over {of_form}m default 0.0"),
        1 => format!("count() over {of_form}m"),
        2 => format!("mean(cents) over {of_form}m"),
        3 => format!("sum(amount where amount > {of_form}.0) over {window}"),
        _ => format!("count(where country = \"c{of_form}\") over {window}"),
    };
    let _ = writeln!(text, "  /// Number {number}.\n  feature f{number} = {value}");
}

/// A program of so many features, in views of `width`.
fn program(features: usize, width: usize) -> String {
    let mut text = HEAD.to_owned();
    for view in 0..features / width {
        let _ = writeln!(text, "view v{view} of card from txn {{\n  owner \"p\"\n");
        (view * width..(view + 1) * width).for_each(|number| feature(&mut text, number));
        text += "}\n";
    }
    text += "service risk {\n";
    (0..features / width).for_each(|view| text += &format!("  v{view}.*\n"));
    text + "}\n"
}

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    for features in [5_000, 50_000] {
        group.throughput(Throughput::Elements(features as u64));
        for (name, width) in [("one view", features), ("views of fifty", 50)] {
            let mut sources = SourceMap::new();
            let file = sources.add("shop.feat", program(features, width));
            let run = |sources: &SourceMap| {
                let outcome = compile(sources, &[file]);
                assert!(outcome.value.is_some() && outcome.diagnostics.is_empty());
                outcome
            };
            let id = BenchmarkId::new(name, features);
            group.bench_with_input(id, &sources, |bencher, sources| bencher.iter(|| run(sources)));
        }
    }
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
