(** The floats of this theory against the IEEE floats of the standard library, on numbers of several kinds (none near the end of the range). *)
From Coq Require Import ZArith List Bool Floats.SpecFloat.
From Featc Require Import Value Round Float.
Import ListNotations.
Open Scope Z_scope.

Section Witness.
Let near := [1; 3 * 2 ^ 1074; - (2 ^ 53 - 1) * 2 ^ 1074; (2 ^ 52 + 1) * 2 ^ 1049; 7 * 2 ^ 1070].
Let all := NaN :: Inf true :: Inf false :: Fin 0 :: map Fin near.
Let same (f : fl -> fl -> fl) (g : spec_float -> spec_float -> spec_float) :=
  forallb (fun x => forallb (fun y => value_eqb (VFloat (f x y)) (VFloat (of_spec (g (to_spec x) (to_spec y))))) all) all.

Example add_is_ieee : same fadd (SFadd 53 1024) = true. Proof. now vm_compute. Qed.
Example sub_is_ieee : same fsub (SFsub 53 1024) = true. Proof. now vm_compute. Qed.
Example mul_is_ieee : same fmul (SFmul 53 1024) = true. Proof. now vm_compute. Qed.
Example div_is_ieee : same fdiv (SFdiv 53 1024) = true. Proof. now vm_compute. Qed.
Example sqrt_is_ieee : same (fun x _ => fsqrt x) (fun x _ => SFsqrt 53 1024 x) = true. Proof. now vm_compute. Qed.
Example bits_there_and_back : forallb (fun x => value_eqb (VFloat (of_bits (to_bits x))) (VFloat x)) all = true.
Proof. now vm_compute. Qed.
End Witness.
