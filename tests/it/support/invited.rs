//! What tests about invites begin with: an invite that is on its way, and the one who holds its link.

use serde_json::{Value, json};

use super::app::{PASSWORD, TestApp};
use super::client::{Answer, Browser};

/// An invite and the link that leads to it.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The id of the invite.
    pub id: String,
    /// The link with its token.
    pub link: String,
}

impl Invited {
    /// The secret of the link.
    pub fn token(&self) -> &str {
        self.link.split_once("token=").unwrap().1
    }

    /// The page without the token.
    pub fn path(&self) -> String {
        format!("/self-service/invite?flow={}", self.id)
    }

    /// What a program sends to accept as a new person.
    pub fn accept(&self) -> Value {
        json!({
            "action": "accept",
            "token": self.token(),
            "display_name": "Ada Lovelace",
            "password": PASSWORD,
        })
    }
}

impl TestApp {
    /// Sends an invite as the first owner, and takes the link from the mail.
    pub fn invited(&self, email: &str) -> Invited {
        self.invited_with(&json!({ "email": email }))
    }

    /// The same with the whole body; for `delivery: link` the link of the answer.
    pub fn invited_with(&self, body: &Value) -> Invited {
        let made = self.api().post("/api/v1/invites", body).is(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        let link = match made["invite_url"].as_str() {
            Some(link) => link.to_owned(),
            None => self.mailed_link(),
        };
        Invited { id, link }
    }

    /// The link of an invite in the one mail that came.
    pub fn mailed_link(&self) -> String {
        let mails = self.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        let links = mails[0].links();
        let found = links
            .into_iter()
            .find(|link| link.contains("/self-service/invite"));
        found.unwrap()
    }
}

impl Browser {
    /// Asks as a front end of its own does, for JSON.
    pub fn get_json(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[("accept", "application/json")], None)
    }

    /// Sends JSON, with further headers.
    pub fn post_json(&mut self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![
            ("accept", "application/json"),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        self.request("POST", path, &all, Some(body.to_string().as_bytes()))
    }
}
