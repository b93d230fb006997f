(** A feature is a function of the set of accepted rows, and what has arrived is all that an answer as of arrival needs
    (docs/semantics.md, sections 1 and 3). *)
From Coq Require Import ZArith List Lia Bool Permutation.
From Featc Require Import Order Value Round Float Expr Monoid Capped Agg Text Spec.
Import ListNotations.
Open Scope Z_scope.

(** * What does not depend on order *)

Lemma filter_permutation {A} (p : A -> bool) l1 l2 : Permutation l1 l2 -> Permutation (filter p l1) (filter p l2).
Proof.
  induction 1; simpl; auto.
  - destruct (p x); auto.
  - destruct (p x), (p y); auto using perm_swap.
  - eauto using Permutation_trans.
Qed.

Lemma filter_same {A} (p q : A -> bool) l : (forall x, In x l -> p x = q x) -> filter p l = filter q l.
Proof. induction l as [|x l IH]; simpl; intro H; auto. rewrite H, IH; auto. Qed.

Lemma existsb_permutation {A} (p : A -> bool) l1 l2 : Permutation l1 l2 -> existsb p l1 = existsb p l2.
Proof.
  intro P. apply eq_true_iff_eq. rewrite !existsb_exists.
  split; intros (x & I & H); exists x; split; auto; eauto using Permutation_in, Permutation_sym.
Qed.

Lemma flat_map_permutation {A B} (f : A -> list B) l1 l2 : Permutation l1 l2 -> Permutation (flat_map f l1) (flat_map f l2).
Proof.
  induction 1; simpl; auto.
  - now apply Permutation_app_head.
  - rewrite !app_assoc. apply Permutation_app_tail, Permutation_app_comm.
  - eauto using Permutation_trans.
Qed.

Section Order.
Variable tab : tables.
Variable digest : nat -> row -> Z.
Variable p : program.

Lemma last_of_order_permutation n es1 es2 : Permutation es1 es2 -> Permutation (last_of_order n es1) (last_of_order n es2).
Proof.
  intro P. unfold last_of_order. rewrite (filter_same _ (fun e =>
    Z.of_nat (length (filter (fun f => ltb event_compare e f) es2)) <? n)).
  - now apply filter_permutation.
  - intros e _. now rewrite (Permutation_length (filter_permutation _ _ _ P)).
Qed.

Lemma select_permutation w sl t own es1 es2 : Permutation es1 es2 -> Permutation (select w sl t own es1) (select w sl t own es2).
Proof. intro P. unfold select. destruct (w_kind w); auto using last_of_order_permutation, filter_permutation. Qed.

Lemma slot_state_permutation v sl t own es1 es2 : Permutation es1 es2 -> slot_state v sl t own es1 = slot_state v sl t own es2.
Proof. intro P. apply fold_permutation. now apply select_permutation. Qed.

Lemma slot_answer_permutation v t own es1 es2 sl : Permutation es1 es2 -> slot_answer v t own es1 sl = slot_answer v t own es2 sl.
Proof. intro P. unfold slot_answer. now rewrite (slot_state_permutation v sl t own es1 es2). Qed.

Lemma feature_answer_permutation depth v s lag t own es1 es2 i : Permutation es1 es2 ->
  feature_answer tab depth v s lag t own es1 i = feature_answer tab depth v s lag t own es2 i.
Proof.
  intro P. revert i. induction depth as [|depth IH]; intro i; simpl; auto.
  destruct (nth_error (v_features v) i) as [f|]; auto. f_equal. destruct (f_kind f) as [slots e|inputs e].
  - unfold aggregate_answer, is_missing.
    rewrite (map_ext_in _ (fun i => slot_answer v t own es2 (nth i (v_slots v) no_slot)))
      by (intros; now apply slot_answer_permutation).
    destruct slots as [|i0 slots]; auto. now rewrite (existsb_permutation _ _ _ P).
  - now rewrite (map_ext_in _ (feature_answer tab depth v s lag t own es2)) by auto.
Qed.

Lemma answer_from_permutation lag v es1 es2 q i : Permutation es1 es2 ->
  answer_from tab p lag v es1 q i = answer_from tab p lag v es2 q i.
Proof.
  intro P. unfold answer_from. apply feature_answer_permutation. unfold of_entity.
  destruct (entity_of q v); auto using filter_permutation.
Qed.
End Order.

(** * Rows, contents and arrivals *)

Lemma same_eq x y : same x y = true <-> x = y.
Proof. unfold same. destruct (values_eq_dec x y); split; congruence. Qed.

Lemma contents_in s rows c : In c (contents s rows) <-> exists r, In r rows /\ accepted s r = true /\ content s r = c.
Proof.
  unfold contents. rewrite nodup_In, in_map_iff. split.
  - intros (r & E & I). apply filter_In in I as [I A]. eauto.
  - intros (r & I & A & E). exists r. rewrite filter_In. auto.
Qed.

Lemma fold_earlier l :
  match fold_right earlier None l with
  | None => forall x, In x l -> x = None
  | Some a => In (Some a) l /\ forall b, In (Some b) l -> a <= b
  end.
Proof.
  induction l as [|x l IH]; simpl; [easy|]. unfold earlier at 1. destruct (fold_right earlier None l) as [a|], x as [b|]; simpl.
  - destruct IH as [I L]. unfold least, leb. destruct (Z.compare_spec b a); split; auto.
    all: intros c [E|J]; [inversion E; subst; lia | specialize (L c J); lia].
  - destruct IH as [I L]. split; auto. intros b [E|J]; [discriminate | auto].
  - split; auto. intros c [E|J]; [inversion E; lia | now specialize (IH _ J)].
  - intros y [<-|J]; auto.
Qed.

Definition has_arrivals (s : source) : bool := match s_arrival s with NoArrival | Static => false | _ => true end.

Lemma arrival_where_declared s r : accepted s r = true -> (arrival_of s r = None <-> has_arrivals s = false).
Proof.
  unfold accepted, arrival_of, accept, has_arrivals, within_lateness.
  destruct (cell r (s_time s)); try discriminate.
  destruct (s_arrival s) as [|c|o|]; try tauto.
  - destruct (cell r c); try discriminate. destruct (s_lateness s); [|split; discriminate].
    destruct (_ <? _); try discriminate. destruct (_ <? _); try discriminate. split; discriminate.
  - destruct (s_lateness s); [|split; discriminate].
    destruct (_ <? _); try discriminate. destruct (_ <? _); try discriminate. split; discriminate.
Qed.

(** Whether a row has arrived for a question at [t]. *)
Definition has_arrived (tr : truth) (s : source) (t : Z) (r : row) : bool := visible tr s t (arrival_of s r).

(** An event is visible when one of its accepted copies has arrived: a copy that came too late neither hides nor delays. *)
Theorem visible_by_a_copy tr s t rows c : In c (contents s rows) ->
  (visible tr s t (arrival_least s rows c) = true <->
   exists r, In r rows /\ accepted s r = true /\ content s r = c /\ has_arrived tr s t r = true).
Proof.
  intro I. apply contents_in in I as (r0 & I0 & A0 & E0). unfold has_arrived, arrival_least.
  pose proof (fold_earlier (map (arrival_of s) (filter (fun r => accepted s r && same (content s r) c) rows))) as L.
  assert (M : forall r, In r rows -> accepted s r = true -> content s r = c ->
    In (arrival_of s r) (map (arrival_of s) (filter (fun r => accepted s r && same (content s r) c) rows))).
  { intros r I A E. apply in_map, filter_In. split; auto. rewrite A. simpl. now apply same_eq. }
  unfold visible. destruct (delay_under tr s) as [d|]; [|split; auto; intros _; exists r0; auto].
  destruct (fold_right earlier None _) as [a|].
  - destruct L as [J L]. rewrite Z.leb_le. split.
    + intro H. apply in_map_iff in J as (r & E & J). apply filter_In in J as [J K]. apply andb_prop in K as [K1 K2].
      apply same_eq in K2. exists r. rewrite E. repeat split; auto. now apply Z.leb_le.
    + intros (r & R1 & R2 & R3 & R4). specialize (M r R1 R2 R3). destruct (arrival_of s r) as [b|] eqn:B.
      * apply Z.leb_le in R4. specialize (L b M). lia.
      * exfalso. apply arrival_where_declared in B; auto. apply in_map_iff in J as (r' & E & J).
        apply filter_In in J as [J K]. apply andb_prop in K as [K _].
        apply (proj2 (arrival_where_declared s r' K)) in B. congruence.
  - split; auto. intros _. exists r0. repeat split; auto. now rewrite (L _ (M r0 I0 A0 E0)).
Qed.

(** What arrives at the soonest [least] after its time is not seen by a question before that: its spans end there. *)
Theorem sight_ends tr s t d rows c time least :
  delay_under tr s = Some d -> has_arrivals s = true -> In c (contents s rows) ->
  (forall r a, In r rows -> content s r = c -> arrival_of s r = Some a -> time + least <= a) ->
  visible tr s t (arrival_least s rows c) = true -> time <= t - d - least.
Proof.
  intros D H I L V. apply visible_by_a_copy in V as (r & R & A & E & V); auto.
  unfold has_arrived, visible in V. rewrite D in V. destruct (arrival_of s r) as [a|] eqn:B.
  - apply Z.leb_le in V. specialize (L r a R E B). lia.
  - apply arrival_where_declared in B; auto. congruence.
Qed.

(** * An engine that keeps no arrivals *)

Section Serve.
Variable tab : tables.
Variable digest : nat -> row -> Z.
Variable p : program.

(** Its state is the contents of what it was fed, of each source, in any order. *)
Definition serve (states : list (list row)) (tr : truth) (q : question) : list answer :=
  map (fun f => let v := view_ p (fst f) in
                answer_from tab p (delay_under tr (source_ p (v_source v))) v
                  (events_of tab digest p v (rows_of states (v_source v))) q (snd f)) (p_fields p).

Lemma visible_are_contents v tr t rows : let s := source_ p (v_source v) in
  visible_events p v tr t (view_events tab digest p v rows) =
  events_of tab digest p v (filter (fun c => visible tr s t (arrival_least s rows c)) (contents s rows)).
Proof.
  intro s. unfold visible_events, view_events, events_of. fold s. generalize (contents s rows) as cs.
  induction cs as [|c cs IH]; simpl; auto. rewrite filter_app, map_app, IH.
  destruct (event_of tab digest p v c) eqn:E; simpl; destruct (visible tr s t (arrival_least s rows c)); simpl; rewrite ?E; auto.
Qed.

(** What a state must hold for a question: each content of which an accepted row has arrived, once. *)
Definition holds (states rows : list (list row)) (tr : truth) (t : Z) : Prop :=
  forall i, NoDup (rows_of states i) /\
    forall c, In c (rows_of states i) <->
      exists r, In r (rows_of rows i) /\ accepted (source_ p i) r = true /\ content (source_ p i) r = c /\
        has_arrived tr (source_ p i) t r = true.

Theorem serve_is_denote states rows tr q : holds states rows tr (q_at q) ->
  serve states tr q = denote tab digest p rows tr q.
Proof.
  intro H. unfold serve, denote. apply map_ext. intros [vi i]. simpl. set (v := view_ p vi).
  unfold answer_one. apply answer_from_permutation. rewrite visible_are_contents.
  apply flat_map_permutation, NoDup_Permutation.
  - apply H.
  - apply NoDup_filter, NoDup_nodup.
  - intro c. rewrite filter_In. destruct (H (v_source v)) as [_ C]. rewrite C. split.
    + intros (r & R). assert (I : In c (contents (source_ p (v_source v)) (rows_of rows (v_source v)))).
      { apply contents_in. exists r. tauto. }
      split; auto. apply visible_by_a_copy; auto. exists r. tauto.
    + intros [I V]. now apply visible_by_a_copy in V.
Qed.

(** Feeding: a row that is rejected, or a copy of what is there, changes nothing. *)
Definition feed (s : source) (state : list row) (r : row) : list row :=
  if accepted s r then if in_dec values_eq_dec (content s r) state then state else content s r :: state else state.
Definition fed (s : source) (state : list row) (delivery : list row) : list row := fold_left (feed s) delivery state.

Lemma feed_in s state r c : In c (feed s state r) <-> In c state \/ (accepted s r = true /\ content s r = c).
Proof.
  unfold feed. destruct (accepted s r); [|intuition congruence].
  destruct (in_dec values_eq_dec (content s r) state); simpl.
  - split; auto. intros [|[_ <-]]; auto.
  - split; [intros [|]; auto | intros [|[_ ?]]; auto].
Qed.

Lemma fed_in s delivery : forall state c,
  In c (fed s state delivery) <-> In c state \/ exists r, In r delivery /\ accepted s r = true /\ content s r = c.
Proof.
  unfold fed. induction delivery as [|r l IH]; intros state c; simpl.
  - split; auto. intros [|(r & [] & _)]; auto.
  - rewrite IH, feed_in. split.
    + intros [[|]|(x & X)]; eauto 6. right. exists x. tauto.
    + intros [|(x & [->|] & A & E)]; eauto 6.
Qed.

Lemma fed_nodup s delivery : forall state, NoDup state -> NoDup (fed s state delivery).
Proof.
  unfold fed. induction delivery as [|r l IH]; simpl; intros state N; auto. apply IH. unfold feed.
  destruct (accepted s r); auto. destruct (in_dec values_eq_dec (content s r) state); auto. now constructor.
Qed.

(** What is delivered, source by source. *)
Fixpoint fed_all (i : nat) (deliveries : list (list row)) : list (list row) :=
  match deliveries with
  | [] => []
  | d :: ds => fed (source_ p i) [] d :: fed_all (S i) ds
  end.

Lemma rows_of_fed deliveries : forall i j, rows_of (fed_all i deliveries) j = fed (source_ p (i + j)) [] (rows_of deliveries j).
Proof.
  unfold rows_of. induction deliveries as [|d ds IH]; intros i [|j]; simpl; auto.
  - now rewrite Nat.add_0_r.
  - now rewrite IH, Nat.add_succ_r.
Qed.

Theorem as_of_delivery rows deliveries tr q :
  (forall i r, In r (rows_of deliveries i) -> In r (rows_of rows i)) ->
  (forall i r, In r (rows_of rows i) -> accepted (source_ p i) r = true ->
     (In r (rows_of deliveries i) <-> has_arrived tr (source_ p i) (q_at q) r = true)) ->
  serve (fed_all 0 deliveries) tr q = denote tab digest p rows tr q.
Proof.
  intros A B. apply serve_is_denote. intro i. rewrite rows_of_fed. simpl. split; [apply fed_nodup; constructor|].
  intro c. rewrite fed_in. simpl. split.
  - intros [[]|(r & I & K & E)]. exists r. repeat split; auto. now apply B; auto.
  - intros (r & I & K & E & V). right. exists r. repeat split; auto. now apply B.
Qed.

(** An engine that is fed everything, in any order and with copies, answers in truth [complete]. *)
Theorem complete_delivery rows deliveries q :
  (forall i r, In r (rows_of deliveries i) <-> In r (rows_of rows i)) ->
  serve (fed_all 0 deliveries) Complete q = denote tab digest p rows Complete q.
Proof.
  intro A. apply as_of_delivery.
  - intros i r I. now apply A.
  - intros i r I _. rewrite A. split; auto. intros _. unfold has_arrived, visible, delay_under.
    now destruct (s_arrival (source_ p i)).
Qed.

(** * Sets *)

(** Equal sets of rows have equal answers: their order and how often one stands there do not show. *)
Theorem denote_set rows1 rows2 tr q : (forall i r, In r (rows_of rows1 i) <-> In r (rows_of rows2 i)) ->
  denote tab digest p rows1 tr q = denote tab digest p rows2 tr q.
Proof.
  intro S. set (keep := fun l => filter (fun r => accepted (source_ p (fst l)) r && has_arrived tr (source_ p (fst l)) (q_at q) r) (snd l)).
  set (deliveries := map keep (combine (seq 0 (length rows1)) rows1)).
  assert (D : forall i, rows_of deliveries i = keep (i, rows_of rows1 i)).
  { intro i. unfold deliveries, rows_of. destruct (Nat.lt_ge_cases i (length rows1)) as [L|G].
    - rewrite nth_indep with (d' := keep (0%nat, [])) by (rewrite map_length, combine_length, seq_length; lia).
      rewrite map_nth, combine_nth by now rewrite seq_length. now rewrite seq_nth.
    - rewrite !nth_overflow; auto; try lia. rewrite map_length, combine_length, seq_length. lia. }
  transitivity (serve (fed_all 0 deliveries) tr q); [symmetry|]; apply as_of_delivery; intros i r; rewrite D; unfold keep; simpl;
    rewrite ?filter_In; rewrite ?andb_true_iff.
  - tauto.
  - tauto.
  - rewrite <- S. tauto.
  - rewrite <- S. tauto.
Qed.

(** * Cuts *)

(** Rows that arrive after the cut do not change an answer as of arrival: what was served at the cut is what a training set
    that is built later has there. *)
Theorem cut rows later tr q :
  length later = length rows ->
  (forall i r, In r (rows_of later i) -> accepted (source_ p i) r = true -> has_arrived tr (source_ p i) (q_at q) r = false) ->
  let all := map (fun l => fst l ++ snd l) (combine rows later) in
  denote tab digest p all tr q = denote tab digest p rows tr q.
Proof.
  intros L H all. assert (R : forall i, rows_of all i = rows_of rows i ++ rows_of later i).
  { intro i. unfold all, rows_of. destruct (Nat.lt_ge_cases i (length rows)) as [X|X].
    - set (f := fun l : list row * list row => fst l ++ snd l).
      rewrite nth_indep with (d' := f ([], [])) by (rewrite map_length, combine_length; lia).
      now rewrite map_nth, combine_nth by auto.
    - rewrite !nth_overflow; auto; try lia. rewrite map_length, combine_length. lia. }
  set (keep := fun l => filter (fun r => accepted (source_ p (fst l)) r && has_arrived tr (source_ p (fst l)) (q_at q) r) (snd l)).
  set (states := map (fun l => nodup values_eq_dec (map (content (source_ p (fst l))) (keep l))) (combine (seq 0 (length rows)) rows)).
  assert (D : forall i, rows_of states i = nodup values_eq_dec (map (content (source_ p i)) (keep (i, rows_of rows i)))).
  { intro i. unfold states, rows_of. destruct (Nat.lt_ge_cases i (length rows)) as [X|X].
    - set (f := fun l : nat * list row => nodup values_eq_dec (map (content (source_ p (fst l))) (keep l))).
      rewrite nth_indep with (d' := f (0%nat, [])) by (rewrite map_length, combine_length, seq_length; lia).
      rewrite map_nth, combine_nth by now rewrite seq_length. now rewrite seq_nth.
    - rewrite (nth_overflow rows) by lia. rewrite nth_overflow; auto. rewrite map_length, combine_length, seq_length. lia. }
  transitivity (serve states tr q); [symmetry|]; apply serve_is_denote; intro i; rewrite D; (split; [apply NoDup_nodup|]); intro c;
    rewrite nodup_In, in_map_iff; unfold keep; simpl; split.
  - intros (r & E & I). apply filter_In in I as [I K]. apply andb_prop in K as []. exists r. rewrite R, in_app_iff. auto.
  - intros (r & I & A & E & V). rewrite R, in_app_iff in I. exists r. split; auto. apply filter_In. rewrite A, V. split; auto.
    destruct I as [|I]; auto. rewrite (H i r I A) in V. discriminate.
  - intros (r & E & I). apply filter_In in I as [I K]. apply andb_prop in K as []. exists r. auto.
  - intros (r & I & A & E & V). exists r. split; auto. apply filter_In. now rewrite A, V.
Qed.
End Serve.
