//! Lists and structs in rows that are pushed: taken in, kept through a kill, and archived as what a training set reads.

use crate::client::Server;
use crate::requests::lines;
use serde_json::{Value, json};
use std::process::Command;

const ORDERS: &str = r#"module orders

entity user (user_id: int64)

source orders {
  columns (
    id: int64,
    user: struct<id: int64, home: struct<city: string?, tags: list<string>?>>,
    items: list<string>?,
    amounts: list<float64>?,
    lines: list<struct<sku: string>>?,
    at: timestamp,
    seen: timestamp,
  )
  unique id
  time at
  arrival seen
  lateness 400d
}

transform known from orders {
  let user_id = user.id
  let first = items[1]
  let count = length(items)
  let is_home = contains(user.home.tags, "home")
  let last_amount = amounts[-1]
}

view buys of user from known {
  owner "orders"
  /// The first items of the last four orders.
  feature firsts = last_n(first, 4) over 1d
  /// Items of a day.
  feature items = sum(count) over 1d default 0
  /// Orders to a home.
  feature homes = count(where is_home) over 1d
  /// The greatest of the last amounts of orders.
  feature amount = max(last_amount) over 1d
  /// What the last line of the last order was of.
  feature sku = last(lines.sku[-1]) over 1d
  /// Where the last one went.
  feature city = last(user.home.city) over 1d
}

service all { buys.* }
"#;

fn orders() -> Vec<Value> {
    let order = |id: u32, user: Value, items: Value, amounts: Value| {
        json!({
            "id": id, "user": user, "items": items, "amounts": amounts, "lines": [null, {}, { "sku": format!("s{id}") }],
            "at": format!("2024-03-01T10:0{id}:00Z"), "seen": format!("2024-03-01T10:0{id}:30Z"),
        })
    };
    let home = |tags: Value| json!({ "id": 7, "home": { "city": "Delft", "tags": tags } });
    vec![
        order(
            1,
            home(json!(["work", "home"])),
            json!(["tea", "milk"]),
            json!([1.5, 2.25]),
        ),
        order(2, home(json!(["work", null])), json!([]), json!([])),
        order(3, json!({ "id": 7, "home": null }), Value::Null, json!([null])),
        order(
            4,
            json!({ "id": 7 }),
            json!([null, "salt", "\"é\", [x]"]),
            json!([0.5, -0.0]),
        ),
    ]
}

#[test]
fn rows_with_lists_and_structs_are_served_as_they_train() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("orders.feat");
    std::fs::write(&program, ORDERS).expect("writable");
    let state = folder.path().join("state");
    let server = Server::of(&program, &state);
    let rows = lines(&orders());
    let pushed = server.request("POST /v1/push/orders", rows.as_bytes()).ok();
    assert_eq!(
        (&pushed["accepted"], &pushed["undeclared"]),
        (&json!(4), &json!([])),
        "{pushed}"
    );
    let asked =
        json!({ "service": "all", "entities": [{ "user_id": 7 }, { "user_id": 8 }], "at": "2024-03-01T12:00:00Z" });
    let answer = server.answer(&asked);
    let values = &answer["answers"][0]["values"];
    // Of the four orders two have a first item, and of one that is null.
    assert_eq!(
        *values,
        json!({
            "buys__firsts": ["tea", null, null, null], "buys__items": 5, "buys__homes": 1, "buys__amount": 2.25, "buys__sku": "s4", "buys__city": null,
        }),
        "{answer}"
    );
    server.kill();
    let server = Server::of(&program, &state);
    assert_eq!(server.answer(&asked)["answers"], answer["answers"]);
    // A row whose list holds something else is kept aside, and says so.
    let wrong = json!({ "id": 9, "user": { "id": 7 }, "items": ["a", 1], "at": "2024-03-01T10:09:00Z", "seen": "2024-03-01T10:09:00Z" });
    let told = server
        .request("POST /v1/push/orders", wrong.to_string().as_bytes())
        .ok();
    assert_eq!(told["accepted"], 0, "{told}");
    // Keys inside of objects are looked at where columns are read from there.
    let user = json!({ "id": 7, "hom": {}, "home": { "town": "Delft", "tags": null } });
    let misspelt = json!({
        "id": 9, "user": user, "itmes": { "a": 1 }, "items": [{ "b": 1 }], "lines": [{ "sku": "a" }, { "skv": "b" }],
        "at": "2024-03-01T10:09:00Z",
    });
    let told = server
        .request("POST /v1/push/orders", misspelt.to_string().as_bytes())
        .ok();
    assert_eq!(
        told["undeclared"],
        json!(["itmes", "lines.skv", "user.hom", "user.home.town"]),
        "{told}"
    );
    assert!(server.end());
    std::fs::write(folder.path().join("orders.jsonl"), rows).expect("writable");
    for orders in ["state/pushed/orders/*.parquet", "orders.jsonl"] {
        let output = Command::new(env!("CARGO_BIN_EXE_featc"))
            .args([
                "verify",
                "orders.feat",
                "--service",
                "all",
                "--served-log",
                "state/served/all",
            ])
            .args(["--source", &format!("orders={orders}")])
            .current_dir(folder.path())
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains(" 0 differ"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
