(** Commutative monoids, and folds of lists in them. Every aggregate's state is one. *)
From Coq Require Import ZArith List Lia Bool Permutation.
From Featc Require Import Order.
Import ListNotations.
Open Scope Z_scope.

Record monoid := Monoid {
  carrier :> Type;
  zero : carrier;
  plus : carrier -> carrier -> carrier;
  plus_assoc : forall x y z, plus x (plus y z) = plus (plus x y) z;
  plus_comm : forall x y, plus x y = plus y x;
  plus_zero : forall x, plus zero x = x;
}.
Arguments zero {m}.
Arguments plus {m}.

Record group_of (m : monoid) := Group {
  minus : m -> m;
  minus_right : forall x, plus x (minus x) = zero;
}.
Arguments minus {m}.

Section Fold.
Context {A : Type} {m : monoid}.
Variable lift : A -> m.

Definition fold (l : list A) : m := fold_right (fun a s => plus (lift a) s) zero l.

Lemma zero_plus (x : m) : plus x zero = x.
Proof. rewrite plus_comm. apply plus_zero. Qed.

Lemma fold_app l1 l2 : fold (l1 ++ l2) = plus (fold l1) (fold l2).
Proof.
  unfold fold. induction l1 as [|a l1 IH]; simpl.
  - now rewrite plus_zero.
  - now rewrite IH, plus_assoc.
Qed.

(** The order of what is folded does not show. *)
Theorem fold_permutation l1 l2 : Permutation l1 l2 -> fold l1 = fold l2.
Proof.
  unfold fold. induction 1; simpl; auto.
  - now rewrite IHPermutation.
  - now rewrite !plus_assoc, (plus_comm m (lift y)).
  - congruence.
Qed.

Lemma fold_nothing (p : A -> bool) l : (forall a, In a l -> p a = false -> lift a = zero) -> fold (filter p l) = fold l.
Proof.
  unfold fold. induction l as [|a l IH]; simpl; auto. intro H. destruct (p a) eqn:E; simpl.
  - rewrite IH; auto.
  - rewrite IH by auto. now rewrite (H a), plus_zero by auto.
Qed.

(** A fold over some of a list is that over two halves of it. *)
Theorem fold_split (p q : A -> bool) l :
  fold (filter p l) = plus (fold (filter (fun a => p a && q a) l)) (fold (filter (fun a => p a && negb (q a)) l)).
Proof.
  unfold fold. induction l as [|a l IH]; simpl; [now rewrite plus_zero|].
  destruct (p a), (q a); simpl; rewrite ?IH; auto.
  - now rewrite plus_assoc.
  - now rewrite !plus_assoc, (plus_comm m (lift a)).
Qed.
End Fold.

Lemma fold_ext {A} {m : monoid} (f g : A -> m) l : (forall a, In a l -> f a = g a) -> fold f l = fold g l.
Proof. unfold fold. induction l as [|a l IH]; simpl; intro H; auto. rewrite H, IH; auto. Qed.

(** In a group, what was added can be taken away again. *)
Lemma group_cancel {m : monoid} (g : group_of m) (a b c : m) : plus (plus (plus a (plus b c)) (minus g a)) (minus g b) = c.
Proof.
  rewrite (plus_comm m a), <- (plus_assoc m (plus b c)), minus_right, zero_plus.
  now rewrite (plus_comm m b), <- plus_assoc, minus_right, zero_plus.
Qed.

(** Integers under addition. *)
Program Definition Sum : monoid := {| carrier := Z; zero := 0; plus := Z.add |}.
Next Obligation. lia. Qed.
Next Obligation. lia. Qed.

Program Definition Sum_group : group_of Sum := {| minus := Z.opp : Sum -> Sum |}.
Next Obligation. simpl. lia. Qed.

(** Pairs. *)
Program Definition Pair (m n : monoid) : monoid := {|
  carrier := m * n; zero := (zero, zero); plus := fun x y => (plus (fst x) (fst y), plus (snd x) (snd y)) |}.
Next Obligation. simpl. now rewrite !plus_assoc. Qed.
Next Obligation. simpl. f_equal; apply plus_comm. Qed.
Next Obligation. simpl. now rewrite !plus_zero. Qed.

Program Definition Pair_group {m n : monoid} (g : group_of m) (h : group_of n) : group_of (Pair m n) :=
  {| minus := (fun x => (minus g (fst x), minus h (snd x))) : Pair m n -> Pair m n |}.
Next Obligation. simpl. now rewrite !minus_right. Qed.

(** The one that a total order prefers, or nothing. *)
Definition prefer {A} (pick : A -> A -> A) (x y : option A) : option A :=
  match x, y with
  | Some a, Some b => Some (pick a b)
  | Some a, None => Some a
  | None, y => y
  end.

Program Definition Least {A} (cmp : A -> A -> comparison) (T : total cmp) : monoid := {|
  carrier := option A; zero := None; plus := prefer (least cmp) |}.
Next Obligation. destruct x, y, z; simpl; auto. now rewrite least_assoc. Qed.
Next Obligation. destruct x, y; simpl; auto. now rewrite least_comm. Qed.

Program Definition Greatest {A} (cmp : A -> A -> comparison) (T : total cmp) : monoid := {|
  carrier := option A; zero := None; plus := prefer (greatest cmp) |}.
Next Obligation. destruct x, y, z; simpl; auto. now rewrite greatest_assoc. Qed.
Next Obligation. destruct x, y; simpl; auto. now rewrite greatest_comm. Qed.
