//! `POST /get-online-features` says what `POST /v1/answer` says, in Feast's form; and the repository that
//! `featc export feast` writes. The SDK itself reads both in `python/tests/feast_sdk.py`.

use crate::client::Server;
use crate::requests::lines;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// A feature of every type, a composite key, a service with features of its own, views that Feast cannot be asked for.
const EVERY: &str = include_str!("every.feat");

fn served(text: &str, folder: &Path) -> Server {
    let program = folder.join("every.feat");
    std::fs::write(&program, text).expect("writable");
    Server::of(&program, &folder.join("state"))
}

/// The columns of a response: values and statuses by name, in order of their names.
fn columns(response: &Value) -> BTreeMap<String, (Value, Value)> {
    let names = response["metadata"]["feature_names"].as_array().expect("names");
    let results = response["results"].as_array().expect("results");
    assert_eq!(names.len(), results.len());
    let column = |(name, result): (&Value, &Value)| {
        let (values, statuses) = (result["values"].clone(), result["statuses"].clone());
        let count = |list: &Value| list.as_array().map(Vec::len);
        assert_eq!(count(&values), count(&statuses));
        assert_eq!(count(&values), count(&result["event_timestamps"]));
        (name.as_str().expect("a name").to_owned(), (values, statuses))
    };
    names.iter().zip(results).map(column).collect()
}

fn ask(server: &Server, question: &Value) -> BTreeMap<String, (Value, Value)> {
    let reply = server.request("POST /get-online-features", question.to_string().as_bytes());
    columns(&reply.ok())
}

fn fact(id: u32, card: &str, shop: u32, price: Option<&str>) -> Value {
    json!({
        "id": id, "card": card, "shop": shop, "f": 0.1 * f64::from(id), "price": price, "n": i64::MAX - 1, "paid": id % 2 == 0,
        "word": format!("é{id}"), "on": "2024-02-29", "took": "PT5400.000001S", "at": "2024-03-01T10:00:00.500Z",
        "seen": "2024-03-01T10:00:01Z",
    })
}

#[test]
fn feast_is_told_what_is_answered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = served(EVERY, folder.path());
    let facts = [
        fact(1, "a", 1, Some("12345678901234567890.10")),
        fact(2, "a", 2, None),
        fact(3, "b", 1, None),
    ];
    assert_eq!(
        server.request("POST /v1/push/facts", lines(&facts).as_bytes()).ok()["accepted"],
        3
    );

    let entities = json!({ "card": ["a", "b", "nobody", null] });
    let said = ask(&server, &json!({ "feature_service": "cards", "entities": entities }));
    let of = |name: &str| said[name].clone();
    assert_eq!(
        of("card"),
        (
            json!(["a", "b", "nobody", null]),
            json!(["PRESENT", "PRESENT", "PRESENT", "NULL_VALUE"])
        )
    );
    assert_eq!(of("price").0, json!(["12345678901234567890.10", null, null, null]));
    assert_eq!(
        of("price").1,
        json!(["PRESENT", "NULL_VALUE", "NOT_FOUND", "NOT_FOUND"])
    );
    assert_eq!(
        of("n"),
        (
            json!([null, i64::MAX - 1, null, null]),
            json!(["INVALID", "PRESENT", "NOT_FOUND", "NOT_FOUND"])
        )
    );
    assert_eq!(
        of("times"),
        (
            json!([2, 1, 0, 0]),
            json!(["PRESENT", "PRESENT", "NOT_FOUND", "NOT_FOUND"])
        )
    );
    assert_eq!(of("day").0, json!(["2024-02-29", "2024-02-29", null, null]));
    assert_eq!(of("took").0[0], json!("PT5400.000001S"));
    assert_eq!(of("latest").0[0], json!("2024-03-01T10:00:00.500Z"));
    assert_eq!(of("prices").0[0], json!(["12345678901234567890.10"]));
    assert_eq!(of("recent"), (json!([0, 0, 0, 0]), json!(vec!["NOT_FOUND"; 4])));
    assert_eq!(
        of("is_known").0,
        json!([true, true, false, false]),
        "a feature of the service's own"
    );

    // Everything but lists and decimals is what /v1/answer says, letter for letter.
    let asked = json!({ "service": "cards", "entities": [{ "card": "a" }, { "card": "b" }, { "card": "nobody" }, { "card": null }] });
    let answers = server.answer(&asked);
    let full = ask(
        &server,
        &json!({ "feature_service": "cards", "entities": entities, "full_feature_names": true }),
    );
    let mut compared = 0;
    for (name, (values, _)) in full.iter().filter(|(name, _)| *name != "card") {
        for row in 0..4 {
            let (ours, theirs) = (&answers["answers"][row]["values"][name], &values[row]);
            let is_text = name.ends_with("price") || name.ends_with("prices");
            assert!(
                ours == theirs || is_text && !theirs.is_null(),
                "{name} of {row}: {ours} and {theirs}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * 14);

    // Several join keys; features of two views at a time, in the order of the question.
    let question = json!({
        "features": ["pairs:n", "spend:times"], "entities": { "shop": [1, 2, 1], "card": ["a", "a", "b"] },
        "full_feature_names": false, "include_feature_view_version_metadata": false,
    });
    let reply = server
        .request("POST /get-online-features", question.to_string().as_bytes())
        .ok();
    assert_eq!(
        reply["metadata"]["feature_names"],
        json!(["card", "shop", "n", "times"])
    );
    assert_eq!(columns(&reply)["n"].0, json!([1, 1, 1]));
    assert_eq!(columns(&reply)["times"].0, json!([2, 2, 1]));
    // The same name in two views.
    let question = json!({ "features": ["pairs:n", "spend:n"], "entities": { "shop": [1], "card": ["b"] } });
    let refused = server.request("POST /get-online-features", question.to_string().as_bytes());
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (400, &json!("E0820"))
    );

    // Nobody, by the keys of the service and by others.
    let question = json!({ "feature_service": "cards", "entities": { "card": [] } });
    assert_eq!(ask(&server, &question)["times"], (json!([]), json!([])));
    for (entities, said) in [
        (json!({ "user": [] }), "no `card`"),
        (json!({ "user": [1] }), "no `card`"),
        (json!({ "card": [], "user": [] }), "`user` means nothing here"),
    ] {
        let question = json!({ "feature_service": "cards", "entities": entities }).to_string();
        let refused = server.request("POST /get-online-features", question.as_bytes());
        let error = &refused.json()["error"];
        assert_eq!((refused.status, &error["code"]), (400, &json!("E0802")));
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(said), "{message}");
    }

    let metrics = server.get("/metrics").body;
    for line in [
        "featc_questions_total{service=\"cards\"} 12",
        "featc_requests_refused_total{code=\"E0802\"} 3",
        "featc_requests_refused_total{code=\"E0820\"} 1",
    ] {
        assert!(metrics.lines().any(|said| said == line), "{line}\n{metrics}");
    }
    let openapi = server.get("/openapi.json").ok();
    let body = &openapi["paths"]["/get-online-features"]["post"]["requestBody"]["content"];
    assert_eq!(
        body["application/json"]["schema"]["$ref"],
        "#/components/schemas/feast.question"
    );
}

#[test]
fn what_feast_was_told_is_in_the_served_log_and_trained_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = served(EVERY, folder.path());
    let facts = lines(&[
        fact(1, "a", 1, None),
        fact(2, "a", 1, None),
        fact(3, "b", 1, Some("1.50")),
    ]);
    assert_eq!(
        server.request("POST /v1/push/facts", facts.as_bytes()).ok()["accepted"],
        3
    );
    let question =
        json!({ "feature_service": "cards", "entities": { "card": ["a", "b"] }, "full_feature_names": true });
    let head = "POST /get-online-features\nX-Request-Id: r7";
    let told = columns(&server.request(head, question.to_string().as_bytes()).ok());
    // What is refused because of one entity is no answer about the others.
    let question = json!({ "feature_service": "strict", "entities": { "card": ["a", "nobody"] } });
    let refused = server.request("POST /get-online-features", question.to_string().as_bytes());
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (422, &json!("E0817"))
    );
    assert!(server.end() && !folder.path().join("state/served/strict").exists());
    let words = "train every.feat --service cards --served-log state/served/cards --source facts=state/pushed/facts/*.parquet \
                 --out set.jsonl";
    let output = featc(folder.path(), words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let set = std::fs::read_to_string(folder.path().join("set.jsonl")).expect("written");
    let set: Vec<Value> = set
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(set.len(), 2);
    for (place, trained) in set.iter().enumerate() {
        assert_eq!(trained["request_id"], "r7");
        for feature in [
            "spend__total",
            "spend__times",
            "spend__word",
            "spend__latest",
            "spend__amounts",
            "is_known",
        ] {
            assert_eq!(told[feature].0[place], trained[feature], "{feature}");
            assert!(!trained[feature].is_null(), "{feature}");
        }
    }
}

fn featc(folder: &Path, words: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    let command = command
        .args(words.split_whitespace())
        .current_dir(folder)
        .env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

/// The repository of [`EVERY`] is the one in `serve/feast/`; `FEATC_BLESS=1` writes it anew.
#[test]
fn the_repository_is_what_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("every.feat"), EVERY).expect("writable");
    let export = |out: &str| {
        let output = featc(
            folder.path(),
            &format!("export feast every.feat --out {out} --url http://127.0.0.1:1/"),
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let told = export("one");
    assert!(
        told.starts_with("one: 2 feature views, 3 feature services\nleft out: service `fraud`"),
        "{told}"
    );
    std::fs::create_dir(folder.path().join("two")).expect("writable");
    export("two");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/feast");
    for name in ["README.md", "feature_store.yaml", "features.py"] {
        let text = |out: &str| std::fs::read_to_string(folder.path().join(out).join(name)).expect("a file");
        assert_eq!(text("one"), text("two"), "{name}");
        if std::env::var_os("FEATC_BLESS").is_some_and(|value| value == "1") {
            std::fs::create_dir_all(&kept).expect("writable when blessing");
            std::fs::write(kept.join(name), text("one")).expect("writable when blessing");
        }
        let expected = std::fs::read_to_string(kept.join(name)).unwrap_or_default();
        assert_eq!(text("one"), expected, "{name}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("readable").flatten().collect();
    assert_eq!(left.len(), 3, "nothing stays aside: {left:?}");
}

/// Names that Feast, Python or YAML take otherwise.
const NAMES: &str = r#"module _a.b
entity card (id: string)
entity shop (id: int64)
entity pair (card: string, shop: decimal(10, 2))
source p {
  columns (id: int64, card: string, shop: int64, d: decimal(10, 2), at: timestamp)
  unique id
  time at
  arrival time + 1s
}
/// A "doc" with \n
/// and 'two' lines.
view class of card from p by (card) {
  feature id = count() over 1d
  feature import = count() over 2d
}
view Class of shop from p by (shop) { feature n = count() over 1d }
view pairs of pair from p by (card, d) { feature n = count() over 1d }
service def { class.* pairs.* }
service other { Class.* }
service own { feature x = pairs.n + 1 }
"#;

#[test]
fn names_that_feast_takes_otherwise_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("names.feat"), NAMES).expect("writable");
    let output = featc(folder.path(), "export feast names.feat --out new/repository --json");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        told,
        json!({
            "folder": "new/repository", "feature_views": 2, "feature_services": 3,
            "left_out": [
                "feature `class:id`: it is called like a join key of its view",
                "view `Class`: Feast does not tell its name from `class`",
            ],
        })
    );
    let text = |name: &str| std::fs::read_to_string(folder.path().join("new/repository").join(name)).expect("a file");
    assert!(text("feature_store.yaml").starts_with("project: featc_a_b\n"));
    let features = text("features.py");
    for line in [
        r#"entity_id = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)"#,
        r#"        Field(name="shop", dtype=String, tags={"type": "decimal(10, 2)"}),"#,
        r#"    description="A \"doc\" with \\n\nand 'two' lines.","#,
        r#"service_def = FeatureService(name="def", features=[view_class[["import"]], view_pairs[["n"]]])"#,
        r#"service_other = FeatureService(name="other", features=[])"#,
    ] {
        assert!(features.lines().any(|said| said == line), "{line}\n{features}");
    }
    let readme = text("README.md");
    assert!(
        readme.contains("- Service `def` has more than one column called `id`: ask it with"),
        "{readme}"
    );
    assert!(
        readme.contains("- Service `own` also answers `x`, which it computes itself"),
        "{readme}"
    );
}

/// Services that have a feature of `spend`, each of which lacks something but the last.
const SEVERAL: &str = "module several
entity card (card: string)
entity shop (shop: int64)
request payment (amount: float64)
source payments {
  columns (id: int64, card: string, shop: int64, at: timestamp)
  unique id
  time at
  arrival time + 1s
}
source silent { columns (id: int64, card: string, at: timestamp) unique id time at }
view spend of card from payments { feature n = count() over 1d }
view sales of shop from payments { feature m = count() over 1d }
view seen of card from silent { feature l = count() over 1d }
service field {
  spend.n
  feature share = payment.amount / spend.n
}
service unheard { spend.n seen.l }
service keys { spend.n sales.m }
service gate { spend.n fallback gate }
service best { spend.n }
service later { spend.n }
";

#[test]
fn a_list_of_features_is_answered_by_the_service_that_lacks_least() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = served(SEVERAL, folder.path());
    let question = json!({ "features": ["spend:n"], "entities": { "card": ["a"] } });
    assert_eq!(ask(&server, &question)["n"], (json!([0]), json!(["NOT_FOUND"])));
    let question = json!({ "features": ["spend:n"], "entities": { "card": ["a"], "shop": [1] } });
    assert_eq!(ask(&server, &question)["n"].0, json!([0]));
    let metrics = server.get("/metrics").body;
    let asked: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("featc_questions_total{"))
        .collect();
    let expected = ["best", "keys"].map(|service| format!("featc_questions_total{{service=\"{service}\"}} 1"));
    assert_eq!(asked, expected);
}
