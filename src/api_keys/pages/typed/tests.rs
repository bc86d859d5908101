use super::*;

const PATH: &str = "/settings/api-keys/new";

fn typed(expires: &str, ends_on: &str, scopes: &[&str]) -> Typed {
    Typed {
        name: "Laptop & co".into(),
        expires: expires.into(),
        ends_on: ends_on.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..Typed::default()
    }
}

#[test]
fn every_way_to_choose_an_end_is_read() {
    let policy = KeyPolicy::default();
    let day = Time::parse("2027-02-20T00:00:00Z").unwrap();
    for (expires, ends_on, ends) in [
        ("", "", Ends::In(90)),
        ("7", "2027-02-20", Ends::In(7)),
        ("never", "", Ends::Never),
        ("date", "2027-02-20", Ends::At(day)),
    ] {
        let (input, errors) = typed(expires, ends_on, &["all"]).read(&policy);
        assert_eq!((input.ends, errors), (ends, Vec::new()), "{expires}");
    }
    for (expires, ends_on, field, code) in [
        ("date", "", "ends_on", "date_missing"),
        ("date", "20 February", "ends_on", "not_a_date"),
        ("date", "2027-02-30", "ends_on", "not_a_date"),
        ("soon", "", "expires", "not_a_choice"),
        ("7 days", "", "expires", "not_a_choice"),
    ] {
        let (_, errors) = typed(expires, ends_on, &["all"]).read(&policy);
        assert_eq!(
            errors,
            [FieldError::new(field, code)],
            "{expires} {ends_on}"
        );
    }
}

#[test]
fn an_unknown_scope_is_told_and_no_scope_is_none() {
    let policy = KeyPolicy::default();
    let (_, errors) = typed("", "", &["users:read", "nonsense"]).read(&policy);
    assert_eq!(errors[0].code, "not_a_scope");
    let (input, errors) = typed("", "", &[]).read(&policy);
    assert!(errors.is_empty() && input.scopes == Scopes::default());
    let (input, _) = typed("", "", &["users:read", "all"]).read(&policy);
    assert_eq!(input.scopes, Scopes::ALL);
}

#[test]
fn what_was_typed_survives_the_way_to_the_password() {
    let href = typed("30", "", &["users:read", "keys:read"]).confirm_href(PATH);
    let query = href.strip_prefix("/sign-in/confirm?").unwrap();
    let outer: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    let next = outer[0].1.strip_prefix("/settings/api-keys/new?").unwrap();
    let back = Typed::of_pairs(&serde_urlencoded::from_str::<Vec<_>>(next).unwrap());
    assert_eq!(back.name, "Laptop & co");
    assert_eq!(back.expires, "30");
    assert_eq!(back.scopes, ["users:read", "keys:read"]);
    assert_eq!(
        Typed::default().confirm_href(PATH),
        "/sign-in/confirm?next=%2Fsettings%2Fapi-keys%2Fnew"
    );
}
