(** Everything that is proved, and what it rests on: [proofs/check] reads what this prints. *)
From Featc Require Export Order Value Round Float Witness Text Expr Typing Monoid Capped Agg Spec Truth Laws.
