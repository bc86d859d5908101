use super::*;
use crate::clock::{days, hours};

fn german() -> Text {
    Text::of("de").unwrap()
}

/// 2026-11-24T09:00:00Z.
fn november() -> Time {
    Time::parse("2026-11-24T09:00:00Z").unwrap()
}

#[test]
fn a_language_writes_dates_numbers_and_plurals_its_own_way() {
    let (english, german, now) = (Text::ENGLISH, german(), november());
    let cases = [
        (english.day(now), "24 November 2026"),
        (german.day(now), "24. November 2026"),
        (english.moment(now), "24 November 2026, 09:00 UTC"),
        (german.moment(now), "24. November 2026, 09:00 UTC"),
        (german.moment(now.plus(days(99))), "3. März 2027, 09:00 UTC"),
        (english.number(-18_204), "-18,204"),
        (german.number(-1_018_004), "-1.018.004"),
        (english.count(1_001), "1,000+"),
        (german.count(1_001), "1.000+"),
        (
            german.relative(now.plus(days(1)), now).to_string(),
            "in 1 Tag",
        ),
        (
            german.relative(now.plus(days(3)), now).to_string(),
            "in 3 Tagen",
        ),
        (
            german.relative(now.minus(hours(1)), now).to_string(),
            "vor 1 Stunde",
        ),
        (german.relative(now, now).to_string(), "gerade eben"),
    ];
    for (written, expected) in cases {
        assert_eq!(written, expected);
    }
    let waits = "Zu viele Versuche. Warten Sie 2 Minuten und versuchen Sie es dann noch einmal.";
    assert_eq!(german.wait(91, "web-too-many-tries"), waits);
}

#[test]
fn every_month_is_written() {
    for text in Text::all() {
        let mut days = Vec::from_iter((1..=12).map(|month| {
            let day = Time::parse(&format!("2026-{month:02}-01T00:00:00Z")).unwrap();
            assert_eq!(day.month(), month);
            text.day(day)
        }));
        days.sort_unstable();
        days.dedup();
        assert_eq!(days.len(), 12, "{text:?} {days:?}");
    }
}

/// A language behind which another one stands.
fn partial(own: &str) -> Catalogue {
    let rest = Box::leak(Box::new(Catalogue::new("en", LANGUAGES[0].files, None)));
    Catalogue::new("de", &[own], Some(rest))
}

#[test]
fn what_a_language_lacks_is_said_in_english_text_by_text() {
    let catalogue = partial(
        "web-search = Suchen\n\
         role-member = Mitglied\n\
         time-in-days = { $days ->\n    [one] in einem Tag\n   *[other] in Tagen\n }\n",
    );
    let said = |key: &'static str| {
        let message = Message::new(Text::ENGLISH, key.into_key()).arg("count", 2);
        let plain = catalogue.plain(key).map(str::to_owned);
        plain.unwrap_or_else(|| catalogue.format(&message))
    };
    assert_eq!(said("web-search"), "Suchen");
    assert_eq!(said("web-cancel"), "Cancel");
    assert_eq!(said("role-member"), "Mitglied");
    // An attribute by itself.
    assert!(said("role-member.hint").starts_with("Sees and changes"));
    assert_eq!(said("time-in-hours"), "in 2 hours");
    // One whose variables are not those that there are is as good as none.
    assert_eq!(said("time-in-days"), "in 2 days");
    assert_eq!(said("no-such-text"), "no-such-text");
    assert!(catalogue.has("web-search") && !catalogue.has("web-cancel"));
    assert_eq!(catalogue.thousands, ",");
    assert_eq!(catalogue.day(3), "%-d March %Y");
}

#[test]
fn what_goes_into_markup_is_escaped_in_every_language() {
    for text in Text::all() {
        let words = text.get("landing-sign-in-lead").arg("email", "<b>&");
        let words = words.arg("inviter", "<i>");
        let safe = words.clone().html().to_string();
        assert!(safe.contains("<strong>&lt;b&gt;&amp;</strong>"), "{safe}");
        assert!(words.to_string().contains("<i>"));
    }
}

#[test]
fn a_language_is_found_by_its_name_and_no_other_is_taken() {
    for text in Text::all() {
        assert_eq!(Text::read("locale", text.lang()), Ok(text));
    }
    for other in ["", "xx", "EN", "de-AT", "Deutsch"] {
        let refused = Text::read("locale", other).unwrap_err();
        assert_eq!(refused.code, "not_a_choice", "{other}");
        assert_eq!(refused.args, [("choices", "en, de".to_owned())]);
    }
    let names = Text::choices().map(|(lang, name)| format!("{lang} {name}"));
    assert_eq!(Vec::from_iter(names), ["en English", "de Deutsch"]);
    assert_eq!(Text::default(), Text::ENGLISH);
}
