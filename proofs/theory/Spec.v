(** What a feature means (docs/semantics.md): rows, events, windows, slots, statuses, features; [denote].

    Everything here is executable: the oracle is extracted from these definitions. *)
From Coq Require Import ZArith List Lia Bool.
From Featc Require Import Order Value Round Float Expr Monoid Capped Agg Text.
Import ListNotations.
Open Scope Z_scope.

Definition row := list value.
Definition name := text.

(** * Sources (section 3) *)

Inductive arrival := NoArrival | ArrivalColumn (place : nat) | AfterTime (offset : Z) | Static.

Record source := Source {
  s_name : name;
  s_columns : list name;
  s_unique : list nat;
  s_time : nat;
  s_arrival : arrival;
  s_delay : Z;
  (** [None]: unbounded. *)
  s_lateness : option Z;
  s_skew : Z;
  s_begins : option Z;
}.

Inductive reason := NullTime | NullArrival | Late | Ahead.

(** An arrival, or none where the source has none. *)
Inductive verdict := Accepted (arrival : option Z) | Rejected (why : reason).

Definition cell (r : row) (place : nat) : value := nth place r VNull.

Definition within_lateness (s : source) (time arrival : Z) : verdict :=
  match s_lateness s with
  | None => Accepted (Some arrival)
  | Some bound => if bound <? arrival - time then Rejected Late
                  else if s_skew s <? time - arrival then Rejected Ahead
                  else Accepted (Some arrival)
  end.

(** Decides on the row alone. *)
Definition accept (s : source) (r : row) : verdict :=
  match cell r (s_time s) with
  | VTime time =>
    match s_arrival s with
    | NoArrival | Static => Accepted None
    | ArrivalColumn c => match cell r c with VTime a => within_lateness s time a | _ => Rejected NullArrival end
    | AfterTime offset => within_lateness s time (Z.min (time + offset) (2 ^ 63 - 1))
    end
  | _ => Rejected NullTime
  end.

Definition accepted (s : source) (r : row) : bool := match accept s r with Accepted _ => true | Rejected _ => false end.

Definition arrival_of (s : source) (r : row) : option Z := match accept s r with Accepted a => a | Rejected _ => None end.

(** What copies have in common: the row without its arrival. *)
Fixpoint forget (place : nat) (r : row) : row :=
  match r, place with
  | [], _ => []
  | _ :: r, O => VNull :: r
  | v :: r, S place => v :: forget place r
  end.

Definition content (s : source) (r : row) : row :=
  match s_arrival s with ArrivalColumn c => forget c r | _ => r end.

Definition same (x y : list value) : bool := if values_eq_dec x y then true else false.

(** An event for each content of accepted rows, once. *)
Definition contents (s : source) (rows : list row) : list row :=
  nodup values_eq_dec (map (content s) (filter (accepted s) rows)).

(** The earlier of two arrivals. *)
Definition earlier (a b : option Z) : option Z := prefer (least Z.compare) a b.

(** The least arrival of the accepted copies. *)
Definition arrival_least (s : source) (rows : list row) (c : row) : option Z :=
  fold_right earlier None (map (arrival_of s) (filter (fun r => accepted s r && same (content s r) c) rows)).

(** * Views: transform, time, key, lifts (sections 1 and 6) *)

Inductive step := Where (condition : expr) | Let (value : expr).

Inductive window_kind :=
| WLast (length : Z)
| WLifetime
(** The last so many events, within a reach if there is one. *)
| WEvents (count : Z) (reach : option Z).

Inductive excluding := ExNothing | ExNow | ExSelf.

Record window := Window { w_kind : window_kind; w_excluding : excluding }.

Record slot := Slot_ {
  sl_kind : kind; sl_argument : option nat; sl_argument_ty : ty; sl_filter : option nat; sl_window : nat }.

Inductive feature_kind := FAggregate (slots : list nat) (e : expr) | FDerived (inputs : list nat) (e : expr).

Record feature := Feature { f_kind : feature_kind; f_default : option value }.

Record view := View {
  v_source : nat;
  v_steps : list step;
  v_time : expr;
  (** Where the transform says [at]: the source's time column, and how much later the time may lie. *)
  v_at : option (nat * option Z);
  v_key_names : list name;
  v_key : list nat;
  v_lifts : list expr;
  v_windows : list window;
  v_slots : list slot;
  v_features : list feature;
  v_ttl : option Z;
}.

Record program := Program {
  p_sources : list source;
  p_views : list view;
  (** View and feature of each field of the service that is asked. *)
  p_fields : list (nat * nat);
}.

Record event := Event {
  e_key : list value;
  e_time : Z;
  e_id : list value;
  e_digest : Z;
  e_content : row;
  e_poison : option code;
  e_lifts : list value;
}.

(** The order of events: time, identity column by column, digest. Contents come last and decide only between equal
    digests of different rows. *)
Definition order (e : event) : list (list Z) :=
  ([e_time e] :: map number (e_id e)) ++ [e_digest e] :: map number (e_content e).

Definition event_compare (x y : event) : comparison := lex (lex Z.compare) (order x) (order y).

Definition lesser (a b : option code) : option code :=
  match a, b with
  | Some x, Some y => Some (if code_number y <? code_number x then y else x)
  | Some x, None => Some x
  | None, b => b
  end.

Definition source_ (p : program) (i : nat) : source := nth i (p_sources p) (Source [] [] [] 0 NoArrival 0 None 0 None).
Definition view_ (p : program) (i : nat) : view := nth i (p_views p) (View 0 [] (ELit VNull TTime) None [] [] [] [] [] [] None).

Section Denote.
Variable tab : tables.
(** The digest of a row of a source without its arrival. *)
Variable digest : nat -> row -> Z.

(** The row after all steps, and the least error of a condition; [None] where a condition is false or null. *)
Fixpoint steps (ss : list step) (r : row) (poison : option code) : option (row * option code) :=
  match ss with
  | [] => Some (r, poison)
  | Let e :: ss => steps ss (r ++ [eval tab r e]) poison
  | Where e :: ss =>
    match eval tab r e with
    | VBool true => steps ss r poison
    | VErr c => steps ss r (lesser poison (Some c))
    | _ => None
    end
  end.

Inductive view_reason := AtBeforeTime | AtTooFar | KeyError.
Inductive transformed := Row_ (r : row) (time : Z) (poison : option code) | DoesNotCount | RejectedFor (why : view_reason).

Definition transform (v : view) (content : row) : transformed :=
  match steps (v_steps v) content None with
  | None => DoesNotCount
  | Some (r, poison) =>
    let time := eval tab r (v_time v) in
    let plain time poison := match time with VTime us => Row_ r us poison | _ => DoesNotCount end in
    match v_at v with
    | None => plain time poison
    | Some (c, within) =>
      let own := cell r c in
      let poison := lesser poison (as_error time) in
      let time := match time with VErr _ => own | _ => time end in
      match time, own with
      | VTime us, VTime own_us =>
        if us <? own_us then RejectedFor AtBeforeTime
        else match within with
             | Some d => if d <? us - own_us then RejectedFor AtTooFar else plain time poison
             | None => plain time poison
             end
      | _, _ => plain time poison
      end
    end
  end.

Inductive seen := Seen (e : event) | Unseen | Refused (why : view_reason).

(** A content as an event of a view. *)
Definition event_of (p : program) (v : view) (c : row) : seen :=
  match transform v c with
  | DoesNotCount => Unseen
  | RejectedFor why => Refused why
  | Row_ r time poison =>
    let key := map (cell r) (v_key v) in
    if existsb is_null key then Unseen
    else if existsb is_error key then Refused KeyError
    else Seen (Event key time (map (cell c) (s_unique (source_ p (v_source v)))) (digest (v_source v) c) c poison
      (map (eval tab r) (v_lifts v)))
  end.

(** * Truth (section 3) *)

Inductive truth := Complete | AsOfArrival (delay : option Z).

(** The delay that holds; [None] where arrival plays no role. *)
Definition delay_under (tr : truth) (s : source) : option Z :=
  match s_arrival s, tr with
  | Static, _ | _, Complete => None
  | _, AsOfArrival d => Some (match d with Some d => d | None => s_delay s end)
  end.

Definition visible (tr : truth) (s : source) (t : Z) (arrival : option Z) : bool :=
  match delay_under tr s, arrival with
  | Some d, Some a => a <=? t - d
  | _, _ => true
  end.

Definition events_of (p : program) (v : view) (cs : list row) : list event :=
  flat_map (fun c => match event_of p v c with Seen e => [e] | _ => [] end) cs.

(** The events of a view, each with its arrival. *)
Definition view_events (p : program) (v : view) (rows : list row) : list (event * option Z) :=
  let s := source_ p (v_source v) in
  flat_map (fun c => match event_of p v c with Seen e => [(e, arrival_least s rows c)] | _ => [] end) (contents s rows).

Definition visible_events (p : program) (v : view) (tr : truth) (t : Z) (es : list (event * option Z)) : list event :=
  map fst (filter (fun e => visible tr (source_ p (v_source v)) t (snd e)) es).

(** * Windows (section 2) *)

(** A question: its instant, the keys by name, and what [excluding self] compares with. *)
Record question := Question { q_at : Z; q_keys : list (name * value); q_own : list (name * value) }.

Definition reaches (reach : option Z) (t time : Z) : bool :=
  (time <=? t) && match reach with Some length => t - length <? time | None => true end.

Definition reach_of (w : window) : option Z :=
  match w_kind w with WLast length => Some length | WLifetime => None | WEvents _ reach => reach end.

Definition is_excluded (w : window) (t : Z) (own : option (list value)) (e : event) : bool :=
  match w_excluding w with
  | ExNothing => false
  | ExNow => e_time e =? t
  | ExSelf => match own with Some id => same id (e_id e) | None => false end
  end.

Definition in_window (w : window) (t : Z) (own : option (list value)) (e : event) : bool :=
  reaches (reach_of w) t (e_time e) && negb (is_excluded w t own e).

Definition argument (sl : slot) (e : event) : value :=
  match sl_argument sl with Some l => nth l (e_lifts e) VNull | None => VNull end.

(** What is wrong with an event is asked in this order: poison, filter, argument. *)
Definition part_of (sl : slot) (e : event) : part :=
  match e_poison e with
  | Some c => PError c
  | None =>
    match (match sl_filter sl with Some l => nth l (e_lifts e) VNull | None => VBool true end) with
    | VErr c => PError c
    | VBool true => match argument sl e with
                    | VErr c => PError c
                    | v => PTaken (Taken (order e) (e_time e) v)
                    end
    | _ => POut
    end
  end.

Definition counts (sl : slot) (e : event) : bool := match part_of sl e with POut => false | _ => true end.

(** The events that are among the last [n] of a list. *)
Definition last_of_order (n : Z) (es : list event) : list event :=
  filter (fun e => Z.of_nat (length (filter (fun f => ltb event_compare e f) es)) <? n) es.

(** What a window selects, after visibility, exclusion and the aggregate's own [where]. *)
Definition select (w : window) (sl : slot) (t : Z) (own : option (list value)) (es : list event) : list event :=
  let inside := filter (in_window w t own) es in
  match w_kind w with
  | WEvents n _ => last_of_order n (filter (counts sl) inside)
  | _ => inside
  end.

(** * Slots, statuses, features (sections 5 to 7) *)

Inductive status := Ok | Empty | Missing | Truncated | Stale | Error (c : code).

Definition severity (s : status) : Z :=
  match s with Ok => 0 | Empty => 1 | Missing => 2 | Truncated => 3 | Stale => 4 | Error c => 4 + code_number c end.

Definition worse (a b : status) : status := if severity a <? severity b then b else a.

Definition answer := (value * status)%type.

Definition slot_state (v : view) (sl : slot) (t : Z) (own : option (list value)) (es : list event) :
    Slot (instance (sl_kind sl) (sl_argument_ty sl)) :=
  fold (fun e => slot_lift (instance (sl_kind sl) (sl_argument_ty sl)) (part_of sl e))
    (select (nth (sl_window sl) (v_windows v) (Window WLifetime ExNothing)) sl t own es).

Definition of_outcome (k : kind) (o : outcome) : answer :=
  match o with
  | OValue v => (v, Ok)
  | OEmpty => (if zero_when_empty k then VInt 0 else VNull, Empty)
  | OError c => (VNull, Error c)
  end.

Definition slot_answer (v : view) (t : Z) (own : option (list value)) (es : list event) (sl : slot) : answer :=
  of_outcome (sl_kind sl)
    (slot_lower (instance (sl_kind sl) (sl_argument_ty sl)) t (slot_state v sl t own es)).

Definition hour_us := 3600000000.

(** How far back an event keeps an entity from being missing. *)
Definition retention (w : window) (s : source) : option Z :=
  option_map (fun length => length + (match s_lateness s with Some l => l | None => 0 end) + hour_us) (reach_of w).

Definition is_missing (w : window) (s : source) (t : Z) (es : list event) : bool :=
  negb (existsb (fun e => reaches (retention w s) t (e_time e)) es).

Definition is_truncated (v : view) (w : window) (s : source) (t : Z) : bool :=
  match s_begins s, reach_of w with
  | Some begins, Some length =>
    t - length - (match v_at v with Some (_, Some d) => d | _ => 0 end) + 1 <? begins
  | _, _ => false
  end.

Definition is_stale (v : view) (lag : option Z) : bool :=
  match v_ttl v, lag with Some ttl, Some lag => ttl <? lag | _, _ => false end.

Definition error_of (s : status) : option code := match s with Error c => Some c | _ => None end.

(** Of several aggregates the greatest code. *)
Definition greater (a b : option code) : option code :=
  match a, b with
  | Some x, Some y => Some (if code_number x <? code_number y then y else x)
  | Some x, None => Some x
  | None, b => b
  end.

Definition no_slot := Slot_ (KCount false) None TInt None 0.

Definition aggregate_answer (v : view) (s : source) (lag : option Z) (t : Z) (own : option (list value)) (es : list event)
    (slots : list nat) (e : expr) : answer :=
  let answers := map (fun i => slot_answer v t own es (nth i (v_slots v) no_slot)) slots in
  let value := eval tab (map fst answers) e in
  let wrong := match fold_right greater None (map (fun a => error_of (snd a)) answers) with
               | Some c => Some c
               | None => as_error value
               end in
  if is_stale v lag then (VNull, Stale)
  else match wrong with
  | Some c => (VNull, Error c)
  | None =>
    match slots with
    | [] => (value, Ok)
    | i :: _ =>
      let w := nth (sl_window (nth i (v_slots v) no_slot)) (v_windows v) (Window WLifetime ExNothing) in
      if is_truncated v w s t then (value, Truncated)
      else if is_missing w s t es then (value, Missing)
      else if forallb (fun a => match snd a with Empty => true | _ => false end) answers then (value, Empty)
      else (value, Ok)
    end
  end.

Definition with_default (f : feature) (a : answer) : answer :=
  match f_default f with
  | Some d => if is_null (fst a) then (d, snd a) else a
  | None => a
  end.

(** Derived features look at others, never at themselves by a detour: [depth] is enough when it is their number. *)
Fixpoint feature_answer (depth : nat) (v : view) (s : source) (lag : option Z) (t : Z) (own : option (list value))
    (es : list event) (i : nat) : answer :=
  match depth with
  | O => (VNull, Ok)
  | S depth =>
    match nth_error (v_features v) i with
    | None => (VNull, Ok)
    | Some f =>
      with_default f
        match f_kind f with
        | FAggregate slots e => aggregate_answer v s lag t own es slots e
        | FDerived inputs e =>
          let answers := map (feature_answer depth v s lag t own es) inputs in
          let worst := fold_right worse Ok (map snd answers) in
          match eval tab (map fst answers) e with
          | VErr c => (VNull, worse worst (Error c))
          | value => (value, worst)
          end
        end
    end
  end.

(** * Questions *)

Fixpoint named (values : list (name * value)) (n : name) : option value :=
  match values with
  | [] => None
  | (m, v) :: values => if text_eqb m n then Some v else named values n
  end.

Definition all_valid (vs : list value) : option (list value) := if forallb is_valid vs then Some vs else None.

(** Of an identity column: under the name with its source's, or under its own. *)
Definition own_value (q : question) (s : source) (column : nat) : value :=
  let n := nth column (s_columns s) [] in
  match named (q_own q) (s_name s ++ [46] ++ n) with
  | Some v => v
  | None => match named (q_own q) n with Some v => v | None => VNull end
  end.

Definition own_of (q : question) (s : source) : option (list value) := all_valid (map (own_value q s) (s_unique s)).

Definition entity_of (q : question) (v : view) : option (list value) :=
  all_valid (map (fun n => match named (q_keys q) n with Some v => v | None => VNull end) (v_key_names v)).

Definition of_entity (key : option (list value)) (es : list event) : list event :=
  match key with Some key => filter (fun e => same key (e_key e)) es | None => [] end.

(** An answer from the events that can be seen. *)
Definition answer_from (p : program) (lag : option Z) (v : view) (es : list event) (q : question) (i : nat) : answer :=
  let s := source_ p (v_source v) in
  feature_answer (S (length (v_features v))) v s lag (q_at q) (own_of q s) (of_entity (entity_of q v) es) i.

Definition answer_one (p : program) (es : list (event * option Z)) (tr : truth) (v : view) (q : question) (i : nat) : answer :=
  answer_from p (delay_under tr (source_ p (v_source v))) v (visible_events p v tr (q_at q) es) q i.

(** The rows of a source. *)
Definition rows_of (rows : list (list row)) (i : nat) : list row := nth i rows [].

(** * The meaning of a program: an answer per field of the service *)
Definition denote (p : program) (rows : list (list row)) (tr : truth) (q : question) : list answer :=
  map (fun f => let v := view_ p (fst f) in
                answer_one p (view_events p v (rows_of rows (v_source v))) tr v q (snd f)) (p_fields p).
End Denote.
