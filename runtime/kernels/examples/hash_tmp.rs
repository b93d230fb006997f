use std::time::Instant;
fn main(){ let buf: Vec<u8> = (0..300u32).map(|x| x as u8).collect();
 for len in [64usize,128,200,240,241,256,288] { let t=Instant::now(); let mut s=0u128; for i in 0..300_000 { s^=xxhash_rust::xxh3::xxh3_128(std::hint::black_box(&buf[..len])).wrapping_add(i);} println!("{len}: {:.1} ms {s:x}", t.elapsed().as_secs_f64()*1e3); } }
