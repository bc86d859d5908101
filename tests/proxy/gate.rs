//! The gate through the proxies of the paper.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::suite::app::{Options, TestApp};
use crate::suite::client::{Answer, Api};
use crate::suite::door::session_cookie;
use crate::support::{ExampleApp, Proxy};

const MIA: &str = "mia@example.org";

/// Vestibule, the app, and a proxy before it.
struct Site {
    app: TestApp,
    mia: String,
    proxy: Proxy,
    _behind: ExampleApp,
}

impl Site {
    fn behind(proxy: fn(&TestApp, u16) -> Proxy) -> Self {
        let app = TestApp::with(Options {
            trusted_proxies: Some("127.0.0.1".to_owned()),
            ..Options::default()
        });
        let mia = app.user(MIA, "Mia", Role::Member).to_string();
        let behind = ExampleApp::start("examples/behind_the_gate.py", &[]);
        let proxy = proxy(&app, behind.port);
        Self {
            app,
            mia,
            proxy,
            _behind: behind,
        }
    }

    /// A request to the app, as anybody sends it.
    fn send(&self, method: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        let client = Api::new(&self.proxy.base, None);
        client.send(method, "/api/2/collections/7?q=x", headers, body)
    }
}

fn is_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert!(
        !answer.body.contains("collections"),
        "{what} reached the app"
    );
}

/// What holds whichever proxy stands before the app.
fn keeps_the_gate(site: &Site) {
    let (id, key) = site.app.key(MIA, &["groups:read"]);
    let (bearer, api_key) = (format!("Bearer {key}"), format!("ApiKey {key}"));
    let wanted = json!({
        "path": "/api/2/collections/7?q=x", "user": site.mia, "kind": "api_key", "role": "member",
        "scopes": ["groups:read"], "received": 0,
    });
    for (name, value) in [
        ("authorization", &*bearer),
        ("authorization", &api_key),
        ("authorization", &key),
        ("x-api-key", &key),
    ] {
        let mut told = site.send("GET", &[(name, value)], None).is(200).json();
        let seen = told.as_object_mut().unwrap().remove("headers").unwrap();
        assert_eq!(told, wanted, "{name}: {value}");
        for hidden in ["authorization", "x-api-key"] {
            let is_seen = seen.as_array().unwrap().contains(&json!(hidden));
            assert!(!is_seen, "the app sees {hidden}");
        }
    }

    // What a client writes into the headers of the proxy is overwritten, also in the spelling that apps read as the same.
    let forged = [
        ("authorization", &*bearer),
        ("x-vestibule-subject", "usr_forged"),
        ("X-VESTIBULE-ROLE", "owner"),
        ("x-vestibule-role", "admin"),
        ("x-vestibule-scopes", "all"),
        ("x-vestibule-kind", "client"),
        ("x_vestibule_subject", "usr_forged"),
        ("x_vestibule_role", "owner"),
        ("x-vestibule_role", "owner"),
        ("x_vestibule-role", "owner"),
    ];
    let told = site.send("GET", &forged, None).is(200).json();
    for field in ["user", "kind", "role", "scopes"] {
        assert_eq!(told[field], wanted[field], "{field}");
    }
    let seen: Vec<&str> = told["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let ours: Vec<&&str> = seen
        .iter()
        .filter(|name| name.contains("vestibule"))
        .collect();
    assert_eq!(ours.len(), 4, "{ours:?}");

    // A body goes to the app, compressed or not, and not to the gate.
    let headers = [
        ("authorization", &*bearer),
        ("content-encoding", "gzip"),
        ("content-type", "application/json"),
    ];
    let told = site
        .send("POST", &headers, Some(&[7; 70_000]))
        .is(200)
        .json();
    assert_eq!(told["received"], 70_000);

    // Without a key, with one that is not good, with a cookie, and with forged headers alone.
    let cookie = format!("vestibule={}", session_cookie(&site.app.owner()));
    let (_, weak) = site.app.key(MIA, &["users:read"]);
    let (weak, wrong) = (format!("Bearer {weak}"), format!("Bearer {key}x"));
    for (headers, status, what) in [
        (&[][..], 401, "nothing"),
        (&[("authorization", &*wrong)], 401, "a wrong key"),
        (&[("authorization", "Basic eDp5")], 401, "a password"),
        (&[("cookie", &*cookie)], 401, "a cookie"),
        (&forged[1..], 401, "headers of the proxy"),
        (&[("authorization", &*weak)], 403, "a key without the scope"),
    ] {
        is_refused(&site.send("GET", headers, None), status, what);
    }
    let in_address = Api::new(&site.proxy.base, None).get(&format!("/x?api_key={key}"));
    is_refused(&in_address, 401, "a key in the address");

    // The owner is told from where, and by which program; nobody writes an address of their choice there.
    let headers = [
        ("authorization", &*bearer),
        ("user-agent", "search/3"),
        ("x-forwarded-for", "198.51.100.9"),
    ];
    site.send("GET", &headers, None).is(200);
    let (_, reads) = site.app.key(MIA, &["keys:read", "keys:revoke"]);
    let reads = Api::new(&site.app.base, Some(reads));
    let path = format!("/api/v1/keys/{id}");
    let seen = reads.get(&path).is(200).json();
    assert_eq!(seen["last_used_agent"], "search/3");
    assert_eq!(seen["last_used_ip"], "127.0.0.1");

    // What has ended does not pass any more.
    reads.delete(&path).is(204);
    is_refused(
        &site.send("GET", &[("authorization", &bearer)], None),
        401,
        "a revoked key",
    );
    assert!(
        !site.proxy.log().contains(&key),
        "the key is in the proxy's log"
    );
    site.app.mails();
}

#[test]
fn nginx_lets_through_whom_the_gate_lets_through() {
    let site = Site::behind(Proxy::nginx);
    keeps_the_gate(&site);
}

#[test]
fn nginx_lets_nobody_through_while_there_is_no_answer() {
    let Site {
        app,
        proxy,
        _behind,
        ..
    } = Site::behind(Proxy::nginx);
    let (_, key) = app.key(MIA, &["all"]);
    let client = Api::new(&proxy.base, Some(key));
    client.get("/x").is(200);
    drop(app);
    is_refused(
        &client.get("/x"),
        500,
        "a request without an answer of the gate",
    );
}

#[test]
fn caddy_lets_through_whom_the_gate_lets_through() {
    let site = Site::behind(Proxy::caddy);
    keeps_the_gate(&site);
}
