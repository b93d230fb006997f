(** Arithmetic of floats: the exact result, rounded once, as IEEE 754 defines it (docs/semantics.md, section 4).

    One NaN, one zero. Witness.v holds these definitions against the
    standard library's own IEEE floats. *)
From Coq Require Import ZArith List Lia Bool Floats.SpecFloat.
From Featc Require Import Order Value Round.
Import ListNotations.
Open Scope Z_scope.

Definition fneg x := match x with NaN => NaN | Inf s => Inf (negb s) | Fin z => Fin (- z) end.

Definition fabs x := match x with NaN => NaN | Inf _ => Inf false | Fin z => Fin (Z.abs z) end.

Definition fadd x y :=
  match x, y with
  | NaN, _ | _, NaN => NaN
  | Inf a, Inf b => if Bool.eqb a b then Inf a else NaN
  | Inf a, Fin _ | Fin _, Inf a => Inf a
  | Fin a, Fin b => to_fl (rnd (a + b) 1)
  end.

Definition fsub x y := fadd x (fneg y).

Definition fmul x y :=
  match x, y with
  | NaN, _ | _, NaN => NaN
  | Inf a, Inf b => Inf (xorb a b)
  | Inf a, Fin z | Fin z, Inf a => if z =? 0 then NaN else Inf (xorb a (z <? 0))
  | Fin a, Fin b => to_fl (rnd (a * b) unit)
  end.

Definition fdiv x y :=
  match x, y with
  | NaN, _ | _, NaN => NaN
  | Inf _, Inf _ => NaN
  | Inf a, Fin z => Inf (xorb a (z <? 0))
  | Fin _, Inf _ => Fin 0
  | Fin a, Fin b => if b =? 0 then if a =? 0 then NaN else Inf (a <? 0) else round_q a b
  end.

(** The root in units is the root of [z * unit]; between two integers its half stands for it, since it is at least 2^537
    and no float or middle of two floats lies between them. *)
Definition fsqrt x :=
  match x with
  | NaN | Inf true => NaN
  | Inf false => Inf false
  | Fin z =>
    if z <? 0 then NaN
    else let s := Z.sqrt (z * unit) in
         to_fl (if s * s =? z * unit then rnd s 1 else rnd (2 * s + 1) 2)
  end.

Definition fround x := match x with Fin z => Fin (half_even z unit * unit) | _ => x end.
Definition ffloor x := match x with Fin z => Fin (z / unit * unit) | _ => x end.
Definition fceil x := match x with Fin z => Fin (- (- z / unit) * unit) | _ => x end.

Definition fcompare x y := vcompare (VFloat x) (VFloat y).

(** Of an integer, exactly rounded. *)
Definition of_int z := round_q z 1.

(** Between this form and that of the standard library. *)
Definition to_spec (x : fl) : spec_float :=
  match x with
  | NaN => S754_nan
  | Inf s => S754_infinity s
  | Fin z => binary_normalize 53 1024 z (-1074) false
  end.

Definition of_spec (x : spec_float) : fl :=
  match x with
  | S754_zero _ => Fin 0
  | S754_nan => NaN
  | S754_infinity s => Inf s
  | S754_finite s m e => Fin ((if s then Z.neg m else Z.pos m) * 2 ^ (e + 1074))
  end.

(** The bits of a float, for readers and printers. *)
Definition of_bits (b : Z) : fl :=
  let s := b / 2 ^ 63 in
  let e := b / 2 ^ 52 mod 2 ^ 11 in
  let m := b mod 2 ^ 52 in
  if e =? 2047 then if m =? 0 then Inf (s =? 1) else NaN
  else let z := if e =? 0 then m else (m + 2 ^ 52) * 2 ^ (e - 1) in
       Fin (if s =? 1 then - z else z).

Definition to_bits (x : fl) : Z :=
  match x with
  | NaN => 2047 * 2 ^ 52 + 2 ^ 51
  | Inf s => (if s then 2 ^ 63 else 0) + 2047 * 2 ^ 52
  | Fin z =>
    let a := Z.abs z in
    let e := Z.max 0 (Z.log2 a - 52) in
    let m := a / 2 ^ e in
    (if z <? 0 then 2 ^ 63 else 0) + (if m <? 2 ^ 52 then m else (e + 1) * 2 ^ 52 + (m - 2 ^ 52))
  end.
