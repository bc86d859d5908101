//! THE route table: every address of the product, and who may call it.
//!
//! What is not in the first block wants a session or a key; nothing is open by being forgotten.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Route as Handler, web};

use crate::access::{Role, Scope};
use crate::callers::{Who, admit};
use crate::error::{Code, Result};
use crate::{
    api_keys, audit, console, events, groups, health, invites, metrics, outbox, sign_in, site,
    users,
};

/// One address and method.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The pattern, parts in braces.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    handler: fn() -> Handler,
}

const fn row(method: Method, path: &'static str, who: Who, handler: fn() -> Handler) -> Route {
    Route {
        method,
        path,
        who,
        handler,
    }
}

macro_rules! rows {
    ($($method:ident $path:literal $who:expr => $handler:path;)*) => {
        vec![$(row(Method::$method, $path, $who, || web::route().to($handler)),)*]
    };
}

/// Every route.
pub fn routes() -> Vec<Route> {
    let mut all = public();
    all.extend(pages());
    all.extend(api());
    all
}

/// Open to anybody.
fn public() -> Vec<Route> {
    rows! {
        GET "/healthz" Who::Anyone => health::alive;
        GET "/readyz" Who::Anyone => health::ready;
        GET "/static/{file}" Who::Anyone => crate::web::asset;
        GET "/setup" Who::Anyone => sign_in::setup_pages::form;
        POST "/setup" Who::Anyone => sign_in::setup_pages::create;
        GET "/sign-in" Who::Anyone => sign_in::pages::sign_in_form;
        POST "/sign-in" Who::Anyone => sign_in::pages::sign_in;
        GET "/recover" Who::Anyone => sign_in::recovery_pages::ask_form;
        POST "/recover" Who::Anyone => sign_in::recovery_pages::ask;
        GET "/recover/new" Who::Anyone => sign_in::recovery_pages::form;
        POST "/recover/new" Who::Anyone => sign_in::recovery_pages::set;
        GET "/self-service/invite" Who::Anyone => invites::landing_pages::open;
        POST "/self-service/invite" Who::Anyone => invites::landing_pages::answer;
    }
}

/// Pages for who is signed in.
fn pages() -> Vec<Route> {
    const ANY: Who = Who::SignedIn;
    const ADMIN: Who = Who::Role(Role::Admin);
    rows! {
        GET "/" ANY => console::dashboard::show_dashboard;
        GET "/sign-in/confirm" ANY => sign_in::pages::confirm_form;
        POST "/sign-in/confirm" ANY => sign_in::pages::confirm;
        POST "/sign-out" ANY => sign_in::pages::sign_out;
        GET "/settings" ANY => users::pages::start;
        GET "/settings/profile" ANY => users::pages::profile;
        POST "/settings/profile" ANY => users::pages::save_profile;
        GET "/settings/password" ANY => sign_in::settings_pages::password;
        POST "/settings/password" ANY => sign_in::settings_pages::change_password;
        GET "/settings/sessions" ANY => sign_in::settings_pages::sessions;
        POST "/settings/sessions/end" ANY => sign_in::settings_pages::end_others;
        POST "/settings/sessions/{id}/end" ANY => sign_in::settings_pages::end_one;
        GET "/settings/api-keys" ANY => api_keys::pages::list;
        GET "/settings/api-keys/new" ANY => api_keys::pages::new;
        POST "/settings/api-keys/new" ANY => api_keys::pages::create;
        GET "/settings/api-keys/{id}/revoke" ANY => api_keys::pages::confirm_revoke;
        POST "/settings/api-keys/{id}/revoke" ANY => api_keys::pages::revoke;
        GET "/admin/invites" ADMIN => invites::pages::list;
        GET "/admin/invites/new" ADMIN => invites::new_pages::form;
        POST "/admin/invites/new" ADMIN => invites::new_pages::create;
        GET "/admin/invites/{id}" ADMIN => invites::pages::detail;
        POST "/admin/invites/{id}/resend" ADMIN => invites::pages::resend;
        POST "/admin/invites/{id}/link" ADMIN => invites::pages::new_link;
        GET "/admin/invites/{id}/revoke" ADMIN => invites::pages::confirm_revoke;
        POST "/admin/invites/{id}/revoke" ADMIN => invites::pages::revoke;
        GET "/admin/users" ADMIN => console::users::list;
        GET "/admin/users/{id}" ADMIN => console::users::detail;
        GET "/admin/users/{id}/suspend" ADMIN => console::users::confirm_suspend;
        POST "/admin/users/{id}/suspend" ADMIN => console::users::suspend;
        POST "/admin/users/{id}/reactivate" ADMIN => console::users::reactivate;
        POST "/admin/users/{id}/sign-out" ADMIN => console::users::sign_out;
        GET "/admin/users/{id}/keys/{key_id}/revoke" ADMIN => api_keys::pages::confirm_revoke_of_user;
        POST "/admin/users/{id}/keys/{key_id}/revoke" ADMIN => api_keys::pages::revoke_of_user;
        GET "/admin/outbox" ADMIN => outbox::pages::list;
        POST "/admin/outbox/test" ADMIN => outbox::pages::send_test;
        GET "/admin/outbox/{id}" ADMIN => outbox::pages::detail;
        POST "/admin/outbox/{id}/retry" ADMIN => outbox::pages::retry;
        POST "/admin/outbox/{id}/cancel" ADMIN => outbox::pages::cancel;
        GET "/admin/audit" ADMIN => audit::pages::list;
        GET "/admin/settings" ADMIN => site::pages::edit;
        POST "/admin/settings" ADMIN => site::pages::save;
    }
}

/// The API.
fn api() -> Vec<Route> {
    use Scope::{
        AuditRead, EventsRead, GroupsRead, GroupsWrite, InvitesRead, InvitesWrite, KeysRead,
        KeysRevoke, OutboxRead, OutboxWrite, SettingsRead, SettingsWrite, UsersRead, UsersWrite,
    };
    rows! {
        GET "/metrics" Who::Scope(Scope::MetricsRead) => metrics::show;
        GET "/api/v1/me" Who::Key => users::api::me;
        GET "/api/v1/users" Who::Scope(UsersRead) => users::api::list;
        POST "/api/v1/users" Who::Scope(UsersWrite) => users::api::create;
        GET "/api/v1/users/{id}" Who::Scope(UsersRead) => users::api::read;
        PATCH "/api/v1/users/{id}" Who::Scope(UsersWrite) => users::api::patch;
        PUT "/api/v1/users/{id}/suspension" Who::Scope(UsersWrite) => users::api::suspend;
        DELETE "/api/v1/users/{id}/suspension" Who::Scope(UsersWrite) => users::api::reactivate;
        GET "/api/v1/users/{id}/keys" Who::Scope(KeysRead) => api_keys::api::list_of_user;
        DELETE "/api/v1/users/{id}/keys/{key_id}" Who::Scope(KeysRevoke) => api_keys::api::revoke_of_user;
        GET "/api/v1/keys" Who::Scope(KeysRead) => api_keys::api::list;
        POST "/api/v1/keys" Who::Key => api_keys::api::create;
        DELETE "/api/v1/keys/current" Who::Scope(KeysRevoke) => api_keys::api::revoke_current;
        GET "/api/v1/keys/{id}" Who::Scope(KeysRead) => api_keys::api::show;
        DELETE "/api/v1/keys/{id}" Who::Scope(KeysRevoke) => api_keys::api::revoke;
        GET "/api/v1/invites" Who::Scope(InvitesRead) => invites::api::list;
        POST "/api/v1/invites" Who::Scope(InvitesWrite) => invites::api::create;
        GET "/api/v1/invites/{id}" Who::Scope(InvitesRead) => invites::api::read;
        PATCH "/api/v1/invites/{id}" Who::Scope(InvitesWrite) => invites::api::patch;
        POST "/api/v1/invites/{id}/resend" Who::Scope(InvitesWrite) => invites::api::resend;
        POST "/api/v1/invites/{id}/revoke" Who::Scope(InvitesWrite) => invites::api::revoke;
        GET "/api/v1/groups" Who::Scope(GroupsRead) => groups::api::list;
        POST "/api/v1/groups" Who::Scope(GroupsWrite) => groups::api::make;
        GET "/api/v1/groups/{id}" Who::Scope(GroupsRead) => groups::api::read;
        PATCH "/api/v1/groups/{id}" Who::Scope(GroupsWrite) => groups::api::change;
        DELETE "/api/v1/groups/{id}" Who::Scope(GroupsWrite) => groups::api::delete;
        GET "/api/v1/groups/{id}/members" Who::Scope(GroupsRead) => groups::api::members;
        PUT "/api/v1/groups/{id}/members/{user_id}" Who::Scope(GroupsWrite) => groups::api::put_member;
        DELETE "/api/v1/groups/{id}/members/{user_id}" Who::Scope(GroupsWrite) => groups::api::remove_member;
        GET "/api/v1/settings" Who::Scope(SettingsRead) => site::api::read;
        PATCH "/api/v1/settings" Who::Scope(SettingsWrite) => site::api::change;
        GET "/api/v1/events" Who::Scope(EventsRead) => events::api::list;
        GET "/api/v1/audit" Who::Scope(AuditRead) => audit::api::list;
        GET "/api/v1/outbox" Who::Scope(OutboxRead) => outbox::api::list;
        POST "/api/v1/outbox/{id}/retry" Who::Scope(OutboxWrite) => outbox::api::retry;
    }
}

/// Puts the table into the server. HEAD is answered like GET, without a body.
pub fn register(config: &mut web::ServiceConfig) {
    let mut table = routes();
    while !table.is_empty() {
        let path = table[0].path;
        let (same, rest): (Vec<Route>, Vec<Route>) =
            table.into_iter().partition(|route| route.path == path);
        table = rest;
        let mut resource = web::resource(path);
        for route in same {
            let who = route.who;
            let methods: &[Method] = if route.method == Method::GET {
                &[Method::GET, Method::HEAD]
            } else {
                &[route.method]
            };
            for method in methods {
                let handler = (route.handler)()
                    .method(method.clone())
                    .wrap(from_fn(move |request, next| admit(who, request, next)));
                resource = resource.route(handler);
            }
        }
        config.service(resource);
    }
    config.default_service(web::to(nothing_here));
}

async fn nothing_here() -> Result<HttpResponse> {
    Code::NotFound.refuse()
}
