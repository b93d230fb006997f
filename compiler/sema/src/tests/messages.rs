use super::render;
#[test]
fn dump_all() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/ui");
    let mut all: Vec<_> = std::fs::read_dir(root).unwrap().flatten().flat_map(|d| std::fs::read_dir(d.path()).into_iter().flatten().flatten()).map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "feat")).collect();
    all.sort();
    for p in all { println!("== {}\n{}", p.display(), render(&std::fs::read_to_string(&p).unwrap())); }
}
