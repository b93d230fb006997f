(** Expressions have values of their types: what is no null and no error lies in its range (docs/semantics.md, section 4). *)
From Coq Require Import ZArith List Lia Bool.
From Featc Require Import Order Value Round Float Text Expr.
Import ListNotations.
Open Scope Z_scope.

Definition ty_eqb (a b : ty) : bool := if ty_eq_dec a b then true else false.
Lemma ty_eqb_eq a b : ty_eqb a b = true -> a = b.
Proof. unfold ty_eqb. destruct (ty_eq_dec a b); congruence. Qed.

(** What the front end checks of a call, as far as the type of its value depends on it. *)
Definition call_typed (f : func) (t : ty) (ts : list ty) : bool :=
  match f with
  | Abs | RoundTo | Floor | Ceil => negb (is_float_ty (nth 0 ts TBool)) || ty_eqb t TFloat
  | Sqrt | Ln | Log10 | Exp | Pow | Milliseconds | Seconds | Minutes | Hours | Days => ty_eqb t TFloat
  | Div | Least | Greatest | NullIf => true
  | Lower | Upper | Trim | Concat | Substring | Replace => ty_eqb t TStr
  | Length | Year | Month | DayOfMonth | DayOfWeek | DayOfYear | Hour | Minute => ty_eqb t TInt
  | StartsWith | EndsWith | Contains => ty_eqb t TBool
  | DateOf => ty_eqb t TDate
  | Truncate => ty_eqb t TTime
  end.

Fixpoint typed (cols : list ty) (e : expr) {struct e} : bool :=
  match e with
  | ECol n t => match nth_error cols n with Some u => ty_eqb u t | None => false end
  | ELit v t => fits t v
  | EUnary op a t => typed cols a &&
    match op with
    | IsNull | IsNotNull => ty_eqb t TBool
    | Not | Negate => ty_eqb t (ty_of a)
    end
  | EBinary op a b t => typed cols a && typed cols b &&
    match op with
    | And | Or => ty_eqb t TBool && ty_eqb (ty_of a) TBool && ty_eqb (ty_of b) TBool
    | Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual => ty_eqb t TBool
    | Divide => ty_eqb t TFloat
    | Add | Subtract | Multiply | Quotient | Remainder => true
    end
  | ECase branches otherwise _ =>
    forallb (fun b => typed cols (fst b) && typed cols (snd b)) branches &&
    match otherwise with Some e => typed cols e | None => true end
  | ECoalesce items _ => forallb (typed cols) items
  | ECast a _ => typed cols a
  | ECall f args t => forallb (typed cols) args && call_typed f t (map ty_of args)
  end.

Ltac split_if := repeat match goal with
  | |- context [if ?b then _ else _] => destruct b eqn:?; simpl
  | |- context [match ?o with Some _ => _ | None => _ end] => destruct o eqn:?; simpl
  end.

Lemma into_fits t u s : fits t (into t u s) = true.
Proof. unfold into. destruct t; auto using checked_fits. Qed.

Section Typed.
Variable tab : tables.

Lemma cast_fits v from to : fits to (cast tab v from to) = true.
Proof.
  destruct to; destruct v; simpl; auto; try apply (checked_fits _ TInt); try apply (checked_fits _ TTime); try apply (checked_fits _ TDur);
    try apply (checked_fits _ TDate); try apply (checked_fits _ (TDec _ _)); try (destruct f; auto; apply (checked_fits _ TInt));
    try (destruct f; auto; apply (checked_fits _ (TDec _ _))).
  all: try (unfold or_invalid, option_map; split_if; auto; fail).
  all: try (unfold or_invalid, option_map; match goal with |- context [match match ?o with _ => _ end with _ => _ end] => destruct o end; auto;
    first [apply (checked_fits _ TInt) | apply (checked_fits _ TTime) | apply (checked_fits _ TDate) | apply (checked_fits _ (TDec _ _))]).
  all: split_if; auto.
Qed.

Lemma coerce_fits v from to : fits from v = true -> fits to (coerce tab v from to) = true.
Proof.
  unfold coerce. destruct (ty_eq_dec from to) as [->|]; auto. destruct (is_valid v) eqn:E; [intros _; apply cast_fits|].
  destruct v; simpl in E; try discriminate; intros _; now destruct to.
Qed.

Lemma find_null_or_error t vs v : find is_error vs = Some v \/ find is_null vs = Some v -> fits t v = true.
Proof.
  intros [H|H]; apply find_some in H as [_ H]; destruct v; try discriminate; destruct t; auto.
Qed.

Lemma invalid_fits t vs v : invalid vs = Some v -> fits t v = true.
Proof.
  unfold invalid. destruct (find is_error vs) eqn:E.
  - intro H. inversion H; subst. eapply find_null_or_error; eauto.
  - intro H. eapply find_null_or_error; eauto.
Qed.

Lemma null_fits t : fits t VNull = true. Proof. now destruct t. Qed.
Lemma error_fits t c : fits t (VErr c) = true. Proof. now destruct t. Qed.

Lemma extreme_in pick vs : (forall a b, pick a b = a \/ pick a b = b) -> extreme pick vs = VNull \/ In (extreme pick vs) vs.
Proof.
  intro P. induction vs as [|v vs IH]; simpl; auto. destruct (is_null v); [destruct IH; auto|].
  destruct (is_null (extreme pick vs)) eqn:E; auto. destruct (P v (extreme pick vs)) as [->| ->]; auto.
  destruct IH; auto.
Qed.

Lemma strict_fits f t vs ts : call_typed f t ts = true -> Forall2 (fun u v => fits u v = true) ts vs ->
  fits t (strict tab f t vs ts) = true.
Proof.
  intros C F. assert (F0 : fits (nth 0 ts TBool) (nth 0 vs VNull) = true) by (destruct F; auto).
  destruct f; simpl in C; try (apply ty_eqb_eq in C; subst t); simpl; auto using null_fits;
    try apply (checked_fits _ TInt); try apply (checked_fits _ TTime).
  all: try (unfold numeric; destruct (nth 0 vs VNull) eqn:V; auto using into_fits, null_fits;
    destruct (nth 0 ts TBool); try discriminate F0; simpl in C; apply ty_eqb_eq in C; subst t; auto; fail).
  all: try (unfold civil; destruct (match nth 0 vs VNull with VTime us => _ | _ => _ end) as [day us];
    destruct (civil_from_days day) as [[y m] d]; first [apply (checked_fits _ TInt) | apply (checked_fits _ TDate)]).
  - destruct t; auto using null_fits. destruct (_ =? 0); auto using null_fits.
    apply (checked_fits Overflow (TDec precision scale)).
  - destruct (nth 1 vs VNull), (nth 2 vs VNull); auto.
  - destruct (nth 0 vs VNull), (nth 1 vs VNull); auto. destruct (0 <? us0); auto. apply (checked_fits _ TTime).
Qed.

Lemma call_fits f t vs ts : call_typed f t ts = true -> Forall2 (fun u v => fits u v = true) ts vs ->
  fits t (call tab f t vs ts) = true.
Proof.
  intros C F. unfold call.
  assert (L : forall pick, (forall a b, pick a b = a \/ pick a b = b) ->
    fits t (let vs := map (fun p => coerce tab (fst p) (snd p) t) (combine vs ts) in
            match find is_error vs with Some e => e | None => extreme pick vs end) = true).
  { intros pick P. simpl. destruct (find _ _) eqn:E; [eapply find_null_or_error; eauto|].
    destruct (extreme_in pick (map (fun p => coerce tab (fst p) (snd p) t) (combine vs ts)) P) as [->|I]; [apply null_fits|].
    apply in_map_iff in I as ([v u] & <- & I). simpl. apply coerce_fits. clear - F I. induction F; simpl in I; [easy|].
    destruct I as [I|I]; auto. inversion I; subst. auto. }
  destruct f; try (destruct (invalid vs) eqn:I; [eapply invalid_fits; eauto | now apply strict_fits]).
  - apply L. intros. unfold least. destruct (leb _ _ _); auto.
  - apply L. intros. unfold greatest. destruct (leb _ _ _); auto.
  - destruct (find is_error vs) eqn:E; [eapply find_null_or_error; eauto|]. destruct (_ && _); [apply null_fits|].
    apply coerce_fits. destruct F; auto.
Qed.

Lemma arithmetic_fits op t a ta b tb : fits t (arithmetic op t a ta b tb) = true.
Proof.
  unfold arithmetic. destruct (is_float_ty t) eqn:E; [now destruct t|]. destruct (align a ta b tb) as [[x y] s].
  destruct op; auto using into_fits; try (destruct (y =? 0); auto using into_fits, null_fits); destruct ta; apply into_fits.
Qed.

Variables (cols : list ty) (row : list value).
Hypothesis row_typed : forall n t, nth_error cols n = Some t -> fits t (nth n row VNull) = true.

Theorem eval_typed : forall e, typed cols e = true -> fits (ty_of e) (eval tab row e) = true.
Proof.
  fix IH 1. intros [n t|v t|op a t|op a b t|branches otherwise t|items t|a t|f args t]; intro H; cbn [ty_of].
  - simpl in *. destruct (nth_error cols n) eqn:E; [|discriminate]. apply ty_eqb_eq in H. subst. auto.
  - exact H.
  - simpl in H |- *. apply andb_prop in H as [A H]. specialize (IH a A). clear A.
    destruct op; apply ty_eqb_eq in H; subst t; destruct (eval tab row a); simpl; auto; try apply null_fits; try apply error_fits;
      destruct (ty_of a); simpl in IH; try discriminate; auto; try apply (checked_fits _ TInt); try apply (checked_fits _ TDur).
    simpl. unfold in_digits in *. now rewrite Z.abs_opp.
  - simpl in H |- *. apply andb_prop in H as [AB H]. apply andb_prop in AB as [A B]. pose proof (IH a A) as FA. pose proof (IH b B) as FB.
    clear IH A B. unfold binary.
    assert (K : forall d, fits TBool (eval tab row a) = true -> fits TBool (eval tab row b) = true ->
      fits TBool (connect d (eval tab row a) (eval tab row b)) = true).
    { intros d X Y. unfold connect. destruct (_ || _); auto. destruct (invalid _) eqn:I; auto. eapply invalid_fits; eauto. }
    destruct op; lazymatch goal with
      | |- context [connect] =>
        apply andb_prop in H as [H HB]; apply andb_prop in H as [H HA]; apply ty_eqb_eq in H, HA, HB; subst t;
        rewrite HA in FA; rewrite HB in FB; auto
      | _ => destruct (invalid [eval tab row a; eval tab row b]) eqn:I; [eapply invalid_fits; eauto|];
        first [apply arithmetic_fits | apply ty_eqb_eq in H; subst t; auto]
      end.
    unfold divide. destruct (_ || _); auto. destruct (align _ _ _ _) as [[x y] s]. destruct (y =? 0); auto.
  - simpl in H |- *. apply andb_prop in H as [B O]. induction branches as [|[when then_] branches IHb].
    + destruct otherwise as [e|]; [|apply null_fits]. apply coerce_fits, (IH e O).
    + simpl in B. apply andb_prop in B as [B1 B]. apply andb_prop in B1 as [_ B2].
      destruct (eval tab row when); auto using error_fits. destruct b; auto. apply coerce_fits, (IH then_ B2).
  - simpl in H |- *. induction items as [|i items IHi]; [apply null_fits|]. simpl in H. apply andb_prop in H as [I H].
    destruct (is_null _); auto. apply coerce_fits, (IH i I).
  - simpl in H |- *. apply coerce_fits, (IH a H).
  - simpl in H |- *. apply andb_prop in H as [A C]. apply call_fits; auto. clear C.
    induction args as [|x args IHa]; simpl; constructor; simpl in A; apply andb_prop in A as [X A]; auto.
Qed.
End Typed.
