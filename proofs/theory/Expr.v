(** Expressions over a row (docs/semantics.md, section 4; docs/language.md, expressions). *)
From Coq Require Import ZArith List Lia Bool String.
From Featc Require Import Order Value Round Float Text.
Import ListNotations.
Open Scope Z_scope.

(** What the theory leaves open: a pinned implementation gives it, and the theorems hold for each. *)
Record tables := Tables {
  f_ln : fl -> fl; f_log10 : fl -> fl; f_exp : fl -> fl; f_pow : fl -> fl -> fl;
  t_lower : text -> text; t_upper : text -> text;
  (** The shortest text that reads back. *)
  t_float : fl -> text;
}.

Inductive unary_op := Not | Negate | IsNull | IsNotNull.
Inductive binary_op := Add | Subtract | Multiply | Divide | Quotient | Remainder
  | Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | And | Or.
Inductive func := Abs | RoundTo | Floor | Ceil | Sqrt | Ln | Log10 | Exp | Pow | Least | Greatest | NullIf | Div
  | Lower | Upper | Trim | Length | Concat | Substring | StartsWith | EndsWith | Contains | Replace
  | Milliseconds | Seconds | Minutes | Hours | Days
  | Year | Month | DayOfMonth | DayOfWeek | DayOfYear | Hour | Minute | DateOf | Truncate.

Inductive expr :=
| ECol (place : nat) (t : ty)
| ELit (v : value) (t : ty)
| EUnary (op : unary_op) (e : expr) (t : ty)
| EBinary (op : binary_op) (a b : expr) (t : ty)
| ECase (branches : list (expr * expr)) (otherwise : option expr) (t : ty)
| ECoalesce (items : list expr) (t : ty)
| ECast (e : expr) (t : ty)
| ECall (f : func) (args : list expr) (t : ty).

Definition ty_of (e : expr) : ty :=
  match e with
  | ECol _ t | ELit _ t | EUnary _ _ t | EBinary _ _ _ t | ECase _ _ t | ECoalesce _ t | ECast _ t | ECall _ _ t => t
  end.

(** The leftmost error, else null if one is null. *)
Definition invalid (vs : list value) : option value :=
  match find is_error vs with Some v => Some v | None => find is_null vs end.

Definition scale_of (t : ty) : Z := match t with TDec _ s => s | _ => 0 end.

(** A value as units of 10^-scale of its type; floats and texts have none. *)
Definition units (v : value) : Z :=
  match v with
  | VInt z | VTime z | VDur z | VDate z | VDec z => z
  | VBool b => if b then 1 else 0
  | VNull | VErr _ | VFloat _ | VStr _ => 0
  end.

Definition align (a : value) (ta : ty) (b : value) (tb : ty) : Z * Z * Z :=
  let s := Z.max (scale_of ta) (scale_of tb) in
  (units a * 10 ^ (s - scale_of ta), units b * 10 ^ (s - scale_of tb), s).

(** [units * 10^-scale] in a type; decimals round half to even. *)
Definition into (t : ty) (units scale : Z) : value :=
  match t with
  | TDec _ s => checked Overflow t (half_even (units * 10 ^ s) (10 ^ scale))
  | TInt | TTime | TDur => checked Overflow t units
  | TBool | TFloat | TStr | TDate => VErr Overflow
  end.

Definition as_float (v : value) (t : ty) : fl :=
  match v with VFloat f => f | _ => round_q (units v) (10 ^ scale_of t) end.

Definition is_float_ty t := match t with TFloat => true | _ => false end.
Definition is_numeric t := match t with TInt | TFloat | TDec _ _ => true | _ => false end.

Definition compare_values (a : value) (ta : ty) (b : value) (tb : ty) : comparison :=
  if is_float_ty ta || is_float_ty tb then fcompare (as_float a ta) (as_float b tb)
  else if is_numeric ta then let '(x, y, _) := align a ta b tb in x ?= y
  else vcompare a b.

Definition unary (op : unary_op) (v : value) : value :=
  match v with
  | VErr c => VErr c
  | _ => match op, v with
         | IsNull, _ => VBool (is_null v)
         | IsNotNull, _ => VBool (negb (is_null v))
         | Not, VBool b => VBool (negb b)
         | Negate, VInt z => checked Overflow TInt (- z)
         | Negate, VDur z => checked Overflow TDur (- z)
         | Negate, VDec z => VDec (- z)
         | Negate, VFloat f => VFloat (fneg f)
         | _, _ => VNull
         end
  end.

(** [decisive] decides: true for or, false for and. *)
Definition connect (decisive : bool) (a b : value) : value :=
  if value_eqb a (VBool decisive) || value_eqb b (VBool decisive) then VBool decisive
  else match invalid [a; b] with Some v => v | None => VBool (negb decisive) end.

Definition arithmetic (op : binary_op) (t : ty) (a : value) (ta : ty) (b : value) (tb : ty) : value :=
  if is_float_ty t then
    let x := as_float a ta in
    let y := as_float b tb in
    VFloat (match op with Subtract => fsub x y | Multiply => fmul x y | _ => fadd x y end)
  else
    let '(x, y, s) := align a ta b tb in
    match op with
    | Add => into t (x + y) s
    | Multiply => into t (units a * units b) (scale_of ta + scale_of tb)
    | Quotient => if y =? 0 then VNull else into t ((x - x mod Z.abs y) / y) s
    | Remainder => if y =? 0 then VNull else into t (x mod Z.abs y) s
    | _ => match ta with TDate => into t ((x - y) * day_us) s | _ => into t (x - y) s end
    end.

Definition divide (a : value) (ta : ty) (b : value) (tb : ty) : value :=
  if is_float_ty ta || is_float_ty tb then VFloat (fdiv (as_float a ta) (as_float b tb))
  else let '(x, y, _) := align a ta b tb in if y =? 0 then VNull else VFloat (round_q x y).

Definition binary (op : binary_op) (t : ty) (a : value) (ta : ty) (b : value) (tb : ty) : value :=
  match op with
  | And => connect false a b
  | Or => connect true a b
  | _ =>
    match invalid [a; b] with
    | Some v => v
    | None =>
      let c := compare_values a ta b tb in
      match op with
      | Equal => VBool (match c with Eq => true | _ => false end)
      | NotEqual => VBool (match c with Eq => false | _ => true end)
      | Less => VBool (match c with Lt => true | _ => false end)
      | LessOrEqual => VBool (match c with Gt => false | _ => true end)
      | Greater => VBool (match c with Gt => true | _ => false end)
      | GreaterOrEqual => VBool (match c with Lt => false | _ => true end)
      | Divide => divide a ta b tb
      | _ => arithmetic op t a ta b tb
      end
    end
  end.

Section Eval.
Variable tab : tables.

Definition text_of (v : value) (t : ty) : option text :=
  match v with
  | VBool b => Some (if b then T "true" else T "false")
  | VInt z => Some (show_int z)
  | VFloat f => Some (t_float tab f)
  | VDec z => Some (show_decimal z (scale_of t))
  | VTime us => if (first_us <=? us) && (us <=? last_us) then Some (show_time us) else None
  | VDate d => if (first_us / day_us <=? d) && (d <=? last_us / day_us) then Some (show_date d) else None
  | VNull | VErr _ | VStr _ | VDur _ => None
  end.

Definition or_invalid (v : option value) : value := match v with Some v => v | None => VErr InvalidCast end.

(** The casts of docs/language.md, of a valid value. *)
Definition cast (v : value) (from to : ty) : value :=
  match to with
  | TStr => or_invalid (option_map VStr (text_of v from))
  | TBool => match v with
             | VStr s => if text_eqb s (T "true") then VBool true else if text_eqb s (T "false") then VBool false else VErr InvalidCast
             | _ => VErr InvalidCast
             end
  | TInt => match v with
            | VStr s => or_invalid (option_map (checked InvalidCast TInt) (int_of_text s))
            | VFloat (Fin z) => checked InvalidCast TInt (Z.quot z unit)
            | VDec z => checked InvalidCast TInt (Z.quot z (10 ^ scale_of from))
            | VTime z | VDur z => checked InvalidCast TInt z
            | VBool b => VInt (if b then 1 else 0)
            | _ => VErr InvalidCast
            end
  | TFloat => match v with
              | VStr s => or_invalid (option_map VFloat (float_of_text s))
              | VInt _ | VDec _ => VFloat (as_float v from)
              | _ => VErr InvalidCast
              end
  | TDec p s => match v with
                | VStr t => or_invalid (option_map (checked InvalidCast to) (decimal_of_text s t))
                | VFloat (Fin z) => checked InvalidCast to (half_even (z * 10 ^ s) unit)
                | VInt z | VDec z => checked InvalidCast to (half_even (z * 10 ^ s) (10 ^ scale_of from))
                | _ => VErr InvalidCast
                end
  | TTime => match v with
             | VStr s => or_invalid (option_map (checked InvalidCast TTime) (time_of_text s))
             | VInt z => checked InvalidCast TTime z
             | VDate d => checked InvalidCast TTime (d * day_us)
             | _ => VErr InvalidCast
             end
  | TDate => match v with
             | VStr s => or_invalid (option_map (checked InvalidCast TDate) (date_of_text s))
             | VTime us => checked InvalidCast TDate (us / day_us)
             | _ => VErr InvalidCast
             end
  | TDur => match v with VInt z => checked InvalidCast TDur z | _ => VErr InvalidCast end
  end.

Definition coerce (v : value) (from to : ty) : value :=
  if ty_eq_dec from to then v else if is_valid v then cast v from to else v.

Definition numeric (f : func) (t : ty) (v : value) (own : ty) : value :=
  match v with
  | VFloat x => VFloat (match f with Abs => fabs x | RoundTo => fround x | Floor => ffloor x | _ => fceil x end)
  | _ =>
    let power := 10 ^ scale_of own in
    match f with
    | Abs => into t (Z.abs (units v)) (scale_of own)
    | RoundTo => into t (units v) (scale_of own)
    | Floor => into t (units v / power) 0
    | Ceil => into t (- (- units v / power)) 0
    | _ => VNull
    end
  end.

Definition in_units (v : value) (unit_us : Z) : value := VFloat (round_q (units v) unit_us).

Definition civil (f : func) (v : value) : value :=
  let '(day, us) := match v with VTime us => (us / day_us, us mod day_us) | _ => (units v, 0) end in
  let '(y, m, d) := civil_from_days day in
  match f with
  | Year => checked Overflow TInt y
  | Month => checked Overflow TInt m
  | DayOfMonth => checked Overflow TInt d
  | DayOfYear => checked Overflow TInt (day - days_from_civil y 1 1 + 1)
  | DayOfWeek => checked Overflow TInt ((day + 3) mod 7 + 1)
  | Hour => checked Overflow TInt (us / 3600000000)
  | Minute => checked Overflow TInt (us / 60000000 mod 60)
  | _ => checked Overflow TDate day
  end.

Definition str (vs : list value) (place : nat) : text := match nth place vs VNull with VStr s => s | _ => [] end.

(** Functions of valid arguments; for shapes that no program has, null. *)
Definition strict (f : func) (t : ty) (vs : list value) (ts : list ty) : value :=
  let v0 := nth 0 vs VNull in
  let v1 := nth 1 vs VNull in
  let t0 := nth 0 ts TBool in
  let t1 := nth 1 ts TBool in
  match f with
  | Abs | RoundTo | Floor | Ceil => numeric f t v0 t0
  | Sqrt => VFloat (fsqrt (as_float v0 t0))
  | Ln => VFloat (f_ln tab (as_float v0 t0))
  | Log10 => VFloat (f_log10 tab (as_float v0 t0))
  | Exp => VFloat (f_exp tab (as_float v0 t0))
  | Pow => VFloat (f_pow tab (as_float v0 t0) (as_float v1 t1))
  | Div => match t with
           | TDec _ s => let '(x, y, _) := align v0 t0 v1 t1 in
                         if y =? 0 then VNull
                         else checked Overflow t (half_even (x * Z.sgn y * 10 ^ s) (Z.abs y))
           | _ => VNull
           end
  | Milliseconds => in_units v0 1000
  | Seconds => in_units v0 1000000
  | Minutes => in_units v0 60000000
  | Hours => in_units v0 3600000000
  | Days => in_units v0 86400000000
  | Year | Month | DayOfMonth | DayOfWeek | DayOfYear | Hour | Minute | DateOf => civil f v0
  | Truncate => match v0, v1 with
                | VTime us, VDur unit => if 0 <? unit then checked Overflow TTime (us / unit * unit) else VNull
                | _, _ => VNull
                end
  | Lower => VStr (t_lower tab (str vs 0))
  | Upper => VStr (t_upper tab (str vs 0))
  | Trim => VStr (trim (str vs 0))
  | Length => checked Overflow TInt (Z.of_nat (List.length (str vs 0)))
  | Concat => VStr (List.concat (map (fun v => match v with VStr s => s | _ => [] end) vs))
  | Substring => match v1, nth 2 vs VNull with
                 | VInt start, VInt length => VStr (substring (str vs 0) start length)
                 | _, _ => VNull
                 end
  | StartsWith => VBool (starts_with (str vs 0) (str vs 1))
  | EndsWith => VBool (starts_with (rev (str vs 0)) (rev (str vs 1)))
  | Contains => VBool (contains (str vs 0) (str vs 1))
  | Replace => VStr (replace (str vs 0) (str vs 1) (str vs 2))
  | Least | Greatest | NullIf => VNull
  end.

(** The least or the greatest that is not null. *)
Fixpoint extreme (pick : value -> value -> value) (vs : list value) : value :=
  match vs with
  | [] => VNull
  | v :: vs => let rest := extreme pick vs in
               if is_null v then rest else if is_null rest then v else pick v rest
  end.

Definition call (f : func) (t : ty) (vs : list value) (ts : list ty) : value :=
  match f with
  | Least | Greatest =>
    let vs := map (fun p => coerce (fst p) (snd p) t) (combine vs ts) in
    match find is_error vs with
    | Some e => e
    | None => extreme (match f with Least => least vcompare | _ => greatest vcompare end) vs
    end
  | NullIf =>
    let a := nth 0 vs VNull in
    let b := nth 1 vs VNull in
    let ta := nth 0 ts TBool in
    match find is_error vs with
    | Some e => e
    | None => if is_valid a && is_valid b && match compare_values a ta b (nth 1 ts TBool) with Eq => true | _ => false end
              then VNull else coerce a ta t
    end
  | _ => match invalid vs with Some v => v | None => strict f t vs ts end
  end.

Fixpoint eval (row : list value) (e : expr) {struct e} : value :=
  match e with
  | ECol place _ => nth place row VNull
  | ELit v _ => v
  | EUnary op e _ => unary op (eval row e)
  | EBinary op a b t => binary op t (eval row a) (ty_of a) (eval row b) (ty_of b)
  | ECase branches otherwise t =>
    (fix go (bs : list (expr * expr)) : value :=
       match bs with
       | [] => match otherwise with None => VNull | Some e => coerce (eval row e) (ty_of e) t end
       | (when, then_) :: bs =>
         match eval row when with
         | VBool true => coerce (eval row then_) (ty_of then_) t
         | VErr c => VErr c
         | _ => go bs
         end
       end) branches
  | ECoalesce items t =>
    (fix go (items : list expr) : value :=
       match items with
       | [] => VNull
       | i :: items => let v := coerce (eval row i) (ty_of i) t in if is_null v then go items else v
       end) items
  | ECast e t => coerce (eval row e) (ty_of e) t
  | ECall f args t => call f t (map (eval row) args) (map ty_of args)
  end.
End Eval.
