(** Texts of values, and the calendar (docs/language.md, casts and functions). Texts are lists of scalar values. *)
From Coq Require Import ZArith List Lia Bool String Ascii.
From Featc Require Import Order Value Round.
Import ListNotations.
Open Scope Z_scope.

Definition T (s : string) : text := map (fun c => Z.of_N (N_of_ascii c)) (list_ascii_of_string s).

Definition text_eqb (a b : text) := match lex Z.compare a b with Eq => true | _ => false end.

Definition is_digit c := (48 <=? c) && (c <=? 57).

(** The number that digits write; of none, 0. *)
Definition digits (t : text) : option Z :=
  if forallb is_digit t then Some (fold_left (fun n c => n * 10 + (c - 48)) t 0) else None.

Fixpoint split_at (p : Z -> bool) (t : text) : text * option text :=
  match t with
  | [] => ([], None)
  | c :: t => if p c then ([], Some t) else let (a, b) := split_at p t in (c :: a, b)
  end.

(** [+-]digits[.digits]: the sign, all digits as one number, how many stand behind the point ([None]: no point). *)
Definition number_text (t : text) : option (Z * Z * option Z * Z) :=
  let '(sign, rest) := match t with
    | c :: r => if c =? 45 then (-1, r) else if c =? 43 then (1, r) else (1, t)
    | [] => (1, t)
    end in
  let '(whole, fraction) := split_at (Z.eqb 46) rest in
  let behind := match fraction with Some f => f | None => [] end in
  let count := Z.of_nat (List.length (whole ++ behind)) in
  if count =? 0 then None
  else match digits (whole ++ behind) with
       | None => None
       | Some n => Some (sign, n, option_map (fun f => Z.of_nat (List.length f)) fraction, count)
       end.

Definition int_of_text (t : text) : option Z :=
  match number_text t with Some (sign, n, None, _) => Some (sign * n) | _ => None end.

(** Nearest float; what rounds beyond the range is no float. *)
Definition float_of_text (t : text) : option fl :=
  let '(mantissa, exponent) := split_at (fun c => (c =? 101) || (c =? 69)) t in
  match number_text mantissa, (match exponent with None => Some 0 | Some e => int_of_text e end) with
  | Some (sign, n, behind, count), Some e =>
    let e := e - match behind with Some b => b | None => 0 end in
    if n =? 0 then Some (Fin 0)
    else if 400 <? e then None
    else if e + count <? -400 then Some (Fin 0)
    else match (if 0 <=? e then round_q (sign * n * 10 ^ e) 1 else round_q (sign * n) (10 ^ (- e))) with
         | Fin z => Some (Fin z)
         | _ => None
         end
  | _, _ => None
  end.

(** Units of 10^-scale, half to even. *)
Definition decimal_of_text (scale : Z) (t : text) : option Z :=
  match number_text t with
  | Some (sign, n, behind, _) =>
    Some (half_even (sign * n * 10 ^ scale) (10 ^ match behind with Some b => b | None => 0 end))
  | None => None
  end.

(** Decimal digits of a number that is not negative. *)
Fixpoint show_digits (fuel : nat) (n : Z) (behind : text) : text :=
  match fuel with
  | O => behind
  | S fuel => let behind := (48 + n mod 10) :: behind in
              if n <? 10 then behind else show_digits fuel (n / 10) behind
  end.
Definition show_nat n := show_digits (Z.to_nat (Z.log2 n + 1)) n [].
Definition pad (width : nat) (t : text) : text := repeat 48 (width - List.length t) ++ t.
Definition sign_of (n : Z) : text := if n <? 0 then [45] else [].
Definition show_int n := sign_of n ++ show_nat (Z.abs n).
Definition show_decimal (units scale : Z) : text :=
  let power := 10 ^ scale in
  sign_of units ++ show_nat (Z.abs units / power) ++
  if scale =? 0 then [] else 46 :: pad (Z.to_nat scale) (show_nat (Z.abs units mod power)).

(** The proleptic Gregorian calendar in UTC, by Hinnant's formulas; days count from 1970-01-01. *)
Definition day_us := 86400000000.
Definition days_from_civil (year month day : Z) : Z :=
  let year := if month <=? 2 then year - 1 else year in
  let in_era := year mod 400 in
  let of_year := (153 * ((month + 9) mod 12) + 2) / 5 + day - 1 in
  year / 400 * 146097 + (in_era * 365 + in_era / 4 - in_era / 100 + of_year) - 719468.
Definition civil_from_days (days : Z) : Z * Z * Z :=
  let shifted := days + 719468 in
  let era := shifted / 146097 in
  let d := shifted mod 146097 in
  let y := (d - d / 1460 + d / 36524 - d / 146096) / 365 in
  let of_year := d - (365 * y + y / 4 - y / 100) in
  let m := (5 * of_year + 2) / 153 in
  let month := if m <? 10 then m + 3 else m - 9 in
  (y + era * 400 + (if month <=? 2 then 1 else 0), month, of_year - (153 * m + 2) / 5 + 1).
Definition is_leap y := (y mod 4 =? 0) && (negb (y mod 100 =? 0) || (y mod 400 =? 0)).
Definition days_of_month y m :=
  if m =? 2 then if is_leap y then 29 else 28
  else if (m =? 4) || (m =? 6) || (m =? 9) || (m =? 11) then 30 else 31.

Definition first_us := -62135596800000000.
Definition last_us := 253402300799999999.

Definition show_date (days : Z) : text :=
  let '(y, m, d) := civil_from_days days in
  pad 4 (show_nat y) ++ [45] ++ pad 2 (show_nat m) ++ [45] ++ pad 2 (show_nat d).
Definition show_time (us : Z) : text :=
  let second := us mod day_us / 1000000 in
  let part n := pad 2 (show_nat n) in
  let rest := us mod 1000000 in
  show_date (us / day_us) ++ [84] ++ part (second / 3600) ++ [58] ++ part (second / 60 mod 60) ++ [58] ++ part (second mod 60) ++
  (if rest =? 0 then [] else 46 :: pad 6 (show_nat rest)) ++ [90].

Definition date_of_parts (y1 y2 y3 y4 a m1 m2 b d1 d2 : Z) : option Z :=
  match digits [y1; y2; y3; y4], digits [m1; m2], digits [d1; d2] with
  | Some y, Some m, Some d =>
    if (a =? 45) && (b =? 45) && (1 <=? y) && (1 <=? m) && (m <=? 12) && (1 <=? d) && (d <=? days_of_month y m)
    then Some (days_from_civil y m d) else None
  | _, _, _ => None
  end.

Definition date_of_text (t : text) : option Z :=
  match t with
  | [y1; y2; y3; y4; a; m1; m2; b; d1; d2] => date_of_parts y1 y2 y3 y4 a m1 m2 b d1 d2
  | _ => None
  end.

(** Digits behind the sixth of a second are dropped. *)
Fixpoint fraction_us (weight : Z) (t : text) : Z * text :=
  match t with
  | c :: r => if is_digit c then let (us, rest) := fraction_us (weight / 10) r in ((c - 48) * weight + us, rest) else (0, t)
  | [] => (0, [])
  end.

Definition offset_us (t : text) : option Z :=
  match t with
  | [z] => if (z =? 90) || (z =? 122) then Some 0 else None
  | [sign; h1; h2; colon; m1; m2] =>
    match digits [h1; h2], digits [m1; m2] with
    | Some h, Some m =>
      if ((sign =? 43) || (sign =? 45)) && (colon =? 58) && (h <=? 23) && (m <=? 59)
      then Some ((if sign =? 45 then -1 else 1) * (h * 60 + m) * 60000000) else None
    | _, _ => None
    end
  | _ => None
  end.

Definition time_of_text (t : text) : option Z :=
  match t with
  | y1 :: y2 :: y3 :: y4 :: a :: m1 :: m2 :: b :: d1 :: d2 :: sep :: h1 :: h2 :: c1 :: i1 :: i2 :: c2 :: s1 :: s2 :: rest =>
    match date_of_parts y1 y2 y3 y4 a m1 m2 b d1 d2, digits [h1; h2], digits [i1; i2], digits [s1; s2] with
    | Some days, Some h, Some m, Some s =>
      if ((sep =? 84) || (sep =? 116) || (sep =? 32)) && (c1 =? 58) && (c2 =? 58) && (h <=? 23) && (m <=? 59) && (s <=? 59)
      then let behind := match rest with
             | c :: d :: _ => if c =? 46 then if is_digit d then Some (fraction_us 100000 (tl rest)) else None else Some (0, rest)
             | [c] => if c =? 46 then None else Some (0, rest)
             | [] => Some (0, rest)
             end in
           match behind with
           | None => None
           | Some (us, rest) =>
             match offset_us rest with
             | None => None
             | Some offset =>
               let at_us := days * day_us + ((h * 60 + m) * 60 + s) * 1000000 + us - offset in
               if (first_us <=? at_us) && (at_us <=? last_us) then Some at_us else None
             end
           end
      else None
    | _, _, _, _ => None
    end
  | _ => None
  end.

(** Unicode white space. *)
Definition is_space c :=
  ((9 <=? c) && (c <=? 13)) || (c =? 32) || (c =? 133) || (c =? 160) || (c =? 5760) || ((8192 <=? c) && (c <=? 8202)) ||
  (c =? 8232) || (c =? 8233) || (c =? 8239) || (c =? 8287) || (c =? 12288).
Fixpoint drop_spaces (t : text) : text := match t with c :: r => if is_space c then drop_spaces r else t | [] => [] end.
Definition trim (t : text) := rev (drop_spaces (rev (drop_spaces t))).

Fixpoint starts_with (t front : text) : bool :=
  match front, t with
  | [], _ => true
  | _ :: _, [] => false
  | a :: front, b :: t => (a =? b) && starts_with t front
  end.
Fixpoint contains (t part : text) : bool :=
  starts_with t part || match t with [] => false | _ :: t => contains t part end.

(** All occurrences from the left; an empty [from] changes nothing. [skip] counts what an occurrence still takes. *)
Fixpoint replace_from (from to : text) (skip : nat) (t : text) : text :=
  match t with
  | [] => []
  | c :: r => match skip with
              | S skip => replace_from from to skip r
              | O => if starts_with t from then to ++ replace_from from to (List.length from - 1) r
                     else c :: replace_from from to O r
              end
  end.
Definition replace (t from to : text) := match from with [] => t | _ => replace_from from to O t end.

Definition substring (t : text) (start length : Z) : text :=
  map fst (filter (fun p => (start <=? snd p) && (snd p <? start + length))
    (combine t (map (fun n => Z.of_nat n + 1) (seq 0 (List.length t))))).
