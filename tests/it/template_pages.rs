//! Invite templates in the console, by their forms.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::door::audited;
use crate::support::html::Form;

const LIST: &str = "/admin/invite-templates";
const API: &str = "/api/v1/invite-templates";

fn template(app: &TestApp, name: &str) -> Value {
    let all = app.api().get(API).is(200).json();
    let items = all["items"].as_array().unwrap().clone();
    let found = items.into_iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no template {name}"))
}

/// A template's page.
fn path(template: &Value) -> String {
    format!("{LIST}/{}", template["id"].as_str().unwrap())
}

fn group(app: &TestApp, name: &str) -> String {
    let body = json!({ "name": name });
    let made = app.api().post("/api/v1/groups", &body).is(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn schema(app: &TestApp) {
    let schema = json!({
        "type": "object",
        "properties": {
            "department": { "type": "string", "title": "Department" },
            "floor": { "type": "integer", "title": "Floor" },
        },
        "required": ["floor"],
    });
    let body = json!({ "id": "staff", "name": "Staff", "schema": schema });
    app.api().post("/api/v1/schemas", &body).is(201);
}

/// The page of a new template, as the invites lead to it.
fn new_form(owner: &mut Browser) -> Form {
    let invites = owner.get("/admin/invites").is(200).page();
    let list = owner.get(&invites.link("Invite templates")).is(200).page();
    let page = owner.get(&list.link("New template")).is(200).page();
    page.assert_no_inline();
    page.form(&format!("{LIST}/new"))
}

#[test]
fn a_new_template_starts_as_the_default_and_says_what_the_form_says() {
    let app = TestApp::start();
    schema(&app);
    let (lab, board) = (group(&app, "Lab"), group(&app, "Board"));
    let mut owner = app.owner();
    let form = new_form(&mut owner);
    let plain = form.clone().fill("name", "Plain").submit();
    owner.submit(plain).is(303);
    let (mut made, mut default) = (template(&app, "Plain"), template(&app, "Default"));
    for both in [&mut made, &mut default] {
        for own in ["id", "name", "created_at", "updated_at"] {
            both.as_object_mut().unwrap().remove(own);
        }
    }
    assert_eq!(made, default);

    let full = form
        .fill("name", " Workshop ")
        .clear("invitable_by.roles")
        .fill("invitable_by.roles", "owner")
        .fill("invitable_by.groups", &lab)
        .fill("roles", "member")
        .fill("groups_given", "only")
        .fill("groups", &board)
        .fill("identifier", "email")
        .fill("domains", " Example.org \n\nexample.net")
        .tick("reveal_existing")
        .fill("match", "domain")
        .tick("approval")
        .fill("terms.version", "2026-11")
        .fill("terms.url", "https://example.org/terms")
        .fill("delivery", "link")
        .fill("locale", "en")
        .fill("intro", "Welcome.\nBring a friend.")
        .fill("reminders", "12 hours\n3 days")
        .fill("schema_id", "staff")
        .fill("expires_in", "14 days")
        .fill("quota.per_day", "20")
        .fill("quota.pending", "0")
        .fill("redirect_urls", "https://app.example.org/in");
    let shown = owner.submit(full.press("Show the fields of the chosen schema"));
    let page = shown.is(200).page();
    let table = page.text("#f-fields");
    assert!(table.contains("Department") && table.contains("Floor"));
    let form = page
        .form(&format!("{LIST}/new"))
        .fill("fields.department", "locked");
    let saved = owner.submit(form.press("Save template")).is(303);
    let made = template(&app, "Workshop");
    assert_eq!(saved.header("location"), path(&made));
    for (field, value) in [
        (
            "invitable_by",
            json!({ "roles": ["owner"], "groups": [lab] }),
        ),
        ("roles", json!(["member"])),
        ("groups", json!([board])),
        ("identifier", json!("email")),
        ("domains", json!(["example.org", "example.net"])),
        ("reveal_existing", json!(true)),
        ("match", json!("domain")),
        ("approval", json!(true)),
        (
            "terms",
            json!({ "version": "2026-11", "url": "https://example.org/terms" }),
        ),
        ("delivery", json!("link")),
        ("locale", json!("en")),
        ("intro", json!("Welcome.\nBring a friend.")),
        ("reminders", json!([259_200, 43_200])),
        ("schema_id", json!("staff")),
        ("fields", json!({ "department": "locked" })),
        ("expires_in", json!(1_209_600)),
        ("quota", json!({ "per_day": 20, "pending": 0 })),
        ("redirect_urls", json!(["https://app.example.org/in"])),
    ] {
        assert_eq!(made[field], value, "{field}");
    }

    // Its page shows the same, saving it as it is changes nothing, and others can be made like it.
    let page = owner.get(&path(&made)).is(200).page();
    let form = page.form(&path(&made));
    assert_eq!(form.value("reminders"), "3 days\r\n12 hours");
    owner.submit(form.press("Save template")).is(303);
    let mut again = template(&app, "Workshop");
    again["updated_at"] = made["updated_at"].clone();
    assert_eq!(again, made);
    let like = owner.get(&page.link("Make one like it")).is(200).page();
    let form = like.form(&format!("{LIST}/new"));
    assert_eq!(form.value("fields.department"), "locked");
    assert_eq!(form.value("name"), "");
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_everything_is_kept() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let form = new_form(&mut owner)
        .clear("invitable_by.roles")
        .fill("match", "domain")
        .fill("expires_in", "91 days")
        .fill("reminders", "1 minute")
        .fill("redirect_urls", "app.example.org")
        .fill("intro", "Welcome.");
    let before = audited(&app);
    let page = owner.submit(form.submit()).is(422).page();
    assert!(page.title().starts_with("Error: "));
    let linked: Vec<String> = page
        .texts(".error-sum a")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(linked.len(), 6, "{linked:?}");
    for (field, words) in [
        ("name", "Enter a name."),
        ("invitable_by", "Say who may invite"),
        ("domains", "Name the domains"),
        ("reminders", "1 hour to 90 days"),
        ("expires_in", "1 minute to 90 days"),
        ("redirect_urls", "https://"),
    ] {
        let id = format!("f-{field}-error").replace('.', "\\.");
        assert!(page.text(&format!("#{id}")).contains(words), "{field}");
    }
    let form = page.form(&format!("{LIST}/new"));
    assert_eq!(form.value("match"), "domain");
    assert_eq!(form.value("intro"), "Welcome.");
    assert!(form.values("invitable_by.roles").is_empty());
    let form = form.fill("name", "x").fill("expires_in", "soon");
    let page = owner.submit(form.submit()).is(422).page();
    assert!(
        page.text("#f-expires_in-error")
            .contains("a number and a unit")
    );

    let same = new_form(&mut owner).fill("name", " DEFAULT ");
    let page = owner.submit(same.submit()).is(409).page();
    assert!(page.text("#f-name-error").contains("already a template"));
    assert_eq!(audited(&app), before);
}

#[test]
fn of_two_who_edit_one_template_the_later_sees_what_the_first_saved() {
    let app = TestApp::start();
    let (mut ana, mut ben) = (app.owner(), app.admin());
    let at = path(&template(&app, "Default"));
    let mine = ana.get(&at).is(200).page().form(&at);
    let theirs = ben.get(&at).is(200).page().form(&at);
    let theirs = theirs.fill("match", "bearer").fill("intro", "Hello.");
    ben.submit(theirs.submit()).is(303);
    let refused = ana.submit(mine.fill("quota.per_day", "5").submit());
    let page = refused.is(409).page();
    let note = page.text(".note.warn");
    for words in ["Whoever has the link", "Hello.", "24 hours: (empty)"] {
        assert!(note.contains(words), "{note}");
    }
    assert_eq!(template(&app, "Default")["intro"], "Hello.");
    let form = page.form(&at);
    assert_eq!(form.value("quota.per_day"), "5");
    ana.submit(form.submit()).is(303);
    assert_eq!(template(&app, "Default")["intro"], "");
    assert_eq!(template(&app, "Default")["quota"]["per_day"], 5);
}

#[test]
fn a_trait_that_the_new_schema_does_not_have_is_asked_of_nobody() {
    let app = TestApp::start();
    schema(&app);
    let body = json!({ "name": "Staff", "schema_id": "staff", "fields": { "floor": "required" } });
    app.api().post(API, &body).is(201);
    let at = path(&template(&app, "Staff"));
    let mut owner = app.owner();
    let form = owner.get(&at).is(200).page().form(&at);
    let form = form.fill("schema_id", "default");
    owner.submit(form.submit()).is(303);
    let saved = template(&app, "Staff");
    assert_eq!(saved["schema_id"], "default");
    assert_eq!(saved["fields"], json!({}));
}

#[test]
fn a_template_is_deleted_after_a_question_unless_something_keeps_it() {
    let app = TestApp::start();
    app.api().post(API, &json!({ "name": "Other" })).is(201);
    let mut owner = app.owner();
    let default = path(&template(&app, "Default"));
    let page = owner.get(&default).is(200).page();
    assert_eq!(page.count(&format!("a[href='{default}/delete']")), 0);
    let kept = owner.get(&format!("{default}/delete")).is(200).page();
    assert!(kept.text("main").contains("Plain invites are made from"));

    let other = template(&app, "Other");
    let at = path(&other);
    let page = owner.get(&at).is(200).page();
    let asked = owner.get(&page.link("Delete…")).is(200).page();
    let form = asked.form(&format!("{at}/delete"));
    // Somebody invites with it while the question stands there.
    let body = json!({ "email": "ada@example.org", "template": other["id"], "delivery": "link" });
    let invite = app.api().post("/api/v1/invites", &body).is(201).json();
    let kept = owner.submit(form.clone().submit()).is(409).page();
    assert!(kept.text("main").contains("Invites were made from"));
    app.execute(&format!(
        "DELETE FROM invites WHERE id = '{}'",
        invite["invite"]["id"]
            .as_str()
            .or(invite["id"].as_str())
            .unwrap()
    ));
    owner.submit(form.submit()).is(303);
    assert_eq!(owner.get(&at).status, 404);
    let names = app.api().get(API).json()["items"].as_array().unwrap().len();
    assert_eq!(names, 1);
}
