(** Sets of values with a cap: more than so many are the top, which absorbs everything. *)
From Coq Require Import ZArith List Lia Bool Eqdep_dec.
From Featc Require Import Order Value Monoid.
Import ListNotations.
Open Scope Z_scope.

(** Strictly ascending lists stand for sets. *)
Fixpoint sorted (l : list value) : bool :=
  match l with
  | a :: (b :: _) as r => ltb vcompare a b && sorted r
  | _ => true
  end.

Fixpoint insert (v : value) (l : list value) : list value :=
  match l with
  | [] => [v]
  | a :: r => match vcompare v a with Lt => v :: l | Eq => l | Gt => a :: insert v r end
  end.

Definition union (a b : list value) : list value := fold_right insert b a.

Lemma sorted_above a l : sorted (a :: l) = true -> forall b, In b l -> vcompare a b = Lt.
Proof.
  revert a. induction l as [|c l IH]; intros a S b I; [easy|]. simpl in S. apply andb_prop in S as [L S].
  assert (vcompare a c = Lt) by (unfold ltb in L; destruct (vcompare a c); congruence).
  destruct I as [->|I]; auto. eapply (cmp_lt_trans _ total_value); eauto.
Qed.

Lemma sorted_tail a l : sorted (a :: l) = true -> sorted l = true.
Proof. destruct l; simpl; auto. intro H. now apply andb_prop in H. Qed.

Lemma sorted_cons a l : (forall b, In b l -> vcompare a b = Lt) -> sorted l = true -> sorted (a :: l) = true.
Proof.
  destruct l as [|b l]; auto. intros H S. change (ltb vcompare a b && sorted (b :: l) = true).
  unfold ltb. rewrite (H b (or_introl eq_refl)). exact S.
Qed.

Lemma sorted_same a b : sorted a = true -> sorted b = true -> (forall v, In v a <-> In v b) -> a = b.
Proof.
  revert b. induction a as [|x a IH]; intros [|y b] SA SB H; auto.
  - exfalso. apply (H y). now left.
  - exfalso. apply (H x). now left.
  - assert (x = y).
    { pose proof (proj1 (H x) (or_introl eq_refl)) as [E|I]; auto.
      pose proof (proj2 (H y) (or_introl eq_refl)) as [E|J]; auto.
      pose proof (sorted_above _ _ SB _ I). pose proof (sorted_above _ _ SA _ J).
      rewrite (cmp_opp _ total_value x y), H1 in H0. discriminate. }
    subst y. f_equal. apply IH; eauto using sorted_tail. intro v. split; intro I.
    + pose proof (proj1 (H v) (or_intror I)) as [<-|]; auto. pose proof (sorted_above _ _ SA _ I) as C.
      rewrite (cmp_refl _ total_value) in C. discriminate.
    + pose proof (proj2 (H v) (or_intror I)) as [<-|]; auto. pose proof (sorted_above _ _ SB _ I) as C.
      rewrite (cmp_refl _ total_value) in C. discriminate.
Qed.

Lemma insert_in v l w : In w (insert v l) <-> w = v \/ In w l.
Proof.
  induction l as [|a l IH]; simpl; [intuition congruence|].
  destruct (vcompare v a) eqn:E; simpl; rewrite ?IH; [|intuition congruence|intuition congruence].
  apply (cmp_eq _ total_value) in E. subst. intuition congruence.
Qed.

Lemma insert_sorted v l : sorted l = true -> sorted (insert v l) = true.
Proof.
  induction l as [|a l IH]; intro S; auto. cbn [insert]. destruct (vcompare v a) eqn:E; auto.
  - apply sorted_cons; auto. intros b [<-|I]; auto. eapply (cmp_lt_trans _ total_value); eauto using sorted_above.
  - apply sorted_cons; eauto using sorted_tail. intros b I. apply insert_in in I as [->|I]; eauto using sorted_above.
    now apply cmp_gt_lt; auto using total_value.
Qed.

Lemma union_in a b w : In w (union a b) <-> In w a \/ In w b.
Proof. unfold union. induction a as [|x a IH]; simpl; [intuition|]. rewrite insert_in, IH. intuition congruence. Qed.

Lemma union_sorted a b : sorted b = true -> sorted (union a b) = true.
Proof. unfold union. induction a; simpl; auto using insert_sorted. Qed.

Lemma sorted_nodup l : sorted l = true -> NoDup l.
Proof.
  induction l as [|a l IH]; intro S; constructor; eauto using sorted_tail. intro I.
  pose proof (sorted_above _ _ S _ I) as C. rewrite (cmp_refl _ total_value) in C. discriminate.
Qed.

Lemma sorted_length a b : sorted a = true -> (forall v, In v a -> In v b) -> (List.length a <= List.length b)%nat.
Proof. intros S H. apply NoDup_incl_length; auto using sorted_nodup. Qed.

Section Capped.
Variable cap : Z.

Definition within (l : list value) : bool := Z.of_nat (List.length l) <=? cap.

(** [None] is the top. *)
Definition well (s : option (list value)) : bool :=
  match s with None => true | Some l => sorted l && within l end.

Definition join (a b : option (list value)) : option (list value) :=
  match a, b with
  | Some a, Some b => let u := union a b in if within u then Some u else None
  | _, _ => None
  end.

Lemma join_well a b : well a = true -> well b = true -> well (join a b) = true.
Proof.
  destruct a as [a|], b as [b|]; simpl; auto. intros A B. apply andb_prop in A as [A _], B as [B _].
  destruct (within (union a b)) eqn:E; auto. simpl. now rewrite union_sorted, E.
Qed.

Lemma join_comm a b : well a = true -> well b = true -> join a b = join b a.
Proof.
  destruct a as [a|], b as [b|]; simpl; auto. intros A B. apply andb_prop in A as [A _], B as [B _].
  replace (union b a) with (union a b); auto. apply sorted_same; auto using union_sorted.
  intro v. rewrite !union_in. tauto.
Qed.

Lemma join_assoc a b c : well a = true -> well b = true -> well c = true -> join a (join b c) = join (join a b) c.
Proof.
  destruct a as [a|], b as [b|], c as [c|]; simpl; auto.
  - intros A B C. apply andb_prop in A as [A _], B as [B _], C as [C _].
    assert (E : union a (union b c) = union (union a b) c).
    { apply sorted_same; auto using union_sorted. intro v. rewrite !union_in. tauto. }
    assert (L : within (union a (union b c)) = true -> within (union b c) = true /\ within (union a b) = true).
    { unfold within. rewrite !Z.leb_le. intro H. split; (etransitivity; [|exact H]); apply inj_le, sorted_length;
        auto using union_sorted; intro v; rewrite !union_in; tauto. }
    destruct (within (union a (union b c))) eqn:F.
    + destruct (L eq_refl) as [P Q]. rewrite P, Q. cbn [join]. now rewrite <- E, F.
    + destruct (within (union b c)), (within (union a b)); cbn [join]; rewrite <- ?E, ?F; auto.
  - intros. destruct (within (union a b)); auto.
Qed.

Definition set := { s | well s = true }.

Lemma set_same (x y : set) : proj1_sig x = proj1_sig y -> x = y.
Proof. destruct x as [x p], y as [y q]. simpl. intros ->. f_equal. apply UIP_dec, bool_dec. Qed.

Definition nothing : set := exist _ (if 0 <=? cap then Some [] else None)
  (match 0 <=? cap as b return (0 <=? cap = b -> well (if b then Some [] else None) = true) with
   | true => fun e => e | false => fun _ => eq_refl end eq_refl).

Definition joined (x y : set) : set :=
  exist _ (join (proj1_sig x) (proj1_sig y)) (join_well _ _ (proj2_sig x) (proj2_sig y)).

Lemma one_well v : well (if 1 <=? cap then Some [v] else None) = true.
Proof. destruct (1 <=? cap) eqn:E; auto. Qed.
Definition one (v : value) : set := exist _ _ (one_well v).

Program Definition Capped : monoid := {| carrier := set; zero := nothing; plus := joined |}.
Next Obligation. apply set_same. simpl. apply join_assoc; apply proj2_sig. Qed.
Next Obligation. apply set_same. simpl. apply join_comm; apply proj2_sig. Qed.
Next Obligation.
  apply set_same. destruct x as [[l|] W]; cbn [proj1_sig joined nothing]; destruct (0 <=? cap) eqn:E; simpl; auto.
  - simpl in W. apply andb_prop in W as [_ W]. now rewrite W.
  - simpl in W. apply andb_prop in W as [_ W]. unfold within in W. rewrite Z.leb_le, Z.leb_gt in *. lia.
Qed.

(** The top absorbs. *)
Definition top : set := exist _ None eq_refl.
Theorem top_absorbs (x : Capped) : plus (m := Capped) top x = top.
Proof. now apply set_same. Qed.

(** The state of a list of values is the set of them, or the top if they are too many. *)
Theorem capped_state vs : 0 <= cap ->
  proj1_sig (fold (m := Capped) one vs) = let s := fold_right insert [] vs in if within s then Some s else None.
Proof.
  intro C. assert (S : forall vs, sorted (fold_right insert [] vs) = true).
  { clear. induction vs; simpl; auto using insert_sorted. }
  induction vs as [|v vs IH].
  - simpl. unfold within. simpl. apply Z.leb_le in C. now rewrite C.
  - change (fold (m := Capped) one (v :: vs)) with (joined (one v) (fold (m := Capped) one vs)).
    cbn [proj1_sig joined]. rewrite IH. cbn [fold_right]. set (s := fold_right insert [] vs) in *. unfold one. cbn [proj1_sig].
    assert (L : within (insert v s) = true -> within s = true /\ (1 <=? cap) = true).
    { unfold within. rewrite !Z.leb_le. intro H. assert (I : forall w, In w s -> In w (insert v s)) by (intros; rewrite insert_in; auto).
      pose proof (sorted_length s (insert v s) (S vs) I). destruct (insert v s) eqn:E.
      - exfalso. pose proof (proj2 (insert_in v s v) (or_introl eq_refl)) as J. now rewrite E in J.
      - simpl in H, H0. lia. }
    destruct (within (insert v s)) eqn:F.
    + destruct (L eq_refl) as [-> ->]. simpl. now rewrite F.
    + destruct (1 <=? cap); simpl; auto. destruct (within s); simpl; auto. now rewrite F.
Qed.
End Capped.
