use super::*;

fn rules(document: &Value) -> Rules {
    Rules::read("schema", &document.to_string()).unwrap()
}

fn codes(faults: &[FieldError]) -> Vec<(&str, &str)> {
    faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.code))
        .collect()
}

#[test]
fn traits_are_held_to_the_schema_and_every_fault_names_its_field() {
    let rules = rules(&json!({
        "type": "object",
        "properties": {
            "department": { "type": "string", "minLength": 2, "maxLength": 5 },
            "floor": { "type": "integer", "minimum": 0, "maximum": 9 },
            "badge": { "enum": ["blue", "red"] },
            "since": { "type": "string", "format": "date" },
            "desk": { "type": "object", "properties": { "row": { "type": "integer" } } },
        },
        "required": ["department", "floor"],
        "additionalProperties": false,
    }));
    let object = |value: Value| value.as_object().unwrap().clone();
    let good = object(json!({ "department": "Ops", "floor": 3, "since": "2026-11-22" }));
    assert!(rules.faults(&good).is_empty());
    let bad = object(json!({
        "department": "Operations", "floor": 12, "badge": "green", "since": "soon",
        "desk": { "row": "a" }, "shoe": 43,
    }));
    let mut faults = rules.faults(&bad);
    faults.sort_by(|a, b| a.field.cmp(&b.field));
    assert_eq!(
        codes(&faults),
        [
            ("traits.badge", "not_a_choice"),
            ("traits.department", "too_long"),
            ("traits.desk.row", "wrong_type"),
            ("traits.floor", "too_large"),
            ("traits.shoe", "unknown_field"),
            ("traits.since", "not_a_date"),
        ]
    );
    let none = Map::new();
    assert_eq!(rules.faults(&none).len(), 2);
    let none = Json(Value::Object(none));
    rules.check_so_far(&none, |_| false).unwrap();
    let held = rules.check_so_far(&none, |name| name == "floor");
    let Err(Error::Invalid(faults)) = held else {
        panic!("{held:?}");
    };
    assert_eq!(codes(&faults), [("traits.floor", "required")]);
}

#[test]
fn what_is_no_schema_is_refused_with_words() {
    for (text, code) in [
        ("", "not_json"),
        ("{", "not_json"),
        ("[]", "not_a_schema"),
        ("{}", "not_a_schema"),
        (r#"{"type":"string"}"#, "not_a_schema"),
        (r#"{"type":"object","properties":7}"#, "not_a_schema"),
        (
            r#"{"type":"object","properties":{"a":{"type":"text"}}}"#,
            "not_a_schema",
        ),
        (
            r#"{"type":"object","properties":{"a":{"pattern":"("}}}"#,
            "not_a_schema",
        ),
        (
            r#"{"type":"object","$ref":"https://example.org/schema.json"}"#,
            "not_a_schema",
        ),
        (
            r#"{"type":"object","$ref":"file:///etc/passwd"}"#,
            "not_a_schema",
        ),
    ] {
        let refused = Rules::read("schema", text).unwrap_err();
        assert_eq!(refused.code, code, "{text}");
    }
    let large = format!(r#"{{"type":"object","title":"{}"}}"#, "x".repeat(LARGEST));
    assert_eq!(Rules::read("schema", &large).unwrap_err().code, "too_long");
}

#[test]
fn a_schema_that_nobody_can_fill_in_is_not_kept() {
    let of = |parts: Value| {
        let mut document = json!({ "type": "object" });
        for (key, value) in parts.as_object().unwrap() {
            document[key] = value.clone();
        }
        document.to_string()
    };
    for (parts, place) in [
        (
            json!({ "properties": { "a": { "enum": [] } } }),
            "/properties/a/enum",
        ),
        (json!({ "required": ["a"] }), "/required"),
        (
            json!({ "properties": { "b": {} }, "required": ["b", "a"] }),
            "/required",
        ),
        (
            json!({ "properties": { "a": { "properties": { "b": { "enum": [] } } } } }),
            "/properties/a/properties/b/enum",
        ),
    ] {
        let text = of(parts);
        let refused = Rules::read_new("schema", &text).unwrap_err();
        assert_eq!(refused.code, "not_a_schema", "{text}");
        assert!(refused.args[0].1.starts_with(place), "{refused:?}");
        // One that was kept before is still read.
        assert!(Rules::read("schema", &text).is_ok());
    }
    for parts in [
        json!({ "properties": { "a": { "enum": ["b"] }, "required": {} }, "required": ["a"] }),
        json!({ "patternProperties": { "^a": {} }, "required": ["a"] }),
    ] {
        let text = of(parts);
        assert!(Rules::read_new("schema", &text).is_ok(), "{text}");
    }
}

#[test]
fn a_pattern_cannot_hold_the_server_up() {
    let rules = rules(&json!({
        "type": "object", "properties": { "a": { "type": "string", "pattern": "^(a+)+$" } },
    }));
    let evil = json!({ "a": format!("{}!", "a".repeat(5_000)) });
    let faults = rules.faults(evil.as_object().unwrap());
    assert_eq!(codes(&faults), [("traits.a", "not_allowed")]);
}

#[test]
fn ids_are_words() {
    for good in ["default", "staff-2026", "a_b"] {
        let mut faults = Faults::default();
        read_id(&mut faults, good);
        assert!(faults.none_in(()).is_ok(), "{good}");
    }
    for bad in ["", "Staff", "a b", "a/b", "ä", "a\0"] {
        let mut faults = Faults::default();
        read_id(&mut faults, bad);
        assert!(faults.none_in(()).is_err(), "{bad}");
    }
}
