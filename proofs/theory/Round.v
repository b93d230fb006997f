(** The one rounding: a rational to the nearest float, of two equally near ones the even one.

    Everything is in units of 2^-1074, so that floats are integers: those with at most 53 significant binary digits.
    [rnd] rounds as if the range had no end; [to_fl] says what lies beyond it (IEEE 754: what rounds to 2^1024 or more is
    infinity). *)
From Coq Require Import ZArith List Lia Bool.
From Featc Require Import Value.
Open Scope Z_scope.

(** The integer nearest to n / d, the even one of two. *)
Definition half_even (n d : Z) : Z :=
  let q := n / d in
  let r := n mod d in
  match 2 * r ?= d with
  | Lt => q
  | Gt => q + 1
  | Eq => if Z.even q then q else q + 1
  end.

(** The weight of the last digit that the result keeps. *)
Definition ulp (q : Z) : Z := 2 ^ Z.max 0 (Z.log2 q - 52).

(** n / d ≥ 0, rounded to 53 digits. *)
Definition rnd_pos (n d : Z) : Z := let u := ulp (n / d) in u * half_even n (d * u).

(** n / d of any sign, d > 0. *)
Definition rnd (n d : Z) : Z := Z.sgn n * rnd_pos (Z.abs n) d.

(** 2^1024 in units of 2^-1074. *)
Definition limit : Z := 2 ^ 2098.

Definition to_fl (units : Z) : fl := if Z.abs units <? limit then Fin units else Inf (units <? 0).

(** num / den rounded once, den not 0. *)
Definition unit : Z := 2 ^ 1074.
Definition round_q (num den : Z) : fl := to_fl (rnd (num * Z.sgn den * unit) (Z.abs den)).

(** A float (of a range without end). *)
Definition is_float (f : Z) : Prop := exists m e, 0 <= e /\ Z.abs m < 2 ^ 53 /\ f = m * 2 ^ e.

(** The last digit that [f] keeps is even: what decides a tie. *)
Definition is_even_float (f : Z) : Prop := exists m e, 0 <= e /\ Z.abs m <= 2 ^ 53 /\ Z.even m = true /\ f = m * 2 ^ e /\
  (e = 0 \/ 2 ^ 52 <= Z.abs m).

Lemma half_even_near n d k : 0 < d -> Z.abs (n - half_even n d * d) <= Z.abs (n - k * d).
Proof.
  intro D. unfold half_even. pose proof (Z.div_mod n d). pose proof (Z.mod_pos_bound n d D).
  set (q := n / d) in *. set (r := n mod d) in *.
  assert (N : n = d * q + r) by lia. clearbody q r. subst n.
  assert (K : k <= q \/ q + 1 <= k) by lia.
  assert (A : k <= q -> k * d <= q * d) by nia.
  assert (B : q + 1 <= k -> (q + 1) * d <= k * d) by nia.
  destruct (Z.compare_spec (2 * r) d); [destruct (Z.even q)| |]; destruct K; lia.
Qed.

Lemma half_even_tie n d k : 0 < d -> k <> half_even n d ->
  Z.abs (n - half_even n d * d) = Z.abs (n - k * d) -> Z.even (half_even n d) = true.
Proof.
  intro D. unfold half_even. pose proof (Z.div_mod n d). pose proof (Z.mod_pos_bound n d D).
  set (q := n / d) in *. set (r := n mod d) in *.
  assert (N : n = d * q + r) by lia. clearbody q r. subst n. intros X Y.
  assert (K : k <= q \/ q + 1 <= k) by lia.
  assert (A : k <= q - 1 -> k * d <= (q - 1) * d) by nia.
  assert (B : q + 1 <= k -> (q + 1) * d <= k * d) by nia.
  assert (C : q + 2 <= k -> (q + 2) * d <= k * d) by nia.
  destruct (Z.compare_spec (2 * r) d); [destruct (Z.even q) eqn:E| |]; auto.
  - now rewrite Z.even_add, E.
  - assert (k <= q - 1 \/ q + 1 <= k) by lia. lia.
  - assert (k = q \/ k <= q - 1 \/ q + 2 <= k) as [->|[]] by lia; lia.
Qed.

Lemma half_even_mono n d n' : 0 < d -> n <= n' -> half_even n d <= half_even n' d.
Proof.
  intros D L. unfold half_even. pose proof (Z.div_mod n d). pose proof (Z.mod_pos_bound n d D).
  pose proof (Z.div_mod n' d). pose proof (Z.mod_pos_bound n' d D). pose proof (Z.div_le_mono n n' d D L).
  set (q := n / d) in *. set (r := n mod d) in *. set (q' := n' / d) in *. set (r' := n' mod d) in *.
  assert (q < q' \/ (q = q' /\ r <= r')) as [|[-> ?]] by nia;
    destruct (Z.compare_spec (2 * r) d), (Z.compare_spec (2 * r') d); try destruct (Z.even q); try destruct (Z.even q'); lia.
Qed.

Lemma half_even_scale n d k : 0 < d -> 0 < k -> half_even (n * k) (d * k) = half_even n d.
Proof.
  intros D K. unfold half_even. rewrite Z.div_mul_cancel_r, Z.mul_mod_distr_r by lia.
  replace (2 * (n mod d * k)) with (2 * (n mod d) * k) by ring. now rewrite <- Zmult_compare_compat_r by lia.
Qed.

Lemma half_even_exact k d : 0 < d -> half_even (k * d) d = k.
Proof.
  intro D. unfold half_even. rewrite Z.div_mul, Z.mod_mul by lia.
  destruct (Z.compare_spec (2 * 0) d); lia.
Qed.

Lemma ulp_pos q : 0 < ulp q.
Proof. apply Z.pow_pos_nonneg; lia. Qed.

(** What lies below the binade has no digits above it: floats that are no multiples of the weight are less. *)
Lemma float_multiple q f : 0 <= q -> is_float f -> 0 <= f ->
  (exists k, f = k * ulp q) \/ (f < 2 ^ 52 * ulp q /\ 2 ^ 52 * ulp q <= q).
Proof.
  intros Q (m & e & E & M & ->) F. unfold ulp.
  destruct (Z.le_gt_cases (Z.log2 q) 52) as [S|S].
  - left. rewrite Z.max_l by lia. exists (m * 2 ^ e). lia.
  - rewrite Z.max_r by lia. destruct (Z.le_gt_cases (Z.log2 q - 52) e) as [L|L].
    + left. exists (m * 2 ^ (e - (Z.log2 q - 52))). rewrite <- Z.mul_assoc, <- Z.pow_add_r by lia. do 2 f_equal. lia.
    + right. rewrite <- Z.pow_add_r by lia. replace (52 + (Z.log2 q - 52)) with (Z.log2 q) by lia.
      assert (0 < q). { destruct (Z.eq_dec q 0) as [->|]; [vm_compute in S; discriminate | lia]. }
      split; [|now apply Z.log2_spec].
      apply Z.lt_le_trans with (2 ^ 53 * 2 ^ e).
      * apply Z.mul_lt_mono_pos_r; [apply Z.pow_pos_nonneg; lia | lia].
      * rewrite <- Z.pow_add_r by lia. apply Z.pow_le_mono_r; lia.
Qed.

Section Positive.
Variables n d : Z.
Hypotheses (N : 0 <= n) (D : 0 < d).
Let q := n / d.
Let u := ulp q.

Lemma q_pos : 0 <= q. Proof. apply Z.div_pos; lia. Qed.
Lemma u_pos : 0 < u. Proof. apply ulp_pos. Qed.

Lemma rnd_multiple k : Z.abs (n - rnd_pos n d * d) <= Z.abs (n - (k * u) * d).
Proof.
  pose proof u_pos as U. pose proof (half_even_near n (d * u) k ltac:(nia)) as H.
  unfold rnd_pos. fold q. fold u. replace (u * half_even n (d * u) * d) with (half_even n (d * u) * (d * u)) by ring.
  replace (k * u * d) with (k * (d * u)) by ring. exact H.
Qed.

Theorem rnd_pos_nearest f : is_float f -> 0 <= f -> Z.abs (n - rnd_pos n d * d) <= Z.abs (n - f * d).
Proof.
  intros F P. destruct (float_multiple q f q_pos F P) as [[k ->]|[L G]].
  - apply rnd_multiple.
  - etransitivity; [apply (rnd_multiple (2 ^ 52))|]. fold u in L, G.
    assert (q * d <= n) by (subst q; rewrite Z.mul_comm; apply Z.mul_div_le; lia).
    assert (2 ^ 52 * u * d <= n) by nia. assert (f * d <= 2 ^ 52 * u * d) by nia. lia.
Qed.

Lemma half_range : 0 <= half_even n (d * u) <= 2 ^ 53.
Proof.
  pose proof u_pos as U. split.
  - rewrite <- (half_even_exact 0 (d * u)) by nia. apply half_even_mono; nia.
  - rewrite <- (half_even_exact (2 ^ 53) (d * u)) by nia. apply half_even_mono; [nia|].
    assert (q < 2 ^ 53 * u).
    { unfold u, ulp. destruct (Z.eq_dec q 0) as [E|E]; [rewrite E; vm_compute; reflexivity|].
      rewrite <- Z.pow_add_r by lia. apply Z.lt_le_trans with (2 ^ Z.succ (Z.log2 q)).
      - apply Z.log2_spec. pose proof q_pos. lia.
      - apply Z.pow_le_mono_r; lia. }
    assert (n < (q + 1) * d). { subst q. pose proof (Z.mul_succ_div_gt n d D). lia. }
    nia.
Qed.

Lemma half_low : u = 1 \/ 2 ^ 52 <= half_even n (d * u).
Proof.
  pose proof u_pos as U. destruct (Z.le_gt_cases (Z.log2 q) 52) as [S|S].
  - left. unfold u, ulp. now rewrite Z.max_l by lia.
  - right. rewrite <- (half_even_exact (2 ^ 52) (d * u)) by nia. apply half_even_mono; [nia|].
    assert (2 ^ 52 * u <= q).
    { unfold u, ulp. rewrite Z.max_r by lia. rewrite <- Z.pow_add_r by lia. replace (52 + (Z.log2 q - 52)) with (Z.log2 q) by lia.
      apply Z.log2_spec. destruct (Z.eq_dec q 0) as [E|E]; [rewrite E in S; vm_compute in S; discriminate | pose proof q_pos; lia]. }
    assert (q * d <= n) by (subst q; rewrite Z.mul_comm; apply Z.mul_div_le; lia). nia.
Qed.

Lemma rnd_pos_float : is_float (rnd_pos n d).
Proof.
  unfold rnd_pos. fold q. fold u. pose proof half_range as [A B]. unfold u, ulp in *.
  set (e := Z.max 0 (Z.log2 q - 52)) in *. assert (E : 0 <= e) by lia. clearbody e.
  destruct (Z.eq_dec (half_even n (d * 2 ^ e)) (2 ^ 53)) as [->|NE].
  - exists 1, (e + 53). repeat split; try lia. rewrite Z.pow_add_r by lia. ring.
  - exists (half_even n (d * 2 ^ e)), e. repeat split; try lia.
Qed.

(** Where another float is as near, the result is the even one. *)
Theorem rnd_pos_tie f : is_float f -> 0 <= f -> f <> rnd_pos n d ->
  Z.abs (n - rnd_pos n d * d) = Z.abs (n - f * d) -> is_even_float (rnd_pos n d).
Proof.
  intros F P X Y. pose proof u_pos as U.
  assert (K : exists k, Z.abs (n - rnd_pos n d * d) = Z.abs (n - (k * u) * d) /\ k <> half_even n (d * u)).
  { destruct (float_multiple q f q_pos F P) as [[k ->]|[L G]].
    - exists k. split; auto. intros ->. apply X. unfold rnd_pos. fold q. fold u. ring.
    - exfalso. fold u in L, G. pose proof (rnd_multiple (2 ^ 52)) as H.
      assert (q * d <= n) by (subst q; rewrite Z.mul_comm; apply Z.mul_div_le; lia).
      assert (2 ^ 52 * u * d <= n) by nia. assert (f * d < 2 ^ 52 * u * d) by nia. lia. }
  destruct K as (k & K & NE). assert (EV : Z.even (half_even n (d * u)) = true).
  { apply (half_even_tie n (d * u) k); [nia | auto|].
    unfold rnd_pos in K. fold q in K. fold u in K.
    replace (u * half_even n (d * u) * d) with (half_even n (d * u) * (d * u)) in K by ring.
    now replace (k * u * d) with (k * (d * u)) in K by ring. }
  unfold is_even_float, rnd_pos. fold q. fold u. exists (half_even n (d * u)), (Z.max 0 (Z.log2 q - 52)).
  pose proof half_range. repeat split; auto; try lia.
  - unfold u, ulp. ring.
  - destruct half_low as [E|E]; [|right; lia]. left.
    unfold u, ulp in E. destruct (Z.eq_dec (Z.max 0 (Z.log2 q - 52)) 0); auto.
    assert (1 < 2 ^ Z.max 0 (Z.log2 q - 52)) by (apply Z.pow_gt_1; lia). lia.
Qed.
End Positive.

Lemma is_float_opp f : is_float f -> is_float (- f).
Proof. intros (m & e & E & M & ->). exists (- m), e. repeat split; lia. Qed.

Lemma rnd_pos_nonneg n d : 0 <= n -> 0 < d -> 0 <= rnd_pos n d.
Proof.
  intros N D. pose proof (rnd_pos_nearest n d N D) as H. unfold rnd_pos. pose proof (ulp_pos (n / d)).
  pose proof (half_range n d N D). nia.
Qed.

Lemma rnd_pos_0 d : 0 < d -> rnd_pos 0 d = 0.
Proof.
  intro D. unfold rnd_pos. rewrite Z.div_0_l by lia. pose proof (half_even_exact 0 (d * ulp 0)) as H.
  rewrite Z.mul_0_l in H. rewrite H; [ring | pose proof (ulp_pos 0); nia].
Qed.

(** The result is a float, and no float is nearer. *)
Theorem rnd_float n d : 0 < d -> is_float (rnd n d).
Proof.
  intro D. unfold rnd. pose proof (rnd_pos_float (Z.abs n) d ltac:(lia) D) as F.
  destruct (Z.sgn_spec n) as [[_ ->]|[[_ ->]|[_ ->]]].
  - now rewrite Z.mul_1_l.
  - exists 0, 0. repeat split; lia.
  - replace (-1 * rnd_pos (Z.abs n) d) with (- rnd_pos (Z.abs n) d) by ring. now apply is_float_opp.
Qed.

Lemma rnd_nonneg n d : 0 <= n -> 0 < d -> rnd n d = rnd_pos n d.
Proof.
  intros N D. unfold rnd. rewrite Z.abs_eq by lia. destruct (Z.eq_dec n 0) as [->|].
  - rewrite rnd_pos_0 by lia. reflexivity.
  - rewrite Z.sgn_pos by lia. ring.
Qed.

Lemma rnd_opp n d : rnd (- n) d = - rnd n d.
Proof. unfold rnd. rewrite Z.sgn_opp, Z.abs_opp. ring. Qed.

Theorem rnd_nearest n d f : 0 < d -> is_float f -> Z.abs (n - rnd n d * d) <= Z.abs (n - f * d).
Proof.
  intros D F. assert (P : forall n f, 0 <= n -> is_float f -> Z.abs (n - rnd n d * d) <= Z.abs (n - f * d)).
  { clear n f F. intros n f N F. rewrite rnd_nonneg by lia. destruct (Z.le_gt_cases 0 f).
    - now apply rnd_pos_nearest.
    - pose proof (rnd_pos_nearest n d N D 0) as H0. etransitivity; [apply H0; [exists 0, 0; repeat split; lia | lia]|].
      nia. }
  destruct (Z.le_gt_cases 0 n); [now apply P|].
  pose proof (P (- n) (- f) ltac:(lia) (is_float_opp f F)) as H1. rewrite rnd_opp in H1. lia.
Qed.

(** A tie goes to the even one. *)
Theorem rnd_tie n d f : 0 <= n -> 0 < d -> is_float f -> 0 <= f -> f <> rnd n d ->
  Z.abs (n - rnd n d * d) = Z.abs (n - f * d) -> is_even_float (rnd n d).
Proof. intros N D. rewrite rnd_nonneg by lia. now apply rnd_pos_tie. Qed.

(** Floats stay as they are. *)
Theorem rnd_exact f d : 0 < d -> is_float f -> rnd (f * d) d = f.
Proof.
  intros D F. pose proof (rnd_nearest (f * d) d f D F) as H. rewrite Z.sub_diag in H.
  assert (rnd (f * d) d * d = f * d) by lia. nia.
Qed.

(** Only the value of the fraction counts. *)
Theorem rnd_scale n d k : 0 < d -> 0 < k -> rnd (n * k) (d * k) = rnd n d.
Proof.
  intros D K. unfold rnd, rnd_pos. rewrite Z.sgn_mul, (Z.sgn_pos k), Z.mul_1_r by lia. f_equal.
  rewrite Z.abs_mul, (Z.abs_eq k), Z.div_mul_cancel_r by lia. pose proof (ulp_pos (Z.abs n / d)).
  replace (d * k * ulp (Z.abs n / d)) with (d * ulp (Z.abs n / d) * k) by ring. now rewrite half_even_scale by nia.
Qed.

Lemma rnd_value n d n' d' : 0 < d -> 0 < d' -> n * d' = n' * d -> rnd n d = rnd n' d'.
Proof. intros D D' E. rewrite <- (rnd_scale n d d'), <- (rnd_scale n' d' d), E by lia. f_equal. ring. Qed.

(** A greater fraction has no lesser float. *)
Theorem rnd_mono n d n' d' : 0 < d -> 0 < d' -> n * d' <= n' * d -> rnd n d <= rnd n' d'.
Proof.
  intros D D' L. rewrite <- (rnd_scale n d d'), <- (rnd_scale n' d' d) by lia. replace (d' * d) with (d * d') by ring.
  assert (DD : 0 < d * d') by nia. set (x := n * d') in *. set (y := n' * d) in *. set (c := d * d') in *. clearbody x y c.
  destruct (Z.eq_dec x y) as [->|NE]; [lia|].
  pose proof (rnd_nearest x c (rnd y c) DD (rnd_float y c DD)) as HX.
  pose proof (rnd_nearest y c (rnd x c) DD (rnd_float x c DD)) as HY.
  destruct (Z.le_gt_cases (rnd x c) (rnd y c)) as [|G]; auto. exfalso.
  assert (rnd y c * c < rnd x c * c) by nia. lia.
Qed.

Theorem round_q_mono_exact f : is_float f -> Z.abs f < limit -> round_q f unit = Fin f.
Proof.
  intros F L. unfold round_q, to_fl. assert (U : 0 < unit) by reflexivity.
  rewrite Z.sgn_pos, Z.mul_1_r, (Z.abs_eq unit), rnd_exact by (auto; lia).
  now apply Z.ltb_lt in L as ->.
Qed.
