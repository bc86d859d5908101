use super::*;

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

#[test]
fn an_end_is_told_in_whole_seconds_and_lies_in_the_future() {
    let now = at(1_000).plus(Span::default());
    assert_eq!(
        End::In(days(7)).from(now).unwrap().0,
        at(1_000 + 7 * 86_400)
    );
    assert_eq!(
        End::At(at(1_000)).from(now).unwrap_err().code,
        "not_in_future"
    );
    assert_eq!(
        End::At(at(999)).from(now).unwrap_err().code,
        "not_in_future"
    );
    assert_eq!(
        End::In(seconds(0)).from(now).unwrap_err().code,
        "not_in_future"
    );
    assert_eq!(
        End::In(seconds(59)).from(now).unwrap_err().code,
        "out_of_range"
    );
    assert_eq!(
        End::In(seconds(i64::from(i32::MAX) * 4))
            .from(now)
            .unwrap_err()
            .code,
        "out_of_range"
    );
    assert!(End::At(now.plus(days(90))).from(now).is_ok());
}

#[test]
fn everything_wrong_is_told_at_once() {
    let raw = RawInvite {
        message: &"x".repeat(501),
        label: "two\nlines",
        redirect_url: "javascript:alert(1)",
        ..RawInvite::default()
    };
    let Err(Error::Invalid(errors)) =
        raw.read(read_recipient(Some("bob@"), None), Choices::default())
    else {
        panic!("read");
    };
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["email", "message", "label", "redirect_url"]);
}
