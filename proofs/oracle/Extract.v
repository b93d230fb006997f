(** The oracle: the definitions that the theorems speak of, as OCaml. Integers become those of zarith. *)
From Coq Require Import ZArith List Extraction ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZBigInt.
From Featc Require Import Order Value Round Float Text Expr Monoid Capped Agg Spec.

(** What zarith does at once, instead of digit by digit. As in Coq, division by zero gives zero and the remainder all. *)
Extract Constant Z.of_nat => "Z.of_int".
Extract Constant Z.to_nat => "(fun z -> if Z.sign z <= 0 then 0 else Z.to_int z)".
Extract Constant Z.compare => "(fun x y -> let c = Z.compare x y in if c = 0 then Eq else if c < 0 then Lt else Gt)".
Extract Constant Z.eqb => "Z.equal".
Extract Constant Z.ltb => "Z.lt".
Extract Constant Z.leb => "Z.leq".
Extract Constant Z.div => "(fun a b -> if Z.sign b = 0 then Z.zero else Z.fdiv a b)".
Extract Constant Z.modulo => "(fun a b -> if Z.sign b = 0 then a else Z.sub a (Z.mul b (Z.fdiv a b)))".
Extract Constant Z.quot => "(fun a b -> if Z.sign b = 0 then Z.zero else Z.div a b)".
Extract Constant Z.pow => "(fun a b -> if Z.sign b < 0 then Z.zero else Z.pow a (Z.to_int b))".
Extract Constant Z.log2 => "(fun a -> if Z.sign a <= 0 then Z.zero else Z.of_int (Z.log2 a))".
Extract Constant Z.sqrt => "(fun a -> if Z.sign a <= 0 then Z.zero else Z.sqrt a)".
Extract Constant Z.sgn => "(fun a -> Z.of_int (Z.sign a))".
Extract Constant Z.even => "Z.is_even".

Extraction "denote.ml" answer_one view_events content denote of_bits to_bits.
