use super::*;
use crate::error::Error;

fn wrong(json: serde_json::Value) -> Vec<(String, &'static str)> {
    let mut policy: Policy = serde_json::from_value(json).unwrap();
    let mut faults = Faults::default();
    policy.check(&mut faults);
    match faults.none_in(()) {
        Err(Error::Invalid(faults)) => faults
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_defaults_are_good_and_read_back() {
    assert_eq!(wrong(serde_json::json!({})), []);
    let json = serde_json::to_value(Policy::default()).unwrap();
    let read: Policy = serde_json::from_value(json).unwrap();
    assert_eq!(read, Policy::default());
    assert_eq!(read.mode("anything"), FieldMode::Prefilled);
}

#[test]
fn each_part_has_its_limits() {
    use serde_json::json;
    for (json, field, code) in [
        (
            json!({"invitable_by": {"roles": []}}),
            "invitable_by",
            "required",
        ),
        (
            json!({"invitable_by": {"roles": ["member"]}}),
            "invitable_by.roles",
            "not_a_choice",
        ),
        (json!({"roles": []}), "roles", "required"),
        (json!({"expires_in": 59}), "expires_in", "out_of_range"),
        (
            json!({"expires_in": 7_776_001}),
            "expires_in",
            "out_of_range",
        ),
        (json!({"match": "domain"}), "domains", "required_for_match"),
        (json!({"domains": ["example"]}), "domains", "not_a_domain"),
        (
            json!({"domains": ["*.example.org"]}),
            "domains",
            "not_a_domain",
        ),
        (
            json!({"domains": ["münchen.de"]}),
            "domains",
            "not_a_domain",
        ),
        (
            json!({"quota": {"per_day": -1}}),
            "quota.per_day",
            "out_of_range",
        ),
        (json!({"reminders": [5]}), "reminders", "out_of_range"),
        (
            json!({"reminders": [3600, 7200, 9000, 10000]}),
            "reminders",
            "too_many",
        ),
        (json!({"locale": "xx"}), "locale", "not_a_choice"),
        (
            json!({"redirect_urls": ["javascript:x"]}),
            "redirect_urls",
            "not_a_url",
        ),
        (json!({"identifier": "none"}), "match", "needs_an_address"),
        (
            json!({"identifier": "none", "match": "bearer", "approval": true}),
            "approval",
            "not_for_open_links",
        ),
    ] {
        let told = wrong(json.clone());
        assert_eq!(told, [(field.to_owned(), code)], "{json}");
    }
}

#[test]
fn domains_are_compared_whole() {
    let domains = [read_domain(" Example.ORG ").unwrap()];
    assert!(lies_in("ada@EXAMPLE.org", &domains));
    for other in [
        "ada@attacker-example.org",
        "ada@example.org.evil.test",
        "ada@sub.example.org",
        "ada@example.org.",
        "ada",
        "",
    ] {
        assert!(!lies_in(other, &domains), "{other}");
    }
    assert!(lies_in("ada@any.test", &[]));
}

#[test]
fn an_invite_leads_on_to_what_lies_beneath_an_allowed_address() {
    let policy = Policy {
        redirect_urls: vec!["https://app.example.org/in".into()],
        ..Policy::default()
    };
    for good in [
        "https://app.example.org/in",
        "https://app.example.org/in/a?b",
        "https://app.example.org/in?x",
    ] {
        assert!(policy.may_lead_to(good), "{good}");
    }
    for bad in [
        "https://app.example.org/inside",
        "https://app.example.org.evil.test/in",
        "https://app.example.org/",
        "https://app.example.org/in/../admin",
        "https://app.example.org/in/%2E%2e/admin",
        "https://app.example.org/in/..%2fadmin",
    ] {
        assert!(!policy.may_lead_to(bad), "{bad}");
    }
    assert!(Policy::default().may_lead_to("https://any.test/"));
}
