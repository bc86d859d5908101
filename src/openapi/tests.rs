use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::clock::Time;
use crate::ids::GroupId;
use crate::openapi::reference::{objects, refusals, scopes, sections};
use crate::openapi::{Dialect, Doc};
use crate::web::Listed;

/// A thing. See [`Words`].
#[derive(Serialize, Deserialize, JsonSchema)]
struct Thing {
    id: GroupId,
    word: Words,
    #[serde(default)]
    count: i64,
    inner: Option<Inner>,
    made_at: Time,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Inner {
    #[serde(default)]
    list: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Words {
    /// The first.
    One,
    /// The second.
    Two,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct Query {
    /// At most so many.
    limit: Option<i64>,
    word: Option<Words>,
    must: bool,
}

const LIST: Doc = Doc::new("List things")
    .query::<Query>()
    .answers::<Listed<Thing>>(200);
const MAKE: Doc = Doc::new("Make a thing")
    .about("Of `words`.")
    .body::<Thing>()
    .answers::<Thing>(201)
    .codes(&[Code::GroupExists]);
const END: Doc = Doc::new("Delete a thing");
const NEVER: Doc = Doc::new("Make a thing").never_works();
const HEALTH: Doc = Doc::new("Tell whether the process runs")
    .answers::<Inner>(200)
    .or_answers::<Inner>(503);
const INVITED: Doc = Doc::new("Say yes")
    .body::<Inner>()
    .answers::<Inner>(200)
    .and_pages()
    .codes(&[Code::SignInRequired]);

/// A refusal of another system.
#[derive(Serialize, JsonSchema)]
struct Sorry {
    why: String,
}

const OTHERS: Dialect = Dialect {
    tag: "kratos",
    refusal: schema_of::<Sorry>,
};
const ABROAD: Doc = Doc::new("Make a thing")
    .body::<Inner>()
    .dialect(&OTHERS)
    .codes(&[Code::GroupExists]);

fn table() -> Vec<Operation<'static>> {
    let row = |method, path, who, doc| Operation {
        method,
        path,
        who,
        doc,
    };
    vec![
        row(
            "GET",
            "/api/v1/groups",
            Who::Scope(Scope::GroupsRead),
            &LIST,
        ),
        row(
            "POST",
            "/api/v1/groups",
            Who::Scope(Scope::GroupsWrite),
            &MAKE,
        ),
        row(
            "DELETE",
            "/api/v1/groups/{id}",
            Who::Scope(Scope::GroupsWrite),
            &END,
        ),
        row(
            "DELETE",
            "/api/v1/groups/{id}/members/{user_id}",
            Who::Scope(Scope::GroupsWrite),
            &END,
        ),
        row(
            "GET",
            "/api/v1/groups/{id}",
            Who::Scope(Scope::GroupsRead),
            &LIST,
        ),
        row("GET", "/healthz", Who::Anyone, &HEALTH),
        row("POST", "/api/v1/keys", Who::Key, &NEVER),
        row(
            "POST",
            "/self-service/invite/{id:.*}",
            Who::Anyone,
            &INVITED,
        ),
        row(
            "POST",
            "/admin/group",
            Who::AdminScope(Scope::GroupsWrite),
            &ABROAD,
        ),
    ]
}

fn made() -> Value {
    document(table(), "https://id.example.org")
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = made();
    let mut found = Vec::new();
    references(&document, &mut found);
    for to in &found {
        assert!(
            document.pointer(to.trim_start_matches('#')).is_some(),
            "{to}"
        );
    }
    for kind in ["schemas", "responses", "examples", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(
                found.contains(&format!("#/components/{kind}/{name}").as_str()),
                "{kind} {name}"
            );
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
                "{name}"
            );
        }
    }
}

#[test]
fn an_operation_tells_its_parameters_answers_and_codes() {
    let document = made();
    let list = &document["paths"]["/api/v1/groups"]["get"];
    let names: Vec<&str> = list["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["limit", "word", "must"]);
    assert_eq!(list["parameters"][0]["schema"]["type"], "integer");
    assert_eq!(list["parameters"][0]["description"], "At most so many.");
    assert_eq!(
        list["parameters"][1]["schema"]["$ref"],
        "#/components/schemas/Words"
    );
    assert_eq!(list["parameters"][2]["required"], true);
    assert_eq!(list["security"][0]["bearer"][0], "groups:read");
    let again = &document["paths"]["/api/v1/groups/{id}"]["get"]["parameters"];
    assert_eq!(again.as_array().unwrap().len(), 1 + names.len());
    assert!(document["components"]["schemas"]["Query"].is_null());
    assert!(!document["components"]["schemas"]["ListOfThing"].is_null());

    let make = &document["paths"]["/api/v1/groups"]["post"];
    assert_eq!(make["parameters"][0]["name"], "Idempotency-Key");
    let conflict = make["responses"]["409"]["$ref"].as_str().unwrap();
    assert_eq!(
        conflict,
        "#/components/responses/409.group_exists.request_in_progress"
    );
    for status in [
        "201", "400", "401", "403", "409", "413", "415", "422", "500", "503",
    ] {
        assert!(!make["responses"][status].is_null(), "{status}");
    }
    assert!(make["responses"]["404"].is_null() && make["responses"]["429"].is_null());

    let end = &document["paths"]["/api/v1/groups/{id}/members/{user_id}"]["delete"];
    assert_eq!(
        end["parameters"][0]["schema"]["$ref"],
        "#/components/schemas/Id_grp"
    );
    assert_eq!(
        end["parameters"][1]["schema"]["$ref"],
        "#/components/schemas/Id_usr"
    );
    assert!(end["responses"]["204"]["content"].is_null());

    let never = &document["paths"]["/api/v1/keys"]["post"];
    assert!(never["parameters"].is_null() && never["responses"]["200"].is_null());

    let invited = &document["paths"]["/self-service/invite/{id}"]["post"];
    assert_eq!(invited["tags"][0], "invited");
    assert_eq!(invited["requestBody"]["required"], false);
    let answers = &invited["responses"];
    assert!(!answers["200"]["content"]["text/html"].is_null() && !answers["303"].is_null());
    let refused = answers["401"]["$ref"].as_str().unwrap();
    assert_eq!(refused, "#/components/responses/401.sign_in_required.page");

    let health = &document["paths"]["/healthz"]["get"]["responses"];
    assert!(!health["503"]["content"]["application/json"].is_null());
    assert!(!health["503"]["headers"]["Retry-After"].is_null() && health["500"].is_null());
    assert_eq!(document["paths"]["/healthz"]["get"]["security"], json!([]));
}

#[test]
fn a_call_for_clients_of_another_system_refuses_in_its_form() {
    let document = made();
    let call = &document["paths"]["/admin/group"]["post"];
    assert_eq!(call["tags"][0], "kratos");
    assert_eq!(call["x-least-role"], "admin");
    assert_eq!(call["security"][0]["bearer"][0], "groups:write");
    let conflict = call["responses"]["409"]["$ref"].as_str().unwrap();
    assert!(
        conflict.ends_with("409.group_exists.request_in_progress.kratos"),
        "{conflict}"
    );
    let told = document.pointer(conflict.trim_start_matches('#')).unwrap();
    assert_eq!(told["content"].as_object().unwrap().len(), 1);
    let schema = &told["content"]["application/json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/Sorry");
    let sections = sections(&document);
    let shown = sections
        .iter()
        .find(|section| section.tag == "kratos")
        .unwrap();
    assert_eq!(
        shown.operations[0].codes,
        [(409, "group_exists".to_owned())]
    );
}

#[test]
fn a_field_with_a_default_may_be_left_out_of_requests_and_is_in_answers() {
    let document = made();
    let schemas = &document["components"]["schemas"];
    let required = |name: &str| {
        schemas[name]["required"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    assert!(required("Thing").contains(&json!("count")));
    assert!(!required("ThingInput").contains(&json!("count")));
    assert!(
        schemas["ThingInput"]
            .to_string()
            .contains("#/components/schemas/InnerInput")
    );
    assert!(!schemas["Thing"].to_string().contains("InnerInput"));
    assert!(schemas["WordsInput"].is_null() && !schemas["Words"].is_null());
    let body = &document["paths"]["/api/v1/groups"]["post"]["requestBody"];
    assert_eq!(
        body["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/ThingInput"
    );
    assert_eq!(schemas["Thing"]["description"], "A thing. See `Words`.");
}

#[test]
fn the_page_shows_every_operation_of_programs() {
    let document = made();
    let sections = sections(&document);
    let tags: Vec<&str> = sections
        .iter()
        .map(|section| section.tag.as_str())
        .collect();
    assert_eq!(tags, ["invited", "groups", "keys", "kratos", "server"]);
    let [list, make, end, ..] = sections[1].operations.as_slice() else {
        panic!("{sections:?}")
    };
    let answer = list.answer.as_ref().unwrap();
    assert_eq!(
        (answer.words.as_str(), answer.object.as_deref()),
        ("list of", Some("Thing"))
    );
    assert!(
        list.curl.contains("/api/v1/groups?limit=50&must=false"),
        "{}",
        list.curl
    );
    assert!(
        make.curl.contains("Bearer $VESTIBULE_KEY") && make.curl.contains(r#""word":"one""#),
        "{}",
        make.curl
    );
    assert_eq!(make.about, "Of <code>words</code>.");
    assert_eq!(make.body[1].kind.choices, ["one", "two"]);
    assert!(make.body[3].kind.nullable);
    assert_eq!(end.codes, [(404, "not_found".to_owned())]);
    assert!(end.curl.contains("/api/v1/groups/grp_0198"));
    let names: Vec<String> = objects(&document)
        .into_iter()
        .map(|object| object.name)
        .collect();
    assert_eq!(
        names,
        [
            "FieldProblem",
            "Inner",
            "InnerInput",
            "Problem",
            "Sorry",
            "Thing"
        ]
        .map(str::to_owned)
        .to_vec()
    );
    assert!(
        refusals(&document)
            .iter()
            .all(|refusal| refusal.words != format!("problem-{}", refusal.code))
    );
    let opened = scopes(&sections);
    assert_eq!(
        opened
            .iter()
            .find(|one| one.scope == "groups:write")
            .unwrap()
            .operations
            .len(),
        4
    );
}
