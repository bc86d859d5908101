//! `alephclient` of PyPI, which `scripts/test` installs under `target/alephclient`.

use std::process::{Command, Output};

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::suite::app::TestApp;
use crate::support::{ExampleApp, Proxy, repository};

const MIA: &str = "mia@example.org";

/// What its calls of a path come to: the answer, or the status and the words of the error.
const SCRIPT: &str = "\
import json, sys
from alephclient.api import AlephAPI, VERSION
from alephclient.errors import AlephException
host, key, method, path = sys.argv[1:]
api = AlephAPI(host=host, api_key=key)
try:
    told = api.get_collection('7') if method == 'COLLECTION' else api._request(method, api._make_url(path))
    print(json.dumps({'told': told, 'version': VERSION}))
except AlephException as why:
    print(json.dumps({'status': why.status, 'words': str(why), 'transient': why.transient}))
";

fn call(host: &str, key: &str, method: &str, path: &str) -> Value {
    let python = repository("target/alephclient/bin/python");
    let run = Command::new(&python)
        .args(["-c", SCRIPT, host, key, method, path])
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = run.unwrap_or_else(|why| panic!("{python} does not start ({why}): run scripts/test proxy"));
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap()
}

#[test]
fn alephclient_reaches_an_app_behind_nginx_and_the_gate() {
    let app = TestApp::start();
    let mia = app.user(MIA, "Mia", Role::Member).to_string();
    let behind = ExampleApp::start("examples/behind_the_gate.py", &[]);
    let proxy = Proxy::nginx(&app, behind.port);
    let (_, key) = app.key(MIA, &["groups:read"]);
    let answer = call(&proxy.base, &key, "COLLECTION", "");
    let told = &answer["told"];
    assert_eq!(
        (&told["path"], &told["user"]),
        (&json!("/api/2/collections/7"), &json!(mia))
    );
    assert_eq!(told["scopes"], json!(["groups:read"]));
    let (_, weak) = app.key(MIA, &["users:read"]);
    for (key, status) in [(&*weak, 403), ("vstk_wrong", 401)] {
        let answer = call(&proxy.base, key, "COLLECTION", "");
        assert_eq!(
            (&answer["status"], &answer["transient"]),
            (&json!(status), &json!(false))
        );
    }
    // The owner reads which program it was.
    let reads = app.with_key(MIA, &["keys:read"]);
    let keys = reads.get("/api/v1/keys").is(200).json();
    let programs: Vec<&Value> = keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["last_used_agent"])
        .collect();
    let agent = format!("alephclient/{}", answer["version"].as_str().unwrap());
    assert!(programs.contains(&&json!(agent)), "{programs:?}");
}

#[test]
fn alephclient_speaks_with_our_endpoints_and_reads_their_errors() {
    let app = TestApp::start();
    let mia = app.user(MIA, "Mia", Role::Member).to_string();
    let (_, key) = app.key(MIA, &["keys:rotate_self"]);
    let path = format!("roles/{mia}");
    let told = call(&app.base, &key, "GET", &path)["told"].clone();
    assert_eq!(
        (&told["id"], &told["has_api_key"]),
        (&json!(mia), &json!(true))
    );
    let generate = format!("{path}/generate_api_key");
    let made = call(&app.base, &key, "POST", &generate)["told"]["api_key"].clone();
    let told = call(&app.base, made.as_str().unwrap(), "GET", &path)["told"].clone();
    assert!(told.get("api_key").is_none() && told["has_api_key"] == true);
    let gone = call(&app.base, &key, "GET", &path);
    assert_eq!(gone["status"], 401);
    assert!(
        gone["words"].as_str().unwrap().contains("took the place"),
        "{gone}"
    );
    let other = call(&app.base, made.as_str().unwrap(), "GET", "roles/7");
    assert_eq!(other["status"], 404);
    app.mails();
}
