(* Lines in, lines out: a case per line, all its answers on the line that comes back.
   The words of a line are those that tests/suite/oracle.rs writes; every answer is a value and a status, or "?" where
   the case needs a table that the theory leaves open (texts of floats, case mapping, ln, log10, exp, pow). A case with a
   construct that the theory does not have is refused whole, by a single "?". *)
module Zarith = Z
open Denote

(* What the extracted code has its own of. *)
module Z = Zarith
type string = Stdlib.String.t

exception Refused
exception Malformed of string

(* The case has a construct that the theory does not know. *)
exception Uncovered

(* Words of the line that are left. *)
type words = { mutable left : string list }

let word w = match w.left with
  | first :: rest -> w.left <- rest; first
  | [] -> raise (Malformed "the line ends too early")
let malformed what got = raise (Malformed (what ^ ": " ^ got))
let int w = int_of_string (word w)
let z w = Z.of_string (word w)
let many item w = let count = int w in List.init count (fun _ -> ()) |> List.map (fun () -> item w)
let option item w = match word w with "-" -> None | "+" -> Some (item w) | other -> malformed "option" other
let pair a b w = let x = a w in let y = b w in (x, y)
let after word = String.sub word 1 (String.length word - 1)
let text_of_word t = if t = "" then [] else List.map (fun c -> Z.of_string ("0x" ^ c)) (String.split_on_char '.' t)
let name w = let t = word w in if t.[0] = 's' then text_of_word (after t) else malformed "name" t

let error = function "1" -> Overflow | "2" -> InvalidCast | "3" -> Cap | other -> malformed "error" other

let value w =
  let t = word w in
  let rest = after t in
  match t.[0] with
  | 'n' -> VNull
  | 'e' -> VErr (error rest)
  | 'b' -> VBool (rest = "1")
  | 'i' -> VInt (Z.of_string rest)
  | 'f' -> VFloat (of_bits (Z.of_string ("0x" ^ rest)))
  | 'd' -> VDec (Z.of_string rest)
  | 's' -> VStr (text_of_word rest)
  | 't' -> VTime (Z.of_string rest)
  | 'y' -> VDate (Z.of_string rest)
  | 'u' -> VDur (Z.of_string rest)
  | _ -> malformed "value" t

let ty w =
  let t = word w in
  match t.[0] with
  | 'b' -> TBool | 'i' -> TInt | 'f' -> TFloat | 's' -> TStr | 't' -> TTime | 'y' -> TDate | 'u' -> TDur
  | 'd' -> (match String.split_on_char '.' (after t) with
      | [p; s] -> TDec (Z.of_string p, Z.of_string s)
      | _ -> malformed "type" t)
  (* The theory has no lists. *)
  | 'l' -> raise Uncovered
  | _ -> malformed "type" t

let unary = function
  | "not" -> Not | "negate" -> Negate | "is_null" -> IsNull | "is_not_null" -> IsNotNull
  | _ -> raise Uncovered
let binary = function
  | "add" -> Add | "subtract" -> Subtract | "multiply" -> Multiply | "divide" -> Divide | "quotient" -> Quotient
  | "remainder" -> Remainder | "equal" -> Equal | "not_equal" -> NotEqual | "less" -> Less | "less_or_equal" -> LessOrEqual
  | "greater" -> Greater | "greater_or_equal" -> GreaterOrEqual | "and" -> And | "or" -> Or
  | _ -> raise Uncovered
let func = function
  | "abs" -> Abs | "round" -> RoundTo | "floor" -> Floor | "ceil" -> Ceil | "sqrt" -> Sqrt | "ln" -> Ln | "log10" -> Log10
  | "exp" -> Exp | "pow" -> Pow | "least" -> Least | "greatest" -> Greatest | "nullif" -> NullIf | "div" -> Div
  | "lower" -> Lower | "upper" -> Upper | "trim" -> Trim | "length" -> Length | "concat" -> Concat
  | "substring" -> Substring | "starts_with" -> StartsWith | "ends_with" -> EndsWith | "contains" -> Contains
  | "replace" -> Replace | "milliseconds" -> Milliseconds | "seconds" -> Seconds | "minutes" -> Minutes | "hours" -> Hours
  | "days" -> Days | "year" -> Year | "month" -> Month | "day_of_month" -> DayOfMonth | "day_of_week" -> DayOfWeek
  | "day_of_year" -> DayOfYear | "hour" -> Hour | "minute" -> Minute | "date" -> DateOf | "truncate" -> Truncate
  | _ -> raise Uncovered

let rec expr w =
  match word w with
  | "col" -> let place = int w in ECol (place, ty w)
  | "lit" -> let v = value w in ELit (v, ty w)
  | "un" -> let op = unary (word w) in let e = expr w in EUnary (op, e, ty w)
  | "bin" -> let op = binary (word w) in let a = expr w in let b = expr w in EBinary (op, a, b, ty w)
  | "case" -> let branches = many (pair expr expr) w in let otherwise = option expr w in ECase (branches, otherwise, ty w)
  | "coalesce" -> let items = many expr w in ECoalesce (items, ty w)
  | "cast" -> let e = expr w in ECast (e, ty w)
  | "call" -> let f = func (word w) in let args = many expr w in ECall (f, args, ty w)
  | _ -> raise Uncovered

let source w =
  let s_name = name w in
  let s_columns = many name w in
  let s_unique = many int w in
  let s_time = int w in
  let s_arrival = match word w with
    | "none" -> NoArrival
    | "column" -> ArrivalColumn (int w)
    | "after" -> AfterTime (z w)
    | "static" -> Static
    | _ -> raise Uncovered in
  let s_delay = z w in
  let s_lateness = option z w in
  let s_skew = z w in
  let s_begins = option z w in
  { s_name; s_columns; s_unique; s_time; s_arrival; s_delay; s_lateness; s_skew; s_begins }

let step w = match word w with
  | "where" -> Where (expr w)
  | "let" -> Let (expr w)
  | _ -> raise Uncovered

let window w =
  let w_kind = match word w with
    | "last" -> WLast (z w)
    | "lifetime" -> WLifetime
    | "events" -> let count = z w in WEvents (count, option z w)
    | _ -> raise Uncovered in
  let w_excluding = match word w with
    | "nothing" -> ExNothing
    | "now" -> ExNow
    | "self" -> ExSelf
    | _ -> raise Uncovered in
  { w_kind; w_excluding }

let flag w = match word w with "0" -> false | "1" -> true | other -> malformed "flag" other

let kind w = match word w with
  | "count" -> KCount (flag w)
  | "sum" -> KSum | "mean" -> KMean | "variance" -> KVariance | "stddev" -> KStddev
  | "variance_pop" -> KVariancePop | "stddev_pop" -> KStddevPop | "min" -> KMin | "max" -> KMax
  | "first" -> KFirst (flag w)
  | "last" -> KLast (flag w)
  | "count_distinct" -> KDistinct (z w)
  | "time_since_last" -> KSinceLast
  | _ -> raise Uncovered

let slot w =
  let sl_kind = kind w in
  let sl_argument = option int w in
  let sl_argument_ty = ty w in
  let sl_filter = option int w in
  let sl_window = int w in
  { sl_kind; sl_argument; sl_argument_ty; sl_filter; sl_window }

let feature w =
  let f_kind = match word w with
    | "aggregate" -> let slots = many int w in FAggregate (slots, expr w)
    | "derived" -> let inputs = many int w in FDerived (inputs, expr w)
    | _ -> raise Uncovered in
  let f_default = option value w in
  { f_kind; f_default }

let view w =
  let v_source = int w in
  let v_steps = many step w in
  let v_time = expr w in
  let v_at = option (pair int (option z)) w in
  let v_key_names = many name w in
  let v_key = many int w in
  let v_lifts = many expr w in
  let v_windows = many window w in
  let v_slots = many slot w in
  let v_features = many feature w in
  let v_ttl = option z w in
  { v_source; v_steps; v_time; v_at; v_key_names; v_key; v_lifts; v_windows; v_slots; v_features; v_ttl }

let program w =
  let p_sources = many source w in
  let p_views = many view w in
  let p_fields = many (pair int int) w in
  { p_sources; p_views; p_fields }

let truth w = match word w with
  | "complete" -> Complete
  | "as_of_arrival" -> AsOfArrival (option z w)
  | _ -> raise Uncovered

let question w =
  let q_at = z w in
  let q_keys = many (pair name value) w in
  let q_own = many (pair name value) w in
  { q_at; q_keys; q_own }

let refuse _ = raise Refused
let tables =
  { f_ln = refuse; f_log10 = refuse; f_exp = refuse; f_pow = (fun _ -> refuse); t_lower = refuse; t_upper = refuse; t_float = refuse }

let show_text t = String.concat "." (List.map (fun c -> Z.format "%x" c) t)
let show_error = function Overflow -> "1" | InvalidCast -> "2" | Cap -> "3"
let show_value = function
  | VNull -> "n"
  | VErr c -> "e" ^ show_error c
  | VBool b -> if b then "b1" else "b0"
  | VInt n -> "i" ^ Z.to_string n
  | VFloat f -> "f" ^ Z.format "%x" (to_bits f)
  | VDec n -> "d" ^ Z.to_string n
  | VStr t -> "s" ^ show_text t
  | VTime n -> "t" ^ Z.to_string n
  | VDate n -> "y" ^ Z.to_string n
  | VDur n -> "u" ^ Z.to_string n
let show_status = function
  | Ok -> "ok" | Empty -> "empty" | Missing -> "missing" | Truncated -> "truncated" | Stale -> "stale"
  | Error c -> "error" ^ show_error c

(* A row is its digest and its values. *)
let case w =
  let p = program w in
  let read = many (many (pair z (many value))) w in
  let rows = List.map (List.map snd) read in
  let tr = truth w in
  let questions = many question w in
  if w.left <> [] then malformed "words behind the case" (List.hd w.left);
  let digests = Hashtbl.create 64 in
  let key place content = (place, List.map show_value content) in
  List.iteri (fun place rows ->
      let source = List.nth p.p_sources place in
      List.iter (fun (digest, row) -> Hashtbl.replace digests (key place (content source row)) digest) rows) read;
  let digest place content = Hashtbl.find digests (key place content) in
  (* [denote] in its parts: the events of a view are made once, and a field that needs a table is refused alone. *)
  let events = List.map (fun v ->
      try Some (view_events tables digest p v (List.nth rows v.v_source)) with Refused -> None) p.p_views in
  let answer q (place, feature) =
    match List.nth events place with
    | None -> "?"
    | Some events ->
      try
        let value, status = answer_one tables p events tr (List.nth p.p_views place) q feature in
        show_value value ^ ";" ^ show_status status
      with Refused -> "?" in
  List.concat_map (fun q -> List.map (answer q) p.p_fields) questions

let () =
  try
    while true do
      let line = input_line stdin in
      let said =
        try String.concat " " (case { left = String.split_on_char ' ' line })
        with Uncovered -> "?"
           | Malformed why -> "! " ^ why | Failure why -> "! " ^ why | Invalid_argument why -> "! " ^ why
           | Not_found -> "! a digest is missing" in
      print_endline said
    done
  with End_of_file -> ()
