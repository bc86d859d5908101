//! What the reader of pages makes of a page that has one of everything.

use std::panic::{UnwindSafe, catch_unwind};

use super::{Page, Submission};

const PAGE: &str = r##"<!doctype html>
<html lang="en"><head><title>Invite
  somebody</title><link rel="stylesheet" href="/static/style.css"><script src="/static/script.js" defer></script></head>
<body>
<nav><a href="/users">Users</a> <a href="/users">Users</a> <a href="/invites/1">Show</a> <a href="/invites/2">Show</a>
<a href="/help" aria-label="Help">?</a></nav>
<h1>Invite   <b>somebody</b></h1>
<form id="invite" method="post" action="/invites?from=menu">
  <input type="hidden" name="csrf" value="a+b/c=">
  <input name="email" value="">
  <input name="disabled" disabled value="x">
  <input value="no name">
  <input type="date" name="until" value="2027-02-20" readonly>
  <textarea name="note">
First
second</textarea>
  <select name="role"><option value="member">Member</option><option value="admin" selected>Admin</option>
    <option value="owner" disabled>Owner</option></select>
  <select name="language"><option>English</option><option> Deutsch </option></select>
  <select name="groups" multiple><option value="g1" selected>One</option><option value="g2">Two</option></select>
  <input type="checkbox" name="copy"> <input type="checkbox" name="days" value="mon" checked>
  <input type="checkbox" name="days" value="tue">
  <input type="radio" name="when" value="now" checked><input type="radio" name="when" value="later">
  <fieldset disabled><legend><input name="in-legend" value="yes"></legend><input name="in-set" value="no"></fieldset>
  <button>Send <span>invite</span></button>
  <button name="action" value="draft">Save</button>
  <button name="action" value="preview" formaction="/preview" formmethod="get" aria-label="Look at it first">Preview</button>
  <button type="button">Nothing</button>
</form>
<input name="outside" form="invite" value="in">
<form action="/search?old=1"><input name="q" type="search" value="zo&eacute; &amp; co"><input type="submit" value="Find"></form>
<form action="/import" method="post" enctype="multipart/form-data"><input type="hidden" name="csrf" value="t">
  <input type="file" name="file"><button>Upload</button></form>
</body></html>"##;

fn invite() -> super::Form {
    Page::parse(PAGE).form("/invites")
}

fn sent(submission: &Submission) -> Vec<&str> {
    submission.body_text().split('&').collect()
}

#[test]
fn text_links_and_attributes() {
    let page = Page::parse(PAGE);
    assert_eq!(page.title(), "Invite somebody");
    assert_eq!(page.text("h1"), "Invite somebody");
    assert_eq!(page.texts("nav a")[..2], ["Users", "Users"]);
    assert_eq!(page.count("nav a"), 5);
    assert_eq!(page.attr("html", "lang").as_deref(), Some("en"));
    assert_eq!(page.attr("html", "dir"), None);
    assert_eq!(page.link("Users"), "/users");
    assert_eq!(page.link("Help"), "/help");
}

#[test]
fn a_form_untouched_sends_what_a_browser_sends() {
    let submission = invite().submit();
    assert_eq!(
        (submission.method, submission.action.as_str()),
        ("POST", "/invites?from=menu")
    );
    assert_eq!(submission.content_type, "application/x-www-form-urlencoded");
    assert_eq!(
        sent(&submission),
        [
            "csrf=a%2Bb%2Fc%3D",
            "email=",
            "until=2027-02-20",
            "note=First%0D%0Asecond",
            "role=admin",
            "language=English",
            "groups=g1",
            "days=mon",
            "when=now",
            "in-legend=yes",
            "outside=in",
        ]
    );
}

#[test]
fn a_form_filled_in() {
    let form = invite()
        .fill("email", "zoë@example.org")
        .fill("note", "a\r\nb\nc")
        .fill("role", "member")
        .fill("language", "Deutsch")
        .fill("groups", "g2")
        .tick("copy")
        .fill("days", "tue")
        .fill("when", "later");
    assert_eq!(form.value("role"), "member");
    assert_eq!(form.values("groups"), ["g1", "g2"]);
    assert_eq!(form.values("nothing"), [""; 0]);
    let submission = form
        .clone()
        .clear("groups")
        .clear("days")
        .press("Send invite");
    let body = sent(&submission);
    for pair in [
        "email=zo%C3%AB%40example.org",
        "note=a%0D%0Ab%0D%0Ac",
        "language=Deutsch",
        "copy=on",
        "when=later",
    ] {
        assert!(body.contains(&pair), "{pair} is not in {body:?}");
    }
    assert!(
        !body
            .iter()
            .any(|pair| pair.starts_with("groups=") || pair.starts_with("days="))
    );
    assert!(!body.iter().any(|pair| pair.starts_with("action=")));
    assert_eq!(
        form.press("Save").body_text().rsplit('&').next(),
        Some("action=draft")
    );
}

#[test]
fn buttons_carry_their_own_name_action_and_method() {
    for submission in [
        invite().press("Look at it first"),
        invite().press_named("action", "preview"),
    ] {
        assert_eq!((submission.method, submission.body_text()), ("GET", ""));
        assert!(
            submission.action.starts_with("/preview?csrf="),
            "{}",
            submission.action
        );
        assert!(
            submission.action.ends_with("&action=preview"),
            "{}",
            submission.action
        );
    }
}

#[test]
fn a_get_form_replaces_the_query() {
    let submission = Page::parse(PAGE).form("/search").press("Find");
    assert_eq!(submission.action, "/search?q=zo%C3%A9%20%26%20co");
    assert_eq!(
        (submission.method, submission.content_type.as_str()),
        ("GET", "")
    );
}

#[test]
fn a_forger_sends_what_no_field_allows() {
    let submission = invite()
        .forge("csrf", "")
        .forge("is_admin", "true")
        .without("email")
        .submit();
    let body = sent(&submission);
    assert!(body.contains(&"csrf=") && body.contains(&"is_admin=true"));
    assert!(!body.iter().any(|pair| pair.starts_with("email=")));
}

#[test]
fn a_file_goes_in_parts() {
    let form = Page::parse(PAGE).form("form[enctype]");
    let submission = form
        .attach("file", "people \"1\".csv", "text/csv", b"email\r\n\xff")
        .press("Upload");
    assert_eq!(
        submission.content_type,
        "multipart/form-data; boundary=----the-next-part-of-the-form"
    );
    let body = String::from_utf8_lossy(&submission.body);
    assert_eq!(
        body,
        "------the-next-part-of-the-form\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nt\r\n\
         ------the-next-part-of-the-form\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people %221%22.csv\"\r\n\
         Content-Type: text/csv\r\n\r\nemail\r\n\u{fffd}\r\n------the-next-part-of-the-form--\r\n"
    );
}

fn fails<T>(what: &str, act: impl FnOnce() -> T + UnwindSafe) {
    assert!(catch_unwind(act).is_err(), "{what} went through");
}

#[test]
fn what_a_person_could_not_do_fails() {
    fails("no such field", || invite().fill("nickname", "Zoë"));
    fails("a disabled field", || invite().fill("disabled", "y"));
    fails("a field in a disabled set", || invite().fill("in-set", "y"));
    fails("a hidden field", || invite().fill("csrf", "y"));
    fails("a read-only field", || invite().fill("until", "2028-01-01"));
    fails("no such option", || invite().fill("role", "root"));
    fails("a disabled option", || invite().fill("role", "owner"));
    fails("no such radio button", || invite().fill("when", "never"));
    fails("one of two boxes", || invite().tick("days"));
    fails("no such box", || invite().clear("email"));
    fails("no such file field", || {
        invite().attach("email", "x", "text/csv", b"")
    });
    fails("no such button", || invite().press("Nothing"));
    fails("no such link", || Page::parse(PAGE).link("Groups"));
    fails("two places for one link", || Page::parse(PAGE).link("Show"));
    fails("two forms for one selector", || {
        Page::parse(PAGE).form("form")
    });
    fails("no such form", || Page::parse(PAGE).form("/groups"));
    fails("no such element", || Page::parse(PAGE).text(".error"));
}

#[test]
fn inline_style_and_script_are_found() {
    Page::parse(PAGE).assert_no_inline();
    for inline in [
        "<p style='color: red'>x</p>",
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        "<button onclick='x()'>x</button>",
        "<a href=' JavaScript:x()'>x</a>",
        "<img src='data:image/png;base64,AA'>",
        "<svg><style>p {}</style></svg>",
    ] {
        let page = format!("<!doctype html><title>x</title>{inline}");
        fails(inline, || Page::parse(&page).assert_no_inline());
    }
}
