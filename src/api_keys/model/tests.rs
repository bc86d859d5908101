use super::*;
use crate::clock::seconds;

const NOW: Time = Time::from_micros(1_795_424_400_000_000);

fn key(expires_at: Option<Time>) -> Key {
    Key {
        id: KeyId::new(NOW),
        owner_id: UserId::new(NOW),
        name: "Laptop".into(),
        note: String::new(),
        prefix: "vstk_4kQ9".into(),
        last_four: "0a1B".into(),
        scopes: Scopes::ALL,
        created_at: NOW,
        expires_at,
        revoked_at: None,
        revoked_by: None,
        revoked_reason: None,
        last_used_at: None,
        last_used_ip: None,
        last_used_agent: None,
        successor_id: None,
        successor_used_at: None,
        ends_on_first_use: false,
    }
}

fn asked() -> IssueKey {
    IssueKey {
        name: " Laptop ".into(),
        note: String::new(),
        scopes: Scopes::ALL,
        ends: Ends::In(90),
    }
}

fn wrong(input: &IssueKey, role: Role, policy: &KeyPolicy) -> Vec<(String, &'static str)> {
    match input.check(role, policy, NOW) {
        Err(Error::Invalid(errors)) => errors
            .into_iter()
            .map(|error| (error.field, error.code))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_end_is_exact_and_no_end_is_never() {
    let micro = Time::from_micros(1) - Time::from_micros(0);
    for (expires_at, state) in [
        (Some(NOW.plus(micro)), KeyState::Active),
        (Some(NOW.plus(days(90))), KeyState::Active),
        (Some(NOW), KeyState::Expired),
        (Some(NOW.minus(micro)), KeyState::Expired),
        (Some(Time::from_micros(0)), KeyState::Expired),
        (None, KeyState::Active),
    ] {
        assert_eq!(key(expires_at).state(NOW), state, "{expires_at:?}");
        let revoked = Key {
            revoked_at: Some(NOW),
            ..key(expires_at)
        };
        assert_eq!(revoked.state(NOW), KeyState::Revoked, "{expires_at:?}");
    }
}

#[test]
fn soon_is_seven_days_and_only_for_a_key_that_works() {
    for (expires_at, soon) in [
        (Some(NOW.plus(days(7)).plus(seconds(1))), false),
        (Some(NOW.plus(days(7))), true),
        (Some(NOW.plus(seconds(1))), true),
        (Some(NOW), false),
        (None, false),
    ] {
        assert_eq!(
            key(expires_at).ends_soon(NOW).is_some(),
            soon,
            "{expires_at:?}"
        );
    }
}

#[test]
fn a_life_lies_within_the_policy() {
    let policy = KeyPolicy::default();
    let end = |ends| {
        IssueKey { ends, ..asked() }
            .check(Role::Member, &policy, NOW)
            .map(|terms| terms.expires_at)
    };
    let fits = |span| Some(NOW.plus(span));
    assert_eq!(end(Ends::In(1)).unwrap(), fits(days(1)));
    assert_eq!(end(Ends::In(365)).unwrap(), fits(days(365)));
    assert_eq!(
        end(Ends::At(NOW.plus(seconds(1)))).unwrap(),
        fits(seconds(1))
    );
    assert_eq!(end(Ends::At(NOW.plus(days(365)))).unwrap(), fits(days(365)));
    for (ends, error) in [
        (Ends::In(0), ("expires", "out_of_range")),
        (Ends::In(366), ("expires", "out_of_range")),
        (Ends::In(i64::MAX), ("expires", "out_of_range")),
        (Ends::Never, ("expires", "must_end")),
        (Ends::At(NOW), ("ends_on", "not_in_future")),
        (
            Ends::At(NOW.plus(days(365)).plus(seconds(1))),
            ("ends_on", "ends_too_late"),
        ),
    ] {
        let input = IssueKey { ends, ..asked() };
        assert_eq!(
            wrong(&input, Role::Member, &policy),
            [(error.0.to_owned(), error.1)]
        );
    }
    let free = KeyPolicy {
        never_allowed: true,
        ..policy
    };
    let never = IssueKey {
        ends: Ends::Never,
        ..asked()
    };
    assert_eq!(
        never.check(Role::Member, &free, NOW).unwrap().expires_at,
        None
    );
}

#[test]
fn ends_are_kept_in_whole_seconds() {
    let now = NOW.plus(Time::from_micros(750_000) - Time::from_micros(0));
    let terms = asked()
        .check(Role::Member, &KeyPolicy::default(), now)
        .unwrap();
    assert_eq!(terms.expires_at, Some(NOW.plus(days(90))));
    assert_eq!(terms.name, "Laptop");
}

#[test]
fn every_field_that_is_wrong_is_told() {
    let input = IssueKey {
        name: "  ".into(),
        note: "x".repeat(501),
        scopes: Scopes::default(),
        ends: Ends::Never,
    };
    let told: Vec<_> = wrong(&input, Role::Owner, &KeyPolicy::default());
    let told: Vec<_> = told
        .iter()
        .map(|(field, code)| (field.as_str(), *code))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "name_missing"),
            ("note", "too_long"),
            ("scopes", "nothing_chosen"),
            ("expires", "must_end")
        ]
    );
    let input = IssueKey {
        name: "ü".repeat(100),
        note: "a\nb".into(),
        ..asked()
    };
    assert_eq!(
        wrong(&input, Role::Owner, &KeyPolicy::default()),
        [("note".to_owned(), "control_characters")]
    );
}

#[test]
fn a_scope_that_the_role_has_no_use_for_is_refused() {
    for scope in Scope::EACH {
        for role in Role::ALL {
            let input = IssueKey {
                scopes: Scopes::default().with(*scope),
                ..asked()
            };
            let answer = input.check(*role, &KeyPolicy::default(), NOW);
            assert_eq!(
                answer.is_ok(),
                *role >= scope.least_role(),
                "{scope:?} {role}"
            );
            assert_eq!(
                scopes_for(*role).any(|offered| offered == *scope),
                answer.is_ok()
            );
        }
    }
    assert!(
        asked()
            .check(Role::Member, &KeyPolicy::default(), NOW)
            .is_ok()
    );
}

#[test]
fn the_lives_to_choose_from_stop_at_the_policy() {
    let lives = |default_days, max_days| {
        choices(&KeyPolicy {
            default_days,
            max_days,
            never_allowed: false,
        })
    };
    assert_eq!(lives(90, 365), [7, 30, 60, 90, 365]);
    assert_eq!(lives(14, 60), [7, 14, 30, 60]);
    assert_eq!(lives(1, 1), [1]);
}

#[test]
fn an_overlap_ends_when_it_was_told_and_never_after_the_key_itself() {
    let told = NOW.whole_seconds();
    let now = Time::from_micros(told.as_micros() + 400_000);
    for (overlap, before, end) in [
        (Overlap::USUAL, None, told.plus(days(1))),
        (
            Overlap::USUAL,
            Some(told.plus(days(90))),
            told.plus(days(1)),
        ),
        (
            Overlap::USUAL,
            Some(told.plus(seconds(300))),
            told.plus(seconds(300)),
        ),
        (Overlap::NONE, Some(told.plus(days(90))), told),
        (Overlap::UNTIL_FIRST_USE, None, told.plus(days(7))),
    ] {
        assert_eq!(overlap.end(before, now), end, "{overlap:?} {before:?}");
    }
}

#[test]
fn a_key_that_was_replaced_is_superseded_once_it_has_ended() {
    let now = NOW;
    let mut old = key(Some(now.plus(days(1))));
    old.successor_id = Some(old.id);
    assert_eq!(old.state(now), KeyState::Active);
    assert_eq!(old.state(now.plus(days(1))), KeyState::Superseded);
}
