//! The page that tells an error in words.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest};
use askama::Template;

use super::form_errors::refusal;
use super::forms::KeptAnswers;
use super::page::Page;
use crate::app::App;
use crate::error::{Code, Error, Result};

/// The sign-in page, which leads on to `path`.
pub(super) fn sign_in_and_back(path: &str) -> String {
    let back = serde_urlencoded::to_string([("next", path)]).unwrap_or_default();
    format!("/sign-in?{back}")
}

/// The page of ours whose form was sent.
fn page_before(app: &App, request: &HttpRequest) -> String {
    let referer = request.headers().get(header::REFERER);
    let referer = referer
        .and_then(|from| from.to_str().ok())
        .unwrap_or_default();
    referer
        .strip_prefix(app.config.public_url.origin())
        .filter(|path| path.starts_with('/'))
        .unwrap_or("/")
        .to_owned()
}

/// Path and query alone: a request line may hold a whole address.
pub(super) fn path_of(request: &HttpRequest) -> &str {
    let path = request.uri().path_and_query();
    path.map_or("/", |path| path.as_str())
}

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    page: Page,
    heading: String,
    detail: String,
    what_next: String,
    reference: String,
    link_href: String,
    link_text: String,
    /// Where an expired form is sent again, and its answers.
    again: Option<(String, Vec<(String, String)>)>,
}

impl ErrorPage {
    /// The page of an error.
    ///
    /// # Errors
    /// When there is no frame for it.
    pub(super) fn of(
        app: &App,
        request: &HttpRequest,
        error: &Error,
        request_id: &str,
    ) -> Result<Self> {
        let page = Page::of_request(request)?;
        let code = error.code();
        let kept = request.extensions_mut().remove::<KeptAnswers>();
        let again = kept.map(|KeptAnswers(answers)| (path_of(request).to_owned(), answers));
        let kind = match code {
            Code::FormExpired if again.is_some() => "csrf-kept".to_owned(),
            Code::FormExpired => "csrf".to_owned(),
            Code::LinkGone => match request.path() {
                path if path.starts_with("/recover") => "link-recovery".to_owned(),
                path if path.starts_with("/setup") => "link-set-up".to_owned(),
                _ => "link".to_owned(),
            },
            code => code.status().to_string(),
        };
        let text = |part: &str| page.t(format!("error-{kind}-{part}"));
        let args = match error {
            Error::Refused(_, args) => args.as_slice(),
            _ => &[],
        };
        // A refusal with words of its own says more than its status.
        let detail = match error {
            Error::Refused(
                Code::NotFound | Code::MethodNotAllowed | Code::FormExpired | Code::BadRequest,
                _,
            ) => text("detail").to_string(),
            Error::Refused(code, args) => refusal(page.text(), *code, args),
            _ => args
                .iter()
                .fold(text("detail"), |words, (name, value)| {
                    words.arg(name, value)
                })
                .to_string(),
        };
        let what_next = match error {
            Error::TooMany(seconds) => page.text().wait(*seconds, "error-429-next"),
            _ => text("next").to_string(),
        };
        let heading = text("title").arg("site", &page.site_name).to_string();
        let link_text = text("link").to_string();
        let mut page = page;
        page.title.clone_from(&heading);
        Ok(Self {
            heading,
            detail,
            what_next,
            reference: request_id.to_owned(),
            link_href: match code {
                Code::SignInRequired => sign_in_and_back(&page_before(app, request)),
                Code::LinkGone if kind == "link-recovery" => "/recover".into(),
                _ => "/".into(),
            },
            link_text,
            again,
            page,
        })
    }
}
