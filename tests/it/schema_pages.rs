//! Identity schemas in the console, by their forms.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::door::audited;
use crate::support::html::{Form, Page};

const LIST: &str = "/admin/schemas";
const STAFF: &str = r#"{
  "type": "object",
  "properties": {
    "floor": { "type": "integer", "title": "Floor", "description": "Counted from the ground." },
    "badge": { "enum": ["blue", "red"], "title": "Badge" },
    "news": { "type": "boolean", "title": "News by mail" }
  },
  "required": ["floor"]
}"#;

fn new_form(owner: &mut Browser) -> Form {
    let templates = owner.get("/admin/invite-templates").is(200).page();
    let at = templates.link("Schemas: what is asked of people");
    let list = owner.get(&at).is(200).page();
    let page = owner.get(&list.link("New schema")).is(200).page();
    page.form(&format!("{LIST}/new"))
}

fn make(owner: &mut Browser, id: &str, source: &str) -> Page {
    let form = new_form(owner).fill("id", id).fill("schema", source);
    let saved = owner.submit(form.submit()).is(303);
    owner.get(saved.header("location")).is(200).page()
}

#[test]
fn a_schema_is_shown_as_the_form_that_people_will_see() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let page = make(&mut owner, "staff", STAFF);
    page.assert_no_inline();
    assert_eq!(page.text("h1"), "staff");
    let preview = "fieldset[disabled]";
    for (field, label) in [
        ("floor", "Floor"),
        ("badge", "Badge"),
        ("news", "News by mail"),
    ] {
        let input = format!("{preview} [name='traits.{field}']");
        assert_eq!(page.count(&input), 1, "{field}");
        assert!(page.text(preview).contains(label), "{label}");
    }
    assert!(page.text("#json").contains("Counted from the ground."));
    let kept = app.api().get("/api/v1/schemas/staff").is(200).json();
    let wanted: Value = serde_json::from_str(STAFF).unwrap();
    assert_eq!(kept["schema"], wanted);
    let listed = owner.get(LIST).is(200).page();
    assert!(listed.text("table").contains("Floor, Badge, News by mail"));
}

#[test]
fn what_is_wrong_with_a_schema_is_told_with_its_place() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let before = audited(&app);
    for (source, words) in [
        ("", "Enter the JSON Schema"),
        ("{\n  \"type\": object\n}", "line 2"),
        (r#"{ "type": "array" }"#, "\"type\" must be \"object\""),
        (
            r#"{ "type": "object", "properties": { "a": { "type": "text" } } }"#,
            "/properties/a/type",
        ),
        (
            r#"{ "type": "object", "properties": { "a": {}, "a": {} } }"#,
            "\"properties.a\" is there twice",
        ),
        (
            r#"{ "type": "object", "$ref": "https://example.org/x" }"#,
            "not a JSON Schema that can be used here",
        ),
    ] {
        let form = new_form(&mut owner).fill("id", "x").fill("schema", source);
        let page = owner.submit(form.submit()).is(422).page();
        let told = page.text("#f-schema-error");
        assert!(told.contains(words), "{source}: {told}");
        let again = page.form(&format!("{LIST}/new"));
        assert_eq!(again.value("schema").replace("\r\n", "\n"), source);
    }
    let same = new_form(&mut owner).fill("id", "default");
    let page = owner.submit(same.submit()).is(409).page();
    assert!(page.text("#f-id-error").contains("already a schema"));
    let word = new_form(&mut owner).fill("id", "Two words");
    let page = owner.submit(word.submit()).is(422).page();
    assert!(page.text("#f-id-error").contains("small letters"));
    assert_eq!(audited(&app), before);
}

#[test]
fn of_two_who_change_one_schema_the_later_sees_what_the_first_saved() {
    let app = TestApp::start();
    let (mut ana, mut ben) = (app.owner(), app.admin());
    make(&mut ana, "staff", STAFF);
    let at = format!("{LIST}/staff/edit");
    let mine = ana.get(&at).is(200).page().form(&at);
    let theirs = ben.get(&at).is(200).page().form(&at);
    let source = STAFF.replace("News by mail", "Newsletter");
    ben.submit(theirs.fill("schema", &source).submit()).is(303);
    let refused = ana.submit(mine.fill("name", "Staff").submit()).is(409);
    let page = refused.page();
    assert!(page.text(".note.warn").contains("Newsletter"));
    let form = page.form(&at);
    assert!(form.value("schema").contains("News by mail"));
    ana.submit(form.submit()).is(303);
    let kept = app.api().get("/api/v1/schemas/staff").is(200).json();
    assert_eq!(kept["name"], "Staff");
    assert_eq!(
        kept["schema"]["properties"]["news"]["title"],
        "News by mail"
    );
}

#[test]
fn a_schema_that_is_used_says_by_what_and_stays() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let page = make(&mut owner, "staff", STAFF);
    let asked = owner.get(&page.link("Delete…")).is(200).page();
    let form = asked.form(&format!("{LIST}/staff/delete"));
    let template = json!({ "name": "Workshop", "schema_id": "staff" });
    let made = app
        .api()
        .post("/api/v1/invite-templates", &template)
        .is(201);
    let invite = json!({
        "email": "ada@example.org", "template": made.json()["id"], "delivery": "link",
    });
    app.api().post("/api/v1/invites", &invite).is(201);
    let kept = owner.submit(form.submit()).is(409).page().text("main");
    assert!(kept.contains("Templates have it: Workshop."), "{kept}");
    assert!(kept.contains("Invites have it."), "{kept}");
    assert!(!kept.contains("Users have it."), "{kept}");
    let default = owner.get(&format!("{LIST}/default")).is(200).page();
    assert!(default.text("main").contains("Users have it."));
    assert_eq!(default.count("a[href$='/delete']"), 0);
    make(&mut owner, "lone", STAFF);
    let asked = owner.get(&format!("{LIST}/lone/delete")).is(200).page();
    let form = asked.form(&format!("{LIST}/lone/delete"));
    owner.submit(form.submit()).is(303);
    assert_eq!(owner.get(&format!("{LIST}/lone")).status, 404);
}
