(** The laws that the engines use, for every aggregate of the language: [slot_monoid k t] ranges over all of them, with their
    counted errors. *)
From Coq Require Import ZArith List Lia Bool Permutation.
From Featc Require Import Order Value Round Float Expr Monoid Capped Agg Text Spec Truth.
Import ListNotations.
Open Scope Z_scope.

(** The state of a slot of an aggregate over arguments of a type. *)
Definition slot_monoid (k : kind) (t : ty) : monoid := Slot (instance k t).

(** What folding a list of events gives, when [parts] says what each does. *)
Definition state_of (k : kind) (t : ty) (parts : event -> part) (es : list event) : slot_monoid k t :=
  fold (m := slot_monoid k t) (fun e => slot_lift (instance k t) (parts e)) es.

Definition between (a b : Z) (e : event) : bool := (a <? e_time e) && (e_time e <=? b).
Definition until (b : Z) (e : event) : bool := e_time e <=? b.

Section Laws.
Variables (k : kind) (t : ty) (parts : event -> part).
Notation state_of := (state_of k t parts).
Notation plus := (plus (m := slot_monoid k t)).

(** * Windows *)

(** A window is the sum of two that meet. *)
Theorem window_split a m b es : a <= m <= b ->
  state_of (filter (between a b) es) = plus (state_of (filter (between a m) es)) (state_of (filter (between m b) es)).
Proof.
  intro H. unfold Laws.state_of. rewrite (fold_split _ (between a b) (until m)). f_equal; f_equal; apply filter_same; intros e _;
    unfold between, until; destruct (Z.ltb_spec a (e_time e)), (Z.leb_spec (e_time e) b), (Z.leb_spec (e_time e) m),
      (Z.ltb_spec m (e_time e)); simpl; auto; lia.
Qed.

(** Of groups: the window is a difference of prefixes, less what is excluded. *)
Theorem prefix_difference (g : group_of (slot_monoid k t)) (excluded : event -> bool) a b es : a <= b ->
  state_of (filter (fun e => between a b e && negb (excluded e)) es) =
  plus (plus (state_of (filter (until b) es)) (minus g (state_of (filter (until a) es))))
    (minus g (state_of (filter (fun e => between a b e && excluded e) es))).
Proof.
  intro H. assert (P : state_of (filter (until b) es) =
    plus (state_of (filter (until a) es)) (state_of (filter (between a b) es))).
  { unfold Laws.state_of. rewrite (fold_split _ (until b) (until a)). f_equal; f_equal; apply filter_same; intros e _;
      unfold between, until; destruct (Z.ltb_spec a (e_time e)), (Z.leb_spec (e_time e) b), (Z.leb_spec (e_time e) a);
      simpl; auto; lia. }
  assert (B : state_of (filter (between a b) es) = plus (state_of (filter (fun e => between a b e && excluded e) es))
    (state_of (filter (fun e => between a b e && negb (excluded e)) es))) by apply fold_split.
  rewrite P, B. symmetry. apply group_cancel.
Qed.

(** * Pages *)

Definition whole (p : event -> bool) (page : list event) : bool := forallb p page.
Definition apart (p : event -> bool) (page : list event) : bool := forallb (fun e => negb (p e)) page.

(** A page that lies in the window counts with its summary, one outside not at all, one at an edge is read. *)
Definition read_page (p : event -> bool) (page : list event) : slot_monoid k t :=
  if whole p page then state_of page else if apart p page then zero else state_of (filter p page).

Lemma filter_whole p page : whole p page = true -> filter p page = page.
Proof. induction page as [|e page IH]; simpl; auto. intro H. apply andb_prop in H as [-> H]. now rewrite IH. Qed.
Lemma filter_apart p page : apart p page = true -> filter p page = [].
Proof. induction page as [|e page IH]; simpl; auto. intro H. apply andb_prop in H as [E H]. apply negb_true_iff in E as ->. auto. Qed.

Lemma read_page_is_fold p page : read_page p page = state_of (filter p page).
Proof.
  unfold read_page. destruct (whole p page) eqn:W; [now rewrite filter_whole|].
  destruct (apart p page) eqn:A; auto. now rewrite filter_apart.
Qed.

Lemma state_of_app es fs : state_of (es ++ fs) = plus (state_of es) (state_of fs).
Proof. apply (fold_app (m := slot_monoid k t)). Qed.

Theorem pages_and_summaries p pages : fold (m := slot_monoid k t) (read_page p) pages = state_of (filter p (concat pages)).
Proof.
  induction pages as [|page pages IH]; auto. simpl concat. rewrite filter_app, state_of_app.
  change (plus (read_page p page) (fold (m := slot_monoid k t) (read_page p) pages) =
    plus (state_of (filter p page)) (state_of (filter p (concat pages)))). now rewrite IH, read_page_is_fold.
Qed.

(** Summaries of groups of pages are sums of those of the pages. *)
Theorem groups_of_pages pages : fold (m := slot_monoid k t) state_of pages = state_of (concat pages).
Proof.
  induction pages as [|page pages IH]; auto. simpl concat. rewrite state_of_app.
  change (plus (state_of page) (fold (m := slot_monoid k t) state_of pages) = plus (state_of page) (state_of (concat pages))).
  now rewrite IH.
Qed.

(** Putting an event in a page adds it to the summary; cutting a page in two, wherever, leaves the sum. *)
Theorem page_insert e before behind : state_of (before ++ e :: behind) =
  plus (slot_lift (instance k t) (parts e)) (state_of (before ++ behind)).
Proof.
  change (state_of (before ++ e :: behind) = state_of (e :: before ++ behind)).
  apply (fold_permutation (m := slot_monoid k t)). symmetry. apply Permutation_middle.
Qed.

Theorem page_cut n page : state_of page = plus (state_of (firstn n page)) (state_of (skipn n page)).
Proof. now rewrite <- state_of_app, firstn_skipn. Qed.

(** Of groups, what leaves a page is subtracted from its summary. *)
Theorem retraction (g : group_of (slot_monoid k t)) e before behind :
  state_of (before ++ behind) = plus (state_of (before ++ e :: behind)) (minus g (slot_lift (instance k t) (parts e))).
Proof.
  rewrite page_insert, (plus_comm _ (slot_lift (instance k t) (parts e))), <- plus_assoc, (minus_right _ g). now rewrite zero_plus.
Qed.

(** * Release *)

(** What no window of a question reaches may be dropped. *)
Theorem release low a b es : low <= a -> state_of (filter (between a b) (filter (fun e => low <? e_time e) es)) =
  state_of (filter (between a b) es).
Proof.
  intro L. f_equal. induction es as [|e es IH]; simpl; auto. destruct (Z.ltb_spec low (e_time e)); simpl; rewrite IH; auto.
  replace (between a b e) with false; auto. symmetry. unfold between. destruct (Z.ltb_spec a (e_time e)); simpl; auto; lia.
Qed.
End Laws.

(** * The last so many events *)

Fixpoint ascending (es : list event) : Prop :=
  match es with
  | [] => True
  | e :: rest => (forall f, In f rest -> ltb event_compare e f = true) /\ ascending rest
  end.

Lemma ltb_irreflexive e : ltb event_compare e e = false.
Proof. unfold ltb, event_compare. now rewrite (cmp_refl _ (total_lex _ (total_lex _ total_Z))). Qed.

Lemma ltb_asymmetric e f : ltb event_compare e f = true -> ltb event_compare f e = false.
Proof.
  unfold ltb, event_compare. rewrite (cmp_opp _ (total_lex _ (total_lex _ total_Z)) (order e) (order f)).
  destruct (lex _ (order e) (order f)); simpl; auto; discriminate.
Qed.

Lemma filter_all {A} (p : A -> bool) l : (forall x, In x l -> p x = true) -> filter p l = l.
Proof. induction l as [|x l IH]; simpl; intro H; auto. rewrite H, IH; auto. Qed.

Lemma ascending_app es fs : ascending (es ++ fs) -> ascending es /\ ascending fs /\
  forall e f, In e es -> In f fs -> ltb event_compare e f = true.
Proof.
  induction es as [|e es IH]; simpl; [intuition|]. intros [L A]. apply IH in A as (A & B & C).
  repeat split; auto.
  - intros f I. apply L, in_app_iff; auto.
  - intros x y [<-|I] J; auto. apply L, in_app_iff; auto.
Qed.

(** In a sorted log, those with fewer than [n] behind them are the last [n]. *)
Theorem selection_is_the_end n es : ascending es -> 0 <= n ->
  last_of_order n es = skipn (length es - Z.to_nat n) es.
Proof.
  intros A N. unfold last_of_order.
  assert (G : forall before es, ascending (before ++ es) ->
    filter (fun e => Z.of_nat (length (filter (fun f => ltb event_compare e f) (before ++ es))) <? n) es =
    skipn (length es - Z.to_nat n) es).
  { clear es A. intros before es. revert before. induction es as [|e es IH]; intros before A; auto.
    pose proof A as S. apply ascending_app in S as (_ & [L _] & C).
    assert (R : length (filter (fun f => ltb event_compare e f) (before ++ e :: es)) = length es).
    { rewrite filter_app. simpl. rewrite ltb_irreflexive, (filter_all _ es) by auto.
      replace (filter (fun f => ltb event_compare e f) before) with (@nil event); auto.
      symmetry. clear - C. induction before as [|b before IH]; auto. simpl.
      rewrite (ltb_asymmetric b e) by (apply C; simpl; auto). apply IH. intros. apply C; simpl; auto. }
    specialize (IH (before ++ [e])). rewrite <- app_assoc in IH. cbn [app] in IH. specialize (IH A).
    cbn [filter]. rewrite R, IH. cbn [length]. destruct (Z.ltb_spec (Z.of_nat (length es)) n) as [Y|Y].
    - replace (length es - Z.to_nat n)%nat with 0%nat by lia. replace (S (length es) - Z.to_nat n)%nat with 0%nat by lia. reflexivity.
    - replace (S (length es) - Z.to_nat n)%nat with (S (length es - Z.to_nat n)) by lia. reflexivity. }
  exact (G [] es A).
Qed.

(** Counted pages: pages behind that hold enough are all that is read; else they are taken whole, and the rest is sought
    before them. *)
Theorem counted_pages n before behind : ascending (before ++ behind) -> 0 <= n ->
  last_of_order n (before ++ behind) =
  if n <=? Z.of_nat (length behind) then last_of_order n behind
  else last_of_order (n - Z.of_nat (length behind)) before ++ behind.
Proof.
  intros A N. pose proof (ascending_app _ _ A) as (B & C & _). rewrite selection_is_the_end by auto. rewrite app_length.
  destruct (Z.leb_spec n (Z.of_nat (length behind))).
  - rewrite selection_is_the_end by auto. rewrite skipn_app, skipn_all2 by lia. simpl. f_equal. lia.
  - rewrite selection_is_the_end by (auto; lia). rewrite skipn_app. f_equal.
    + f_equal. lia.
    + replace (length before + length behind - Z.to_nat n - length before)%nat with 0%nat by lia. reflexivity.
Qed.

(** * The windows of the language *)

(** What a window leaves out of (t - length, t]: the instant itself, or the events with the question's own identity. *)
Definition left_out (ex : excluding) (t : Z) (own : option (list value)) (e : event) : bool :=
  match ex, own with
  | ExNow, _ => e_time e =? t
  | ExSelf, Some id => same (e_id e) id
  | _, _ => false
  end.

Lemma same_comm x y : same x y = same y x.
Proof. unfold same. destruct (values_eq_dec x y), (values_eq_dec y x); auto; congruence. Qed.

(** `over length` is (t - length, t], the left edge out and the right edge in, less what is excluded; so the laws above are
    about the windows of programs. *)
Theorem windows_are_between length ex sl t own es :
  select (Window (WLast length) ex) sl t own es =
  filter (fun e => between (t - length) t e && negb (left_out ex t own e)) es.
Proof.
  unfold select. simpl. apply filter_same. intros e _. unfold in_window, reaches, reach_of, between, is_excluded, left_out. simpl.
  rewrite (andb_comm (e_time e <=? t)). f_equal. f_equal. destruct ex, own; auto using same_comm.
Qed.

Theorem lifetime_is_until ex sl t own es :
  select (Window WLifetime ex) sl t own es = filter (fun e => until t e && negb (left_out ex t own e)) es.
Proof.
  unfold select. simpl. apply filter_same. intros e _. unfold in_window, reaches, reach_of, until, is_excluded, left_out. simpl.
  rewrite andb_true_r. f_equal. f_equal. destruct ex, own; auto using same_comm.
Qed.

(** An event with a null in its identity is never the question's own, and a question with a null takes nothing out: every
    window is then what it would be without `excluding self`. *)
Theorem null_is_nobody kind q s sl t es :
  (existsb is_null (map (own_value q s) (s_unique s)) = true \/ forall e, In e es -> In VNull (e_id e)) ->
  select (Window kind ExSelf) sl t (own_of q s) es = select (Window kind ExNothing) sl t (own_of q s) es.
Proof.
  intro H. assert (N : forall e, In e es -> is_excluded (Window kind ExSelf) t (own_of q s) e = false).
  { intros e I. unfold is_excluded, own_of, all_valid. simpl.
    destruct (forallb is_valid (map (own_value q s) (s_unique s))) eqn:V; auto. rewrite forallb_forall in V.
    destruct H as [H|H].
    - apply existsb_exists in H as (x & X & N). specialize (V x X). destruct x; discriminate.
    - specialize (H e I). destruct (same _ (e_id e)) eqn:S; auto. apply same_eq in S. rewrite <- S in H.
      specialize (V _ H). discriminate. }
  assert (F : filter (in_window (Window kind ExSelf) t (own_of q s)) es = filter (in_window (Window kind ExNothing) t (own_of q s)) es).
  { apply filter_same. intros e I. unfold in_window. rewrite (N e I). reflexivity. }
  unfold select. rewrite F. reflexivity.
Qed.

(** * Steps *)

Lemma lesser_swap p a b : lesser (lesser p a) b = lesser (lesser p b) a.
Proof. destruct p as [[]|], a as [[]|], b as [[]|]; reflexivity. Qed.

(** Two conditions keep the same rows with the same poison in either order. *)
Theorem conditions_commute tab a b ss r poison :
  steps tab (Where a :: Where b :: ss) r poison = steps tab (Where b :: Where a :: ss) r poison.
Proof.
  simpl. destruct (eval tab r a) as [|c|[]| | | | | | |], (eval tab r b) as [|d|[]| | | | | | |]; auto.
  now rewrite (lesser_swap poison (Some c)).
Qed.

(** * Whole answers *)

Section Answers.
Variable tab : tables.
Variable p : program.

Lemma select_restricted keep w sl t own es :
  (forall e, In e es -> reaches (reach_of w) t (e_time e) = true -> keep e = true) ->
  select w sl t own (filter keep es) = select w sl t own es.
Proof.
  intro H. assert (F : filter (in_window w t own) (filter keep es) = filter (in_window w t own) es).
  { induction es as [|e es IH]; simpl; auto. assert (IH' := IH (fun x I => H x (or_intror I))).
    destruct (keep e) eqn:K; simpl; rewrite IH'; auto. unfold in_window at 2. destruct (reaches (reach_of w) t (e_time e)) eqn:R; simpl; auto.
    rewrite (H e) in K; simpl; auto; discriminate. }
  unfold select. now rewrite F.
Qed.

Lemma feature_answer_restricted keep v s lag t own es :
  (forall e w, In e es -> (exists i sl, In sl (v_slots v) /\ i = sl_window sl /\ w = nth i (v_windows v) (Window WLifetime ExNothing)) ->
     reaches (reach_of w) t (e_time e) = true \/ reaches (retention w s) t (e_time e) = true -> keep e = true) ->
  (forall i f, nth_error (v_features v) i = Some f ->
     match f_kind f with FAggregate slots _ => forall j, In j slots -> (j < length (v_slots v))%nat | FDerived _ _ => True end) ->
  forall depth i, feature_answer tab depth v s lag t own (filter keep es) i = feature_answer tab depth v s lag t own es i.
Proof.
  intros H W. induction depth as [|depth IH]; intro i; simpl; auto.
  destruct (nth_error (v_features v) i) as [f|] eqn:F; auto. specialize (W i f F). f_equal. destruct (f_kind f) as [slots e|inputs e].
  - assert (E : forall j, In j slots -> slot_answer v t own (filter keep es) (nth j (v_slots v) no_slot) =
      slot_answer v t own es (nth j (v_slots v) no_slot)).
    { intros j J. unfold slot_answer, slot_state. rewrite select_restricted; auto. intros x X R.
      eapply (H x); auto; [|left; exact R]. do 2 eexists. split; [apply nth_In, (W j J)|]. split; reflexivity. }
    unfold aggregate_answer.
    rewrite (map_ext_in (fun i => slot_answer v t own (filter keep es) (nth i (v_slots v) no_slot))
      (fun i => slot_answer v t own es (nth i (v_slots v) no_slot)) slots E).
    destruct slots as [|i0 slots]; auto.
    assert (M : is_missing (nth (sl_window (nth i0 (v_slots v) no_slot)) (v_windows v) (Window WLifetime ExNothing)) s t (filter keep es) =
      is_missing (nth (sl_window (nth i0 (v_slots v) no_slot)) (v_windows v) (Window WLifetime ExNothing)) s t es).
    { unfold is_missing. f_equal. apply eq_true_iff_eq. rewrite !existsb_exists. split; intros (x & X & R); exists x; split; auto.
      - now apply filter_In in X.
      - apply filter_In. split; auto. eapply (H x); auto; [|right; exact R].
        do 2 eexists. split; [apply nth_In, (W i0); now left|]. split; reflexivity. }
    now rewrite M.
  - now rewrite (map_ext_in _ (feature_answer tab depth v s lag t own es)) by auto.
Qed.

(** What a program must keep for its slots to be there: the front end sees to it. *)
Definition slots_exist (v : view) : Prop :=
  forall i f, nth_error (v_features v) i = Some f ->
    match f_kind f with FAggregate slots _ => forall j, In j slots -> (j < length (v_slots v))%nat | FDerived _ _ => True end.

(** Whether an event is of use for a question: it is of the entity, and in the reach of a window or of its retention. *)
Definition of_use (v : view) (s : source) (q : question) (e : event) : Prop :=
  entity_of q v = Some (e_key e) /\
  exists sl, In sl (v_slots v) /\ let w := nth (sl_window sl) (v_windows v) (Window WLifetime ExNothing) in
    reaches (reach_of w) (q_at q) (e_time e) = true \/ reaches (retention w s) (q_at q) (e_time e) = true.

(** Events of other entities, and those that no window reaches, may be left out. *)
Theorem restriction keep v lag es q i : slots_exist v ->
  (forall e, In e es -> of_use v (source_ p (v_source v)) q e -> keep e = true) ->
  answer_from tab p lag v (filter keep es) q i = answer_from tab p lag v es q i.
Proof.
  intros W H. unfold answer_from, of_entity. destruct (entity_of q v) as [key|] eqn:K; auto.
  replace (filter (fun e => same key (e_key e)) (filter keep es)) with (filter keep (filter (fun e => same key (e_key e)) es)).
  - apply feature_answer_restricted; auto. intros e w I (j & sl & J & -> & ->) R. apply filter_In in I as [I S].
    apply same_eq in S. apply H; auto. split; [now subst|]. exists sl. auto.
  - clear. induction es as [|e es IH]; simpl; auto.
    destruct (keep e) eqn:A, (same key (e_key e)) eqn:B; simpl; rewrite ?A, ?B, ?IH; auto.
Qed.

(** A question with a null among its keys is answered like one about an entity without events. *)
Theorem null_key v lag es q i : entity_of q v = None -> answer_from tab p lag v es q i = answer_from tab p lag v [] q i.
Proof. intro H. unfold answer_from, of_entity. now rewrite H. Qed.

(** Release: an event that neither a window nor a retention of the view reaches any more, from a horizon on, is dropped
    without a trace in any question from that horizon on. *)
Theorem release_is_invisible horizon low v lag es q i : slots_exist v -> horizon <= q_at q ->
  (forall sl, In sl (v_slots v) -> let w := nth (sl_window sl) (v_windows v) (Window WLifetime ExNothing) in
     match reach_of w, retention w (source_ p (v_source v)) with
     | Some a, Some b => low <= horizon - a /\ low <= horizon - b
     | _, _ => False
     end) ->
  answer_from tab p lag v (filter (fun e => low <? e_time e) es) q i = answer_from tab p lag v es q i.
Proof.
  intros W T H. apply restriction; auto. intros e I [_ (sl & S & R)]. specialize (H sl S). simpl in H, R. apply Z.ltb_lt.
  unfold reaches in R. destruct (reach_of _) as [a|], (retention _ _) as [b|]; try contradiction.
  destruct R as [R|R]; apply andb_prop in R as [_ R]; apply Z.ltb_lt in R; lia.
Qed.

(** * Restart *)

(** A state that was written and read back, in any order, and fed with what comes after it, some of which it may have seen
    already, answers as one that was never stopped. *)
Theorem restart s v lag q i digest snapshot before replayed after :
  Permutation snapshot (fed s [] before) ->
  (forall r, In r replayed -> In r before) ->
  answer_from tab p lag v (events_of tab digest p v (fed s snapshot (replayed ++ after))) q i =
  answer_from tab p lag v (events_of tab digest p v (fed s [] (before ++ after))) q i.
Proof.
  intros P R. apply answer_from_permutation, flat_map_permutation, NoDup_Permutation.
  - apply fed_nodup. eapply Permutation_NoDup; [symmetry; exact P | apply fed_nodup; constructor].
  - apply fed_nodup. constructor.
  - intro c. rewrite !fed_in. setoid_rewrite in_app_iff.
    assert (S : In c snapshot <-> exists r, In r before /\ accepted s r = true /\ content s r = c).
    { split; intro I.
      - apply (Permutation_in _ P), fed_in in I as [[]|I]. exact I.
      - apply (Permutation_in _ (Permutation_sym P)), fed_in. now right. }
    rewrite S. split.
    + intros [(r & I & X)|(r & [I|I] & X)]; right; exists r; split; auto.
    + intros [[]|(r & [I|I] & X)]; [left; exists r; auto | right; exists r; auto].
Qed.
End Answers.

(** * Ties *)

(** Named hypothesis of what follows: among these events, different contents have different digests. *)
Definition digests_differ (es : list event) : Prop :=
  forall e f, In e es -> In f es -> e_digest e = e_digest f -> e_content e = e_content f.

(** The order without contents: time, identity, digest. *)
Definition place (e : event) : list (list Z) := ([e_time e] :: map number (e_id e)) ++ [[e_digest e]].

(** Then time, identity and digest alone say which of two events comes first: the contents behind them never decide. *)
Theorem order_by_digest es e f : digests_differ es -> In e es -> In f es -> length (e_id e) = length (e_id f) ->
  event_compare e f = match lex (lex Z.compare) (place e) (place f) with
                      | Eq => Eq
                      | c => c
                      end.
Proof.
  intros D I J L. unfold event_compare, order, place. simpl. destruct (e_time e ?= e_time f); auto.
  assert (G : forall x y, length x = length y ->
    lex (lex Z.compare) (x ++ [e_digest e] :: map number (e_content e)) (y ++ [e_digest f] :: map number (e_content f)) =
    lex (lex Z.compare) (x ++ [[e_digest e]]) (y ++ [[e_digest f]])).
  { induction x as [|a x IH]; destruct y as [|b y]; simpl; intro E; try discriminate.
    - destruct (e_digest e ?= e_digest f) eqn:C; auto. apply Z.compare_eq in C. rewrite (D e f I J C).
      apply (cmp_refl _ (total_lex _ (total_lex _ total_Z))).
    - destruct (lex Z.compare a b); auto. }
  rewrite G by now rewrite !map_length. destruct (lex _ (_ ++ _) (_ ++ _)); auto.
Qed.

(** What absorbs everything in a list, and is in it, is its fold. *)
Lemma fold_absorbed {A} {m : monoid} (g : A -> m) e l :
  In e l -> (forall f, In f l -> plus (g e) (g f) = g e) -> fold g l = g e.
Proof.
  intros I H. assert (B : forall k, (forall f, In f k -> In f l) -> plus (g e) (fold g k) = g e).
  { induction k as [|f k IH]; intro S; [apply zero_plus|]. change (fold g (f :: k)) with (plus (g f) (fold g k)).
    rewrite plus_assoc, H by (apply S; now left). apply IH. intros; apply S; now right. }
  apply in_split in I as (l1 & l2 & E). rewrite E, fold_app. change (fold g (e :: l2)) with (plus (g e) (fold g l2)).
  rewrite B by (intros f F; rewrite E; apply in_or_app; right; now right).
  rewrite plus_comm. apply B. intros f F. rewrite E. apply in_or_app. now left.
Qed.

(** Whether `first` and `last` look at an event: it is in, and no null if those are ignored. *)
Definition looked_at (ignoring_nulls : bool) (sl : slot) (e : event) : bool :=
  match part_of sl e with PTaken k => negb (ignoring_nulls && is_null (k_arg k)) | _ => false end.

Lemma taken_is (sl : slot) e k : part_of sl e = PTaken k -> k = Taken (order e) (e_time e) (argument sl e).
Proof.
  unfold part_of. destruct (e_poison e); [discriminate|].
  destruct (match sl_filter sl with Some l => nth l (e_lifts e) VNull | None => VBool true end) as [|c|[]| | | | | | |]; try discriminate.
  destruct (argument sl e) as [|c|b| | | | | | |]; try discriminate; intro H; now inversion H.
Qed.

Section Edge.
Variables (ignoring_nulls : bool) (sl : slot) (e : event) (es : list event).
Hypothesis there : In e es.
Hypothesis seen : looked_at ignoring_nulls sl e = true.
Hypothesis sound : forall f c, In f es -> part_of sl f <> PError c.

Let mine : part_of sl e = PTaken (Taken (order e) (e_time e) (argument sl e)) /\ (ignoring_nulls && is_null (argument sl e)) = false.
Proof.
  unfold looked_at in seen. destruct (part_of sl e) as [k| |] eqn:P; try discriminate. pose proof (taken_is sl e k P). subst k.
  simpl in seen. split; auto. now destruct (_ && _).
Qed.

(** An event of the list is left out, or stands at its place. *)
Let other f : In f es -> part_of sl f = POut \/ part_of sl f = PTaken (Taken (order f) (e_time f) (argument sl f)).
Proof.
  intro I. destruct (part_of sl f) as [k| |c] eqn:P; auto.
  - right. now rewrite (taken_is sl f k P).
  - now apply sound in P.
Qed.

(** [first] is the argument of the event that comes before all others that it looks at. *)
Theorem first_is_of_the_first_event t :
  (forall f, In f es -> looked_at ignoring_nulls sl f = true -> f = e \/ ltb event_compare e f = true) ->
  slot_lower (first_of ignoring_nulls) t
    (fold (m := Slot (first_of ignoring_nulls)) (fun f => slot_lift (first_of ignoring_nulls) (part_of sl f)) es) =
  OValue (argument sl e).
Proof.
  intro Before. rewrite (fold_absorbed _ e es there).
  - destruct mine as [-> N]. unfold slot_lower. simpl. unfold placed_lift. simpl. now rewrite N.
  - intros f I. destruct mine as [M N]. rewrite M. destruct (other f I) as [->|P]; [apply zero_plus|].
    rewrite P. simpl. unfold placed_lift. simpl. rewrite N. destruct (ignoring_nulls && is_null (argument sl f)) eqn:F; [reflexivity|].
    f_equal. simpl. f_equal. unfold least, leb.
    destruct (Before f I) as [->|Later]; [unfold looked_at; rewrite P; simpl; now rewrite F| |].
    + destruct (placed_compare _ _) eqn:C; auto.
    + unfold ltb, event_compare in Later. unfold placed_compare, both. cbn [fst snd].
      destruct (lex (lex Z.compare) (order e) (order f)); try discriminate Later. reflexivity.
Qed.

(** [last] is that of the event that comes behind all others. *)
Theorem last_is_of_the_last_event t :
  (forall f, In f es -> looked_at ignoring_nulls sl f = true -> f = e \/ ltb event_compare f e = true) ->
  slot_lower (last_of ignoring_nulls) t
    (fold (m := Slot (last_of ignoring_nulls)) (fun f => slot_lift (last_of ignoring_nulls) (part_of sl f)) es) =
  OValue (argument sl e).
Proof.
  intro Behind. rewrite (fold_absorbed _ e es there).
  - destruct mine as [-> N]. unfold slot_lower. simpl. unfold placed_lift. simpl. now rewrite N.
  - intros f I. destruct mine as [M N]. rewrite M. destruct (other f I) as [->|P]; [apply zero_plus|].
    rewrite P. simpl. unfold placed_lift. simpl. rewrite N. destruct (ignoring_nulls && is_null (argument sl f)) eqn:F; [reflexivity|].
    f_equal. simpl. f_equal. rewrite (greatest_comm _ total_placed). unfold greatest, leb.
    destruct (Behind f I) as [->|Earlier]; [unfold looked_at; rewrite P; simpl; now rewrite F| |].
    + destruct (placed_compare _ _) eqn:C; auto.
    + unfold ltb, event_compare in Earlier. unfold placed_compare, both. cbn [fst snd].
      destruct (lex (lex Z.compare) (order f) (order e)); try discriminate Earlier. reflexivity.
Qed.
End Edge.
