(** Total orders, and the lexicographic order of lists. *)
From Coq Require Import ZArith List Lia.
Import ListNotations.

Record total {A : Type} (cmp : A -> A -> comparison) : Prop := {
  cmp_eq : forall x y, cmp x y = Eq <-> x = y;
  cmp_opp : forall x y, cmp y x = CompOpp (cmp x y);
  cmp_lt_trans : forall x y z, cmp x y = Lt -> cmp y z = Lt -> cmp x z = Lt;
}.

Section Total.
Context {A : Type} (cmp : A -> A -> comparison) (T : total cmp).

Lemma cmp_refl x : cmp x x = Eq.
Proof. now apply (cmp_eq cmp T). Qed.

Lemma cmp_gt_lt x y : cmp x y = Gt <-> cmp y x = Lt.
Proof. rewrite (cmp_opp cmp T x y). destruct (cmp x y); simpl; split; congruence. Qed.

Definition ltb x y := match cmp x y with Lt => true | _ => false end.
Definition leb x y := match cmp x y with Gt => false | _ => true end.

Lemma leb_refl x : leb x x = true.
Proof. unfold leb. now rewrite cmp_refl. Qed.

Lemma leb_antisym x y : leb x y = true -> leb y x = true -> x = y.
Proof.
  unfold leb. rewrite (cmp_opp cmp T x y). destruct (cmp x y) eqn:E; simpl; try discriminate.
  intros _ _. now apply (cmp_eq cmp T).
Qed.

Lemma leb_total x y : leb x y = true \/ leb y x = true.
Proof. unfold leb. rewrite (cmp_opp cmp T x y). destruct (cmp x y); simpl; auto. Qed.

Lemma leb_trans x y z : leb x y = true -> leb y z = true -> leb x z = true.
Proof.
  unfold leb. destruct (cmp x y) eqn:E, (cmp y z) eqn:F; try discriminate; intros _ _.
  - apply (cmp_eq cmp T) in E. subst. now rewrite F.
  - apply (cmp_eq cmp T) in E. subst. now rewrite F.
  - apply (cmp_eq cmp T) in F. subst. now rewrite E.
  - now rewrite (cmp_lt_trans cmp T x y z).
Qed.

(** The lesser, the greater: the first argument where they are equal, which does not show. *)
Definition least x y := if leb x y then x else y.
Definition greatest x y := if leb x y then y else x.

Lemma least_comm x y : least x y = least y x.
Proof.
  unfold least. destruct (leb x y) eqn:E, (leb y x) eqn:F; auto using leb_antisym.
  destruct (leb_total x y); congruence.
Qed.
Lemma least_assoc x y z : least x (least y z) = least (least x y) z.
Proof.
  unfold least. destruct (leb y z) eqn:E, (leb x y) eqn:F; rewrite ?E, ?F; auto.
  - now rewrite (leb_trans x y z).
  - destruct (leb x z) eqn:G; auto. exfalso.
    assert (leb y x = true) by (destruct (leb_total x y); congruence).
    rewrite (leb_trans y x z) in E; congruence.
Qed.
Lemma greatest_comm x y : greatest x y = greatest y x.
Proof.
  unfold greatest. destruct (leb x y) eqn:E, (leb y x) eqn:F; auto using leb_antisym.
  destruct (leb_total x y); congruence.
Qed.
Lemma greatest_assoc x y z : greatest x (greatest y z) = greatest (greatest x y) z.
Proof.
  unfold greatest. destruct (leb y z) eqn:E, (leb x y) eqn:F; rewrite ?E, ?F; auto.
  - now rewrite (leb_trans x y z).
  - destruct (leb x z) eqn:G; auto. exfalso.
    assert (leb y x = true) by (destruct (leb_total x y); congruence).
    rewrite (leb_trans y x z) in E; congruence.
Qed.
End Total.

Lemma total_Z : total Z.compare.
Proof.
  split; intros.
  - apply Z.compare_eq_iff.
  - apply Z.compare_antisym.
  - rewrite Z.compare_lt_iff in *. lia.
Qed.

(** Item by item; a list that ends first is less. *)
Fixpoint lex {A} (cmp : A -> A -> comparison) (x y : list A) : comparison :=
  match x, y with
  | [], [] => Eq
  | [], _ :: _ => Lt
  | _ :: _, [] => Gt
  | a :: x, b :: y => match cmp a b with Eq => lex cmp x y | c => c end
  end.

Lemma total_lex {A} (cmp : A -> A -> comparison) : total cmp -> total (lex cmp).
Proof.
  intro T. split.
  - induction x as [|a x IH]; destruct y as [|b y]; simpl; split; try congruence.
    + destruct (cmp a b) eqn:E; try discriminate. intro H. apply (cmp_eq cmp T) in E.
      apply IH in H. congruence.
    + intro H. inversion H; subst. rewrite (cmp_refl cmp T). now apply IH.
  - induction x as [|a x IH]; destruct y as [|b y]; simpl; auto.
    rewrite (cmp_opp cmp T a b). destruct (cmp a b); simpl; auto.
  - induction x as [|a x IH]; destruct y as [|b y], z as [|c z]; simpl; try discriminate; auto.
    destruct (cmp a b) eqn:E; try discriminate.
    + apply (cmp_eq cmp T) in E. subst. destruct (cmp b c); try discriminate; eauto.
    + intros _. destruct (cmp b c) eqn:F; try discriminate.
      * apply (cmp_eq cmp T) in F. subst. now rewrite E.
      * now rewrite (cmp_lt_trans cmp T a b c).
Qed.

(** The order that a code with other codes for other things gives. *)
Lemma total_code {A B} (code : A -> B) (cmp : B -> B -> comparison) :
  (forall x y, code x = code y -> x = y) -> total cmp -> total (fun x y => cmp (code x) (code y)).
Proof.
  intros I T. split; intros.
  - rewrite (cmp_eq cmp T). split; [apply I | congruence].
  - apply (cmp_opp cmp T).
  - eapply (cmp_lt_trans cmp T); eauto.
Qed.

(** By the first, then by the second. *)
Definition both {A B} (f : A -> A -> comparison) (g : B -> B -> comparison) (x y : A * B) : comparison :=
  match f (fst x) (fst y) with Eq => g (snd x) (snd y) | c => c end.

Lemma total_both {A B} (f : A -> A -> comparison) (g : B -> B -> comparison) : total f -> total g -> total (both f g).
Proof.
  intros F G. unfold both. split.
  - intros [a b] [c d]. simpl. destruct (f a c) eqn:E.
    + apply (cmp_eq f F) in E. subst. rewrite (cmp_eq g G). split; congruence.
    + split; [discriminate|]. intro H. inversion H; subst. rewrite (cmp_refl f F) in E. discriminate.
    + split; [discriminate|]. intro H. inversion H; subst. rewrite (cmp_refl f F) in E. discriminate.
  - intros [a b] [c d]. simpl. rewrite (cmp_opp f F a c). destruct (f a c); simpl; auto. apply (cmp_opp g G).
  - intros [a b] [c d] [x y]. simpl. destruct (f a c) eqn:E; try discriminate.
    + apply (cmp_eq f F) in E. subst. destruct (f c x); auto. apply (cmp_lt_trans g G).
    + intros _. destruct (f c x) eqn:H; try discriminate.
      * apply (cmp_eq f F) in H. subst. now rewrite E.
      * now rewrite (cmp_lt_trans f F a c x).
Qed.
