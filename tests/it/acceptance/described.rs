//! However an invite stands, what its link answers is in the description.

use serde_json::json;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::described::codes;

const PATH: &str = "/self-service/invite";

#[test]
fn whatever_a_link_answers_is_described() {
    let app = TestApp::start();
    let (open, answer) = (codes(&app, "get", PATH), codes(&app, "post", PATH));
    for (state, code) in [
        ("accepted", "invite_used"),
        ("declined", "invite_declined"),
        ("revoked", "invite_revoked"),
        ("suspended", "invite_suspended"),
        ("awaiting_approval", "invite_awaits_approval"),
        ("expired", "invite_expired"),
        ("", "invite_unknown"),
    ] {
        let invited = app.invited_with(&json!({ "email": "ada@example.org", "delivery": "link" }));
        let mut ada = app.anonymous();
        match state {
            "" => app.execute("DELETE FROM invite_links"),
            state => app.execute(&format!("UPDATE invites SET state = '{state}'")),
        }
        if state == "expired" {
            app.advance(days(8));
        }
        let seen = ada.get_json(&invited.link);
        assert_eq!(seen.code(), code, "{}", seen.body);
        assert!(open.contains(code), "{code}");
        let tried = ada.post_json(&invited.path(), &invited.accept(), &[]);
        assert_eq!(tried.code(), code, "{}", tried.body);
        assert!(answer.contains(code), "{code}");
        app.execute("UPDATE invites SET state = 'revoked'");
    }
}
