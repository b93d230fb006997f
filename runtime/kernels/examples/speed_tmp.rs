use featr_kernels::*;
use featc_ir::*;
use std::time::Instant;
fn time<T>(name: &str, f: impl Fn() -> T) { let mut m=f64::MAX; for _ in 0..9 {let t=Instant::now(); std::hint::black_box(f()); m=m.min(t.elapsed().as_secs_f64()*1e3);} println!("{name}: {m:.2} ms"); }
fn main() {
    let n = 300_000usize;
    let mut cols = vec![];
    for c in 0..16 {
        let ty = [Type::Int64, Type::Float64, Type::String, Type::Timestamp][c%4];
        let data = match c%4 { 0|3 => Data::I64((0..n as i64).map(|x| x*7919+c as i64).collect()), 1 => Data::F64((0..n).map(|x| x as f64*0.5).collect()), _ => Data::Str((0..n).map(|x| ["AA","UA","JFK123","B6"][x%4].as_bytes()).collect()) };
        let tags = (c%3==0).then(|| (0..n).map(|x| u8::from(x%10==0)).collect());
        cols.push(Column{ty,data,tags});
    }
    let b = Batch{rows:n,columns:cols};
    let names: Vec<String> = (0..16).map(|c| format!("column_{c}")).collect();
    let names: Vec<&str> = names.iter().map(|s| &s[..]).collect();
    time("digests", || identity::digests(&b,&names,None));
    time("order_keys 2", || identity::order_keys(&b,&[ColumnId(0),ColumnId(2)]));
    let c = |i:u32, ty| Expr::column(ColumnId(i),ty);
    let bin = |op,l,r,ty| Expr::new(ExprKind::Binary(op,Box::new(l),Box::new(r)),ty);
    let i = Type::Int64; let f = Type::Float64;
    let lit = |v| Expr::new(ExprKind::Literal(Literal::Int64(v)), i);
    let exprs = vec![
      ("i+i", bin(BinaryOp::Add,c(0,i),c(4,i),i)),
      ("i>lit", bin(BinaryOp::Greater,c(0,i),lit(15),Type::Bool)),
      ("f*f", bin(BinaryOp::Multiply,c(1,f),c(5,f),f)),
      ("f>f", bin(BinaryOp::Greater,c(1,f),c(5,f),Type::Bool)),
      ("i/i", bin(BinaryOp::Divide,c(0,i),c(4,i),f)),
      ("cast(i-i as f)", Expr::new(ExprKind::Cast(Box::new(bin(BinaryOp::Subtract,c(0,i),c(4,i),i))),f)),
      ("s=lit", bin(BinaryOp::Equal,c(2,Type::String),Expr::new(ExprKind::Literal(Literal::String("UA".into())),Type::String),Type::Bool)),
      ("and", bin(BinaryOp::And,bin(BinaryOp::Greater,c(0,i),lit(15),Type::Bool),bin(BinaryOp::Less,c(4,i),lit(15),Type::Bool),Type::Bool)),
      ("case", Expr::new(ExprKind::Case{branches:vec![(bin(BinaryOp::Greater,c(0,i),lit(15),Type::Bool),c(1,f))],otherwise:Some(Box::new(c(5,f)))},f)),
      ("column", c(2,Type::String)),
      ("lit", lit(3)),
      ("year", Expr::new(ExprKind::Call(Function::Year,vec![c(3,Type::Timestamp)]),i)),
      ("i*dec", bin(BinaryOp::Multiply, Expr::new(ExprKind::Cast(Box::new(c(0,i))),Type::Decimal{precision:19,scale:0}), Expr::new(ExprKind::Literal(Literal::Decimal(125)),Type::Decimal{precision:5,scale:2}), Type::Decimal{precision:24,scale:2})),
      ("lower", Expr::new(ExprKind::Call(Function::Lower,vec![c(2,Type::String)]),Type::String)),
    ];
    for (n,e) in &exprs { time(n, || eval::eval(e,&b)); }
}
