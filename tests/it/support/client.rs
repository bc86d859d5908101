//! Those who call: a browser with cookies, and a program with a key. Neither follows redirects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::html::{Page, Submission};

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The body as a page, which must hold nothing that the Content-Security-Policy forbids.
    pub fn page(&self) -> Page {
        let page = Page::parse(&self.body);
        page.assert_no_inline();
        page
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why} in {}", self.body))
    }

    /// The stable code of a refusal: the `code` of a problem, or the `id` of an error as clients of Kratos read it.
    pub fn code(&self) -> String {
        let json = self.json();
        let code = json["code"].as_str().or(json["error"]["id"].as_str());
        code.unwrap_or_default().to_owned()
    }

    /// Asserts the status and gives the answer back.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(std::time::Duration::from_secs(240)))
        .build()
        .into()
}

fn ask(
    agent: &ureq::Agent,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Answer {
    try_ask(agent, method, url, headers, body).unwrap()
}

/// Asks; the error is that no whole answer came.
fn try_ask(
    agent: &ureq::Agent,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Answer, ureq::Error> {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = match body {
        Some(body) => agent.run(request.body(body.to_vec()).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    }?;
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(20_000_000)
        .read_to_vec()?;
    Ok(Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// A browser: cookies, forms, no script.
#[derive(Clone)]
pub struct Browser {
    agent: ureq::Agent,
    base: String,
    /// The cookies it holds.
    pub cookies: BTreeMap<String, String>,
    /// Headers that it sends along, such as a false `Host`.
    pub extra: Vec<(String, String)>,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self {
            agent: agent(),
            base: base.to_owned(),
            cookies: BTreeMap::new(),
            extra: Vec::new(),
        }
    }

    /// Asks for a path or an address of the site.
    pub fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[("accept", "text/html")], None)
    }

    /// Asks and follows redirects of the site.
    pub fn open(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path);
        for _ in 0..5 {
            if !(300..400).contains(&answer.status) {
                break;
            }
            let to = answer.header("location").to_owned();
            answer = self.get(&to);
        }
        answer
    }

    /// Sends a form as a browser does.
    pub fn submit(&mut self, form: Submission) -> Answer {
        if form.method == "GET" {
            return self.get(&form.action);
        }
        let content_type = form.content_type.clone();
        self.request(
            "POST",
            &form.action,
            &[("content-type", &content_type)],
            Some(&form.body),
        )
    }

    /// Sends fields without looking at any form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.request("POST", path, &form, Some(body.as_bytes()))
    }

    /// Any request, with the cookies.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        self.try_request(method, path, headers, body).unwrap()
    }

    /// The same; the error is that no whole answer came.
    pub fn try_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let url = self.url(path);
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(
            self.extra
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        let answer = try_ask(&self.agent, method, &url, &all, body)?;
        for cookie in answer.headers("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// The address on the port of this test, whatever public URL a link was built with.
    fn url(&self, path: &str) -> String {
        match path
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        {
            Some(path) => format!("{}{path}", self.base),
            None => format!("{}{path}", self.base),
        }
    }
}

/// A program with an API key.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    /// Its key, in plain text.
    pub key: Option<String>,
}

impl Api {
    pub fn new(base: &str, key: Option<String>) -> Self {
        Self {
            agent: agent(),
            base: base.to_owned(),
            key,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body, &[])
    }

    /// POST with a form, as OAuth wants it.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &form, Some(body.as_bytes()))
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json("PATCH", path, body, &[])
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.json("PUT", path, body, &[])
    }

    /// Any method with a JSON body and further headers.
    pub fn json(&self, method: &str, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(method, path, &all, Some(body.to_string().as_bytes()))
    }

    /// POST with a JSON body; the error is that no whole answer came.
    pub fn try_post(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer, ureq::Error> {
        let credential = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        if let Some(credential) = &credential {
            all.push(("authorization", credential));
        }
        let url = format!("{}{path}", self.base);
        try_ask(
            &self.agent,
            "POST",
            &url,
            &all,
            Some(body.to_string().as_bytes()),
        )
    }

    /// Any request, with the key.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let credential = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let mut all = headers.to_vec();
        if let Some(credential) = &credential {
            all.push(("authorization", credential));
        }
        ask(
            &self.agent,
            method,
            &format!("{}{path}", self.base),
            &all,
            body,
        )
    }
}
