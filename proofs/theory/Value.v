(** Types and values (docs/semantics.md, section 4).

    Texts are lists of Unicode scalar values: their order is that of their UTF-8 bytes. A finite float is an integer in
    units of 2^-1074, the least float; every finite float is one, and zero has one sign. *)
From Coq Require Import ZArith List Lia Bool.
From Featc Require Import Order.
Import ListNotations.
Open Scope Z_scope.

Inductive ty := TBool | TInt | TFloat | TDec (precision scale : Z) | TStr | TTime | TDate | TDur.

Definition ty_eq_dec (x y : ty) : {x = y} + {x <> y}.
Proof. decide equality; apply Z.eq_dec. Defined.

(** In this order: of several, the least is reported inside an aggregate. *)
Inductive code := Overflow | InvalidCast | Cap.

Definition code_number c := match c with Overflow => 1 | InvalidCast => 2 | Cap => 3 end.

Inductive fl := NaN | Inf (negative : bool) | Fin (units : Z).

Definition text := list Z.

Inductive value :=
| VNull
| VErr (c : code)
| VBool (b : bool)
| VInt (z : Z)
| VFloat (f : fl)
| VDec (units : Z)
| VStr (s : text)
| VTime (us : Z)
| VDate (days : Z)
| VDur (us : Z).

(** The order of values of one type: null, errors by code, then values by size, NaN greatest. *)
Definition number (v : value) : list Z :=
  match v with
  | VNull => [0]
  | VErr c => [1; code_number c]
  | VBool b => [2; if b then 1 else 0]
  | VInt z => [3; z]
  | VFloat (Inf true) => [4; 0]
  | VFloat (Fin z) => [4; 1; z]
  | VFloat (Inf false) => [4; 2]
  | VFloat NaN => [4; 3]
  | VDec z => [5; z]
  | VStr s => 6 :: s
  | VTime z => [7; z]
  | VDate z => [8; z]
  | VDur z => [9; z]
  end.

Lemma number_inj x y : number x = number y -> x = y.
Proof.
  destruct x as [|[]|[]| |[|[]|]| | | | |], y as [|[]|[]| |[|[]|]| | | | |]; simpl; intro H;
    inversion H; auto.
Qed.

Definition vcompare (x y : value) := lex Z.compare (number x) (number y).

Lemma total_value : total vcompare.
Proof. apply (total_code number); [apply number_inj | apply total_lex, total_Z]. Qed.

Definition value_eqb x y := match vcompare x y with Eq => true | _ => false end.

Lemma value_eqb_eq x y : value_eqb x y = true <-> x = y.
Proof.
  unfold value_eqb. rewrite <- (cmp_eq _ total_value). destruct (vcompare x y); split; congruence.
Qed.

Definition value_eq_dec (x y : value) : {x = y} + {x <> y}.
Proof.
  destruct (value_eqb x y) eqn:E; [left | right].
  - now apply value_eqb_eq.
  - intro H. apply value_eqb_eq in H. congruence.
Defined.

Definition values_eq_dec : forall x y : list value, {x = y} + {x <> y} := list_eq_dec value_eq_dec.

Definition is_null v := match v with VNull => true | _ => false end.
Definition as_error v := match v with VErr c => Some c | _ => None end.
Definition is_error v := match v with VErr _ => true | _ => false end.
Definition is_valid v := negb (is_null v) && negb (is_error v).

(** Bounds of the types. *)
Definition in_i64 z := (- 2 ^ 63 <=? z) && (z <? 2 ^ 63).
Definition in_i32 z := (- 2 ^ 31 <=? z) && (z <? 2 ^ 31).
Definition in_digits p z := Z.abs z <? 10 ^ p.

(** The value of integer units in a type, or the error where they do not fit. *)
Definition checked (c : code) (t : ty) (units : Z) : value :=
  match t with
  | TInt => if in_i64 units then VInt units else VErr c
  | TTime => if in_i64 units then VTime units else VErr c
  | TDur => if in_i64 units then VDur units else VErr c
  | TDate => if in_i32 units then VDate units else VErr c
  | TDec p _ => if in_digits p units then VDec units else VErr c
  | TBool | TFloat | TStr => VErr c
  end.

(** Of a type: null and errors are of every type. *)
Definition fits (t : ty) (v : value) : bool :=
  match v, t with
  | VNull, _ | VErr _, _ => true
  | VBool _, TBool => true
  | VInt z, TInt | VTime z, TTime | VDur z, TDur => in_i64 z
  | VDate z, TDate => in_i32 z
  | VDec z, TDec p _ => in_digits p z
  | VFloat _, TFloat => true
  | VStr _, TStr => true
  | _, _ => false
  end.

Lemma checked_fits c t z : fits t (checked c t z) = true.
Proof.
  destruct t; simpl; auto;
    match goal with |- context [if ?b then _ else _] => destruct b eqn:E; simpl; auto end.
Qed.
