(** The aggregates of the language (docs/semantics.md, section 5): each a commutative monoid, a group where it is one,
    with what an event lifts to and what is handed out. *)
From Coq Require Import ZArith List Lia Bool.
From Featc Require Import Order Value Round Float Expr Monoid Capped.
Import ListNotations.
Open Scope Z_scope.

(** What an aggregate sees of an event that takes part: its place among the events, its time, the argument. *)
Record taken := Taken { k_order : list (list Z); k_time : Z; k_arg : value }.

Inductive outcome := OValue (v : value) | OEmpty | OError (c : code).

Definition out (v : value) : outcome := match v with VErr c => OError c | _ => OValue v end.

Record aggregate := Aggregate {
  state : monoid;
  lift : taken -> state;
  lower : Z -> state -> outcome;
  (** [Some] where prefix differences and retraction are exact. *)
  group : option (group_of state);
}.

Inductive kind := KCount (of_argument : bool) | KSum | KMean | KVariance | KStddev | KVariancePop | KStddevPop | KMin | KMax
  | KFirst (ignoring_nulls : bool) | KLast (ignoring_nulls : bool) | KDistinct (cap : Z) | KSinceLast.

(** Counts. *)
Definition count (of_argument : bool) : aggregate := {|
  state := Sum;
  lift := fun e => if of_argument && is_null (k_arg e) then 0 else 1;
  lower := fun _ n => if n =? 0 then OEmpty else OValue (VInt n);
  group := Some Sum_group;
|}.

(** Moments: how many numbers, their sum and that of their squares, exactly; how many are NaN, +infinity, -infinity. *)
Definition Moments : monoid := Pair (Pair Sum (Pair Sum Sum)) (Pair Sum (Pair Sum Sum)).
Definition Moments_group : group_of Moments :=
  Pair_group (Pair_group Sum_group (Pair_group Sum_group Sum_group)) (Pair_group Sum_group (Pair_group Sum_group Sum_group)).

Definition finite (z : Z) : Moments := ((1, (z, z * z)), (0, (0, 0))).

Definition moments_lift (e : taken) : Moments :=
  match k_arg e with
  | VInt z | VDec z | VDur z | VFloat (Fin z) => finite z
  | VFloat NaN => ((1, (0, 0)), (1, (0, 0)))
  | VFloat (Inf false) => ((1, (0, 0)), (0, (1, 0)))
  | VFloat (Inf true) => ((1, (0, 0)), (0, (0, 1)))
  | _ => zero
  end.

(** NaN with a NaN or with both infinities, else the infinity that is there. *)
Definition special (nans ups downs : Z) : option fl :=
  if negb (nans =? 0) || (negb (ups =? 0) && negb (downs =? 0)) then Some NaN
  else if negb (ups =? 0) then Some (Inf false)
  else if negb (downs =? 0) then Some (Inf true)
  else None.

(** [num / den], in the unit of the type to the given power, rounded once. *)
Definition in_unit (t : ty) (power num den : Z) : fl :=
  match t with
  | TFloat => to_fl (rnd num (den * unit ^ (power - 1)))
  | _ => round_q num (den * 10 ^ (scale_of t * power))
  end.

Definition moments_lower (finish : Z -> Z -> Z -> outcome) (one_is_null : bool) (of_specials : fl -> fl) (s : Moments) : outcome :=
  let '((n, (x, xx)), (nans, (ups, downs))) := s in
  if n =? 0 then OEmpty
  else if one_is_null && (n =? 1) then OValue VNull
  else match special nans ups downs with
       | Some f => OValue (VFloat (of_specials f))
       | None => finish n x xx
       end.

Definition moments (finish : Z -> Z -> Z -> outcome) (one_is_null : bool) (of_specials : fl -> fl) : aggregate := {|
  state := Moments; lift := moments_lift; lower := fun _ => moments_lower finish one_is_null of_specials;
  group := Some Moments_group |}.

Definition sum_of (t : ty) (n x xx : Z) : outcome :=
  match t with
  | TFloat => OValue (VFloat (to_fl (rnd x 1)))
  | TDec _ s => out (checked Overflow (TDec 38 s) x)
  | TDur => out (checked Overflow TDur x)
  | _ => out (checked Overflow TInt x)
  end.

Definition mean_of (t : ty) (n x xx : Z) : outcome := OValue (VFloat (in_unit t 1 x n)).

(** (n Σx² − (Σx)²) / (n (n − 1)), or over n². *)
Definition variance (t : ty) (sample : bool) (n x xx : Z) : fl :=
  in_unit t 2 (n * xx - x * x) (if sample then n * (n - 1) else n * n).
Definition variance_of t sample n x xx := OValue (VFloat (variance t sample n x xx)).
Definition stddev_of t sample n x xx := OValue (VFloat (fsqrt (variance t sample n x xx))).

Definition only_nan (_ : fl) : fl := NaN.

(** Extremes skip nulls. *)
Definition extreme_lift (e : taken) : option value := if is_null (k_arg e) then None else Some (k_arg e).
Definition extreme_lower (_ : Z) (s : option value) : outcome := match s with Some v => OValue v | None => OEmpty end.
Definition min_of : aggregate := {| state := Least vcompare total_value; lift := extreme_lift; lower := extreme_lower; group := None |}.
Definition max_of : aggregate := {| state := Greatest vcompare total_value; lift := extreme_lift; lower := extreme_lower; group := None |}.

(** First and last are row-atomic: the place decides, the argument only between equal places. *)
Definition placed := (list (list Z) * value)%type.
Definition placed_compare : placed -> placed -> comparison := both (lex (lex Z.compare)) vcompare.

Lemma total_placed : total placed_compare.
Proof. apply total_both; [apply total_lex, total_lex, total_Z | apply total_value]. Qed.

Definition placed_lift (ignoring_nulls : bool) (e : taken) : option placed :=
  if ignoring_nulls && is_null (k_arg e) then None else Some (k_order e, k_arg e).
Definition placed_lower (_ : Z) (s : option placed) : outcome := match s with Some (_, v) => OValue v | None => OEmpty end.
Definition first_of (ignoring_nulls : bool) : aggregate :=
  {| state := Least placed_compare total_placed; lift := placed_lift ignoring_nulls; lower := placed_lower; group := None |}.
Definition last_of (ignoring_nulls : bool) : aggregate :=
  {| state := Greatest placed_compare total_placed; lift := placed_lift ignoring_nulls; lower := placed_lower; group := None |}.

(** Different values, at most so many. *)
Definition distinct_lift (cap : Z) (e : taken) : Capped cap :=
  if is_null (k_arg e) then (zero : Capped cap) else one cap (k_arg e).
Definition distinct_lower (cap : Z) (_ : Z) (s : Capped cap) : outcome :=
  match proj1_sig s with
  | None => OError Cap
  | Some [] => OEmpty
  | Some l => OValue (VInt (Z.of_nat (List.length l)))
  end.
Definition distinct (cap : Z) : aggregate :=
  {| state := Capped cap; lift := distinct_lift cap; lower := distinct_lower cap; group := None |}.

Definition since_last : aggregate := {|
  state := Greatest Z.compare total_Z; lift := fun e => Some (k_time e);
  lower := fun t s => match s with Some last => out (checked Overflow TDur (t - last)) | None => OEmpty end;
  group := None |}.

(** The aggregate of a name, over arguments of a type. *)
Definition instance (k : kind) (t : ty) : aggregate :=
  match k with
  | KCount of_argument => count of_argument
  | KSum => moments (sum_of t) false (fun f => f)
  | KMean => moments (mean_of t) false (fun f => f)
  | KVariance => moments (variance_of t true) true only_nan
  | KStddev => moments (stddev_of t true) true only_nan
  | KVariancePop => moments (variance_of t false) false only_nan
  | KStddevPop => moments (stddev_of t false) false only_nan
  | KMin => min_of
  | KMax => max_of
  | KFirst ignoring_nulls => first_of ignoring_nulls
  | KLast ignoring_nulls => last_of ignoring_nulls
  | KDistinct cap => distinct cap
  | KSinceLast => since_last
  end.

Definition zero_when_empty (k : kind) : bool := match k with KCount _ | KDistinct _ => true | _ => false end.

(** Which are groups, as the engines have it. *)
Definition is_group (k : kind) : bool :=
  match k with KCount _ | KSum | KMean | KVariance | KStddev | KVariancePop | KStddevPop => true | _ => false end.

(** Where each state has one that takes it back, and nowhere else: what the engines take for a group is one, and no other
    aggregate could be. *)
Theorem groups_of_the_language k t : match k with KDistinct cap => 0 <= cap | _ => True end ->
  (forall s : state (instance k t), exists back, plus s back = zero) <-> is_group k = true.
Proof.
  intro C. split.
  - intro H. destruct k; auto; exfalso.
    + destruct (H (Some VNull)) as [[v|] E]; discriminate E.
    + destruct (H (Some VNull)) as [[v|] E]; discriminate E.
    + destruct (H (Some ([], VNull))) as [[p|] E]; discriminate E.
    + destruct (H (Some ([], VNull))) as [[p|] E]; discriminate E.
    + destruct (H (top cap)) as [s E]. change (plus (m := Capped cap) (top cap) s = zero) in E. rewrite top_absorbs in E.
      apply (f_equal (@proj1_sig _ _)) in E. apply Z.leb_le in C. cbn in E. rewrite C in E. discriminate E.
    + destruct (H (Some 0)) as [[z|] E]; discriminate E.
  - destruct k; try discriminate; intros _ s;
      first [exists (minus Sum_group s); apply (minus_right Sum Sum_group) | exists (minus Moments_group s); apply (minus_right Moments Moments_group)].
Qed.

(** Errors are counted beside, by code. *)
Definition Errors : monoid := Pair Sum (Pair Sum Sum).
Definition Errors_group : group_of Errors := Pair_group Sum_group (Pair_group Sum_group Sum_group).

Definition error_lift (c : code) : Errors :=
  match c with Overflow => (1, (0, 0)) | InvalidCast => (0, (1, 0)) | Cap => (0, (0, 1)) end.

Definition least_error (e : Errors) : option code :=
  let '(a, (b, c)) := e in
  if negb (a =? 0) then Some Overflow else if negb (b =? 0) then Some InvalidCast else if negb (c =? 0) then Some Cap else None.

(** What an event in the window does. *)
Inductive part := PTaken (e : taken) | POut | PError (c : code).

Section Slot.
Variable a : aggregate.

Definition Slot : monoid := Pair (state a) Errors.
Definition Slot_group : option (group_of Slot) := option_map (fun g => Pair_group g Errors_group) (group a).

Definition slot_lift (p : part) : Slot :=
  match p with
  | PTaken e => (lift a e, zero)
  | POut => zero
  | PError c => (zero, error_lift c)
  end.

(** Counted errors are decided before the result is finalised. *)
Definition slot_lower (t : Z) (s : Slot) : outcome :=
  match least_error (snd s) with
  | Some c => OError c
  | None => lower a t (fst s)
  end.
End Slot.

(** Errors touch no state: they are counted beside it. *)
Theorem errors_counted (a : aggregate) ps :
  fold (m := Slot a) (slot_lift a) ps =
  (fold (m := state a) (fun p => match p with PTaken e => lift a e | _ => zero end) ps,
   fold (m := Errors) (fun p => match p with PError c => error_lift c | _ => zero end) ps).
Proof.
  induction ps as [|p ps IH]; [reflexivity|].
  change (plus (m := Slot a) (slot_lift a p) (fold (m := Slot a) (slot_lift a) ps) =
    (plus (m := state a) (match p with PTaken e => lift a e | _ => zero end)
       (fold (m := state a) (fun p => match p with PTaken e => lift a e | _ => zero end) ps),
     plus (m := Errors) (match p with PError c => error_lift c | _ => zero end)
       (fold (m := Errors) (fun p => match p with PError c => error_lift c | _ => zero end) ps))).
  rewrite IH. now destruct p.
Qed.

Definition is_code (c : code) (p : part) : bool :=
  match p with PError d => code_number c =? code_number d | _ => false end.

Lemma counts_of_codes ps :
  let n c := Z.of_nat (length (filter (is_code c) ps)) in
  fold (m := Errors) (fun p => match p with PError c => error_lift c | _ => zero end) ps = (n Overflow, (n InvalidCast, n Cap)).
Proof.
  induction ps as [|p ps IH]; [reflexivity|]. cbv zeta in *.
  change (plus (m := Errors) (match p with PError c => error_lift c | _ => zero end)
    (fold (m := Errors) (fun p => match p with PError c => error_lift c | _ => zero end) ps) =
    (Z.of_nat (length (filter (is_code Overflow) (p :: ps))), (Z.of_nat (length (filter (is_code InvalidCast) (p :: ps))),
      Z.of_nat (length (filter (is_code Cap) (p :: ps)))))).
  rewrite IH. clear IH. unfold Errors, Pair, Sum. simpl plus. destruct p as [e| |[]]; cbn [filter is_code code_number fst snd error_lift];
    simpl (_ =? _); cbv iota; cbn [length]; rewrite ?Nat2Z.inj_succ;
    (apply pair_equal_spec; split; [|apply pair_equal_spec; split]); cbn -[Z.of_nat Z.add]; lia.
Qed.

(** Of the errors in a window the least shows, however they are ordered and however many there are. *)
Theorem least_error_shows (a : aggregate) ps c :
  least_error (snd (fold (m := Slot a) (slot_lift a) ps)) = Some c <->
  (exists p, In p ps /\ p = PError c) /\ forall d, In (PError d) ps -> code_number c <= code_number d.
Proof.
  rewrite errors_counted. cbn [snd]. rewrite counts_of_codes. unfold least_error.
  assert (Z0 : forall d, (Z.of_nat (length (filter (is_code d) ps)) =? 0) = true <-> ~ In (PError d) ps).
  { intro d. rewrite Z.eqb_eq. split.
    - intros H I. assert (J : In (PError d) (filter (is_code d) ps)) by (apply filter_In; split; auto; simpl; apply Z.eqb_refl).
      destruct (filter (is_code d) ps); [easy | simpl in H; lia].
    - intro H. destruct (filter (is_code d) ps) as [|p l] eqn:E; auto. exfalso. apply H.
      assert (J : In p (filter (is_code d) ps)) by (rewrite E; now left). apply filter_In in J as [J K].
      destruct p as [| |d']; try discriminate. simpl in K. replace d with d'; auto. destruct d, d'; auto; discriminate. }
  assert (D : forall d, (In (PError d) ps /\ (Z.of_nat (length (filter (is_code d) ps)) =? 0) = false) \/
                        (~ In (PError d) ps /\ (Z.of_nat (length (filter (is_code d) ps)) =? 0) = true)).
  { intro d. destruct (Z.of_nat (length (filter (is_code d) ps)) =? 0) eqn:E; [right; split; auto; now apply Z0|left; split; auto].
    destruct (filter (is_code d) ps) as [|p l] eqn:F; [discriminate|].
    assert (J : In p (filter (is_code d) ps)) by (rewrite F; now left). apply filter_In in J as [J K].
    destruct p as [| |d']; try discriminate. simpl in K. replace d with d'; auto. destruct d, d'; auto; discriminate. }
  clear Z0. destruct (D Overflow) as [[I1 ->]|[I1 ->]], (D InvalidCast) as [[I2 ->]|[I2 ->]], (D Cap) as [[I3 ->]|[I3 ->]]; cbn [negb];
    (split; [intro X; first [discriminate X | inversion X; subst; split; [eauto | intros []; simpl; intros; first [lia | contradiction]]] |
      intros [(p & I & ->) L]; destruct c; auto; try contradiction; exfalso;
      first [specialize (L _ I1); simpl in L; lia | specialize (L _ I2); simpl in L; lia]]).
Qed.
