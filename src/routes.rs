//! THE route table: every address of the product, and who may call it.
//!
//! What is not in the first block wants a session or a key; nothing is open by being forgotten.

use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Route as Handler, web};

use crate::access::{Role, Scope, Who};
use crate::callers::{admit, is_for_programs};
use crate::compatible::{aleph, kratos};
use crate::error::{Code, Result};
use crate::openapi::{Doc, Operation, Reference};
use crate::{
    api_keys, audit, console, events, groups, health, invite_batches, invite_templates, invites,
    metrics, openapi, outbox, schemas, sign_in, site, tokens, users,
};

/// One address and method.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The pattern, parts in braces.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// What it does, for programs; pages have none.
    pub doc: Option<&'static Doc>,
    handler: fn() -> Handler,
}

impl Route {
    /// Whether it is called without a query string. Pages pass over what they do not know, and so do calls for clients of
    /// other systems.
    fn is_bare(&self) -> bool {
        let reads_none = |doc: &Doc| doc.query.is_none() && doc.dialect.is_none();
        self.who.is_keyed() && self.doc.is_none_or(reads_none)
    }
}

/// Rows read `METHOD "/path" who, description => handler;`, those of pages without the description.
macro_rules! rows {
    ($($method:ident $path:literal $who:expr $(, $doc:path)? => $handler:path;)*) => {
        vec![$(Route {
            method: Method::$method,
            path: $path,
            who: $who,
            doc: [$(&$doc as &'static Doc)?].first().copied(),
            handler: || web::route().to($handler),
        },)*]
    };
}

/// Every route.
pub fn routes() -> Vec<Route> {
    let mut all = public();
    all.extend(pages());
    all.extend(api());
    all.extend(of_other_systems());
    all
}

/// Open to anybody.
fn public() -> Vec<Route> {
    rows! {
        GET "/healthz" Who::Anyone, health::ALIVE => health::alive;
        GET "/readyz" Who::Anyone, health::READY => health::ready;
        GET "/openapi.json" Who::Anyone, openapi::OPENAPI_JSON => openapi::openapi_json;
        GET "/docs" Who::Anyone => openapi::docs;
        GET "/static/{file}" Who::Anyone => crate::web::asset;
        GET "/setup" Who::Anyone => sign_in::setup_pages::form;
        POST "/setup" Who::Anyone => sign_in::setup_pages::create;
        GET "/sign-in" Who::Anyone => sign_in::pages::sign_in_form;
        POST "/sign-in" Who::Anyone => sign_in::pages::sign_in;
        GET "/sign-in/code" Who::Anyone => sign_in::code_pages::sign_in_form;
        POST "/sign-in/code" Who::Anyone => sign_in::code_pages::sign_in;
        GET "/register" Who::Anyone => sign_in::register_pages::form;
        POST "/register" Who::Anyone => sign_in::register_pages::ask;
        GET "/register/code" Who::Anyone => sign_in::register_pages::code_form;
        POST "/register/code" Who::Anyone => sign_in::register_pages::create;
        GET "/recover" Who::Anyone => sign_in::recovery_pages::ask_form;
        POST "/recover" Who::Anyone => sign_in::recovery_pages::ask;
        GET "/recover/new" Who::Anyone => sign_in::recovery_pages::form;
        POST "/recover/new" Who::Anyone => sign_in::recovery_pages::set;
        GET "/verify" Who::Anyone => users::verification_pages::form;
        POST "/verify" Who::Anyone => users::verification_pages::prove;
        POST "/api/v1/leaked-keys" Who::Anyone, api_keys::leaked::REPORT => api_keys::leaked::report;
        GET "/self-service/invite" Who::Anyone, invites::acceptance::api::OPEN => invites::acceptance::pages::open;
        POST "/self-service/invite" Who::Anyone, invites::acceptance::api::ANSWER => invites::acceptance::pages::answer;
    }
}

/// Pages for who is signed in.
fn pages() -> Vec<Route> {
    const ANY: Who = Who::SignedIn;
    const ADMIN: Who = Who::Role(Role::Admin);
    const INVITER: Who = Who::Inviter;
    rows! {
        GET "/" ANY => console::dashboard::show_dashboard;
        GET "/sign-in/confirm" ANY => sign_in::confirm_pages::form;
        POST "/sign-in/confirm" ANY => sign_in::confirm_pages::confirm;
        POST "/sign-in/confirm/send" ANY => sign_in::confirm_pages::send;
        GET "/sign-in/confirm/code" ANY => sign_in::code_pages::confirm_form;
        POST "/sign-in/confirm/code" ANY => sign_in::code_pages::confirm;
        POST "/sign-out" ANY => sign_in::pages::sign_out;
        GET "/settings" ANY => users::pages::start;
        GET "/settings/profile" ANY => users::pages::profile;
        POST "/settings/profile" ANY => users::pages::save_profile;
        POST "/settings/profile/verification" ANY => users::verification_pages::send_own;
        GET "/settings/logins" ANY => users::logins_pages::list;
        POST "/settings/logins" ANY => users::logins_pages::send;
        GET "/settings/logins/code" ANY => users::logins_pages::code_form;
        POST "/settings/logins/code" ANY => users::logins_pages::add;
        POST "/settings/logins/remove" ANY => users::logins_pages::remove;
        GET "/settings/password" ANY => sign_in::settings_pages::password;
        POST "/settings/password" ANY => sign_in::settings_pages::change_password;
        GET "/settings/sessions" ANY => sign_in::settings_pages::sessions;
        POST "/settings/sessions/end" ANY => sign_in::settings_pages::end_others;
        POST "/settings/sessions/{id}/end" ANY => sign_in::settings_pages::end_one;
        GET "/settings/api-keys" ANY => api_keys::pages::list;
        GET "/settings/api-keys/new" ANY => api_keys::pages::new;
        POST "/settings/api-keys/new" ANY => api_keys::pages::create;
        GET "/settings/api-keys/{id}/rotate" ANY => api_keys::pages::rotate_form;
        POST "/settings/api-keys/{id}/rotate" ANY => api_keys::pages::rotate;
        GET "/settings/api-keys/{id}/end" ANY => api_keys::pages::end_form;
        POST "/settings/api-keys/{id}/end" ANY => api_keys::pages::set_end;
        GET "/settings/api-keys/{id}/revoke" ANY => api_keys::pages::confirm_revoke;
        POST "/settings/api-keys/{id}/revoke" ANY => api_keys::pages::revoke;
        GET "/admin/invites" INVITER => invites::console::list_pages::list;
        GET "/admin/invites/new" INVITER => invites::console::new_pages::form;
        POST "/admin/invites/new" INVITER => invites::console::new_pages::create;
        GET "/admin/invites/open" INVITER => invites::console::open_pages::form;
        POST "/admin/invites/open" INVITER => invites::console::open_pages::create;
        GET "/admin/invites/import" ADMIN => invite_batches::pages::form;
        POST "/admin/invites/import" ADMIN => invite_batches::pages::import;
        GET "/admin/invites/import/template.csv" ADMIN => invite_batches::pages::template;
        GET "/admin/invites/batches/{id}" ADMIN => invite_batches::pages::detail;
        POST "/admin/invites/batches/{id}/send" ADMIN => invite_batches::pages::send;
        GET "/admin/invites/batches/{id}/results.csv" ADMIN => invite_batches::pages::download;
        GET "/admin/invites/batches/{id}/revoke" ADMIN => invite_batches::pages::confirm_revoke;
        POST "/admin/invites/batches/{id}/revoke" ADMIN => invite_batches::pages::revoke;
        POST "/admin/invites/bulk" INVITER => invites::console::bulk_pages::act;
        POST "/admin/invites/undo" INVITER => invites::console::undo_pages::undo;
        GET "/admin/invites/export.csv" INVITER => invites::console::export_pages::export;
        GET "/admin/invites/funnel" ADMIN => invites::console::funnel_pages::show_funnel;
        GET "/admin/invites/{id}" INVITER => invites::console::detail_pages::detail;
        GET "/admin/invites/{id}/edit" INVITER => invites::console::edit_pages::form;
        POST "/admin/invites/{id}/edit" INVITER => invites::console::edit_pages::save;
        POST "/admin/invites/{id}/resend" INVITER => invites::console::detail_pages::resend;
        POST "/admin/invites/{id}/link" INVITER => invites::console::link_pages::new_link;
        GET "/admin/invites/{id}/revoke" INVITER => invites::console::detail_pages::confirm_revoke;
        POST "/admin/invites/{id}/revoke" INVITER => invites::console::detail_pages::revoke;
        POST "/admin/invites/{id}/approve" ADMIN => invites::console::detail_pages::approve;
        POST "/admin/invites/{id}/reject" ADMIN => invites::console::detail_pages::reject;
        POST "/admin/invites/{id}/reinstate" ADMIN => invites::console::detail_pages::reinstate;
        GET "/admin/invite-templates" ADMIN => invite_templates::pages::list;
        GET "/admin/invite-templates/new" ADMIN => invite_templates::pages::new;
        POST "/admin/invite-templates/new" ADMIN => invite_templates::pages::make;
        GET "/admin/invite-templates/{id}" ADMIN => invite_templates::pages::edit;
        POST "/admin/invite-templates/{id}" ADMIN => invite_templates::pages::change;
        GET "/admin/invite-templates/{id}/delete" ADMIN => invite_templates::delete_pages::confirm_delete;
        POST "/admin/invite-templates/{id}/delete" ADMIN => invite_templates::delete_pages::delete;
        GET "/admin/schemas" ADMIN => schemas::pages::list;
        GET "/admin/schemas/new" ADMIN => schemas::edit_pages::new;
        POST "/admin/schemas/new" ADMIN => schemas::edit_pages::make;
        GET "/admin/schemas/{id}" ADMIN => schemas::pages::detail;
        GET "/admin/schemas/{id}/edit" ADMIN => schemas::edit_pages::edit;
        POST "/admin/schemas/{id}/edit" ADMIN => schemas::edit_pages::change;
        GET "/admin/schemas/{id}/delete" ADMIN => schemas::pages::confirm_delete;
        POST "/admin/schemas/{id}/delete" ADMIN => schemas::pages::delete;
        GET "/admin/users" ADMIN => console::users::list;
        GET "/admin/users/{id}" ADMIN => console::users::detail;
        GET "/admin/users/{id}/suspend" ADMIN => console::users::confirm_suspend;
        POST "/admin/users/{id}/suspend" ADMIN => console::users::suspend;
        POST "/admin/users/{id}/reactivate" ADMIN => console::users::reactivate;
        POST "/admin/users/{id}/verification" ADMIN => users::verification_pages::send_of_user;
        POST "/admin/users/{id}/sign-out" ADMIN => console::users::sign_out;
        GET "/admin/users/{id}/keys/{key_id}/revoke" ADMIN => api_keys::pages::confirm_revoke_of_user;
        POST "/admin/users/{id}/keys/{key_id}/revoke" ADMIN => api_keys::pages::revoke_of_user;
        GET "/admin/outbox" ADMIN => outbox::pages::list;
        GET "/admin/outbox/notices" ADMIN => api_keys::notices::pages::list;
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
        KeysRevoke, KeysRotateSelf, OutboxRead, OutboxWrite, SettingsRead, SettingsWrite,
        UsersRead, UsersWrite,
    };
    rows! {
        GET "/gate" Who::Key, tokens::api::GATE => tokens::api::gate;
        POST "/oauth2/introspect" Who::Scope(Scope::Introspect), tokens::api::INTROSPECT => tokens::api::introspect;
        GET "/metrics" Who::Scope(Scope::MetricsRead), metrics::SHOW => metrics::show;
        GET "/api/v1/me" Who::Key, users::api::ME => users::api::me;
        GET "/api/v1/users" Who::Scope(UsersRead), users::api::LIST => users::api::list;
        POST "/api/v1/users" Who::Scope(UsersWrite), users::api::CREATE => users::api::create;
        GET "/api/v1/users/{id}" Who::Scope(UsersRead), users::api::READ => users::api::read;
        PATCH "/api/v1/users/{id}" Who::Scope(UsersWrite), users::api::CHANGE => users::api::patch;
        DELETE "/api/v1/users/{id}" Who::Scope(UsersWrite), users::api::DELETE => users::api::delete;
        POST "/api/v1/users/{id}/verification" Who::Scope(UsersWrite), users::api::VERIFY => users::api::verify;
        PUT "/api/v1/users/{id}/suspension" Who::Scope(UsersWrite), users::api::SUSPEND => users::api::suspend;
        DELETE "/api/v1/users/{id}/suspension" Who::Scope(UsersWrite), users::api::REACTIVATE => users::api::reactivate;
        GET "/api/v1/users/{id}/keys" Who::Scope(KeysRead), api_keys::api::LIST_OF_USER => api_keys::api::list_of_user;
        DELETE "/api/v1/users/{id}/keys/{key_id}" Who::Scope(KeysRevoke), api_keys::api::REVOKE_OF_USER => api_keys::api::revoke_of_user;
        GET "/api/v1/keys" Who::Scope(KeysRead), api_keys::api::LIST => api_keys::api::list;
        POST "/api/v1/keys" Who::Key, api_keys::api::CREATE => api_keys::api::create;
        DELETE "/api/v1/keys/current" Who::Key, api_keys::api::REVOKE_CURRENT => api_keys::api::revoke_current;
        GET "/api/v1/keys/{id}" Who::Scope(KeysRead), api_keys::api::READ => api_keys::api::show;
        POST "/api/v1/keys/{id}/rotate" Who::Scope(KeysRotateSelf), api_keys::api::ROTATE => api_keys::api::rotate;
        DELETE "/api/v1/keys/{id}" Who::Scope(KeysRevoke), api_keys::api::REVOKE => api_keys::api::revoke;
        GET "/api/v1/invites" Who::Scope(InvitesRead), invites::api::LIST => invites::api::list;
        POST "/api/v1/invites" Who::Scope(InvitesWrite), invites::api::CREATE => invites::api::create;
        POST "/api/v1/invites/batches" Who::Scope(InvitesWrite), invite_batches::api::MAKE => invite_batches::api::make;
        GET "/api/v1/invites/batches/{id}" Who::Scope(InvitesRead), invite_batches::api::READ => invite_batches::api::show;
        GET "/api/v1/invites/batches/{id}/results.csv" Who::Scope(InvitesRead), invite_batches::api::RESULTS => invite_batches::api::download;
        POST "/api/v1/invites/batches/{id}/revoke" Who::Scope(InvitesWrite), invite_batches::api::REVOKE => invite_batches::api::revoke;
        GET "/api/v1/invites/{id}" Who::Scope(InvitesRead), invites::api::READ => invites::api::read;
        PATCH "/api/v1/invites/{id}" Who::Scope(InvitesWrite), invites::api::CHANGE => invites::api::patch;
        POST "/api/v1/invites/{id}/resend" Who::Scope(InvitesWrite), invites::api::RESEND => invites::api::resend;
        POST "/api/v1/invites/{id}/revoke" Who::Scope(InvitesWrite), invites::api::REVOKE => invites::api::revoke;
        POST "/api/v1/invites/{id}/approve" Who::Scope(InvitesWrite), invites::api::APPROVE => invites::api::approve;
        POST "/api/v1/invites/{id}/reject" Who::Scope(InvitesWrite), invites::api::REJECT => invites::api::reject;
        POST "/api/v1/invites/{id}/reinstate" Who::Scope(InvitesWrite), invites::api::REINSTATE => invites::api::reinstate;
        GET "/api/v1/invites/{id}/explain" Who::Scope(InvitesRead), invites::api::EXPLAIN => invites::api::explain;
        GET "/api/v1/invite-templates" Who::Scope(InvitesRead), invite_templates::api::LIST => invite_templates::api::list;
        POST "/api/v1/invite-templates" Who::Scope(SettingsWrite), invite_templates::api::MAKE => invite_templates::api::make;
        GET "/api/v1/invite-templates/{id}" Who::Scope(InvitesRead), invite_templates::api::READ => invite_templates::api::read;
        PATCH "/api/v1/invite-templates/{id}" Who::Scope(SettingsWrite), invite_templates::api::CHANGE => invite_templates::api::change;
        DELETE "/api/v1/invite-templates/{id}" Who::Scope(SettingsWrite), invite_templates::api::DELETE => invite_templates::api::delete;
        GET "/api/v1/schemas" Who::Scope(SettingsRead), schemas::api::LIST => schemas::api::list;
        POST "/api/v1/schemas" Who::Scope(SettingsWrite), schemas::api::MAKE => schemas::api::make;
        GET "/api/v1/schemas/{id}" Who::Scope(SettingsRead), schemas::api::READ => schemas::api::read;
        PATCH "/api/v1/schemas/{id}" Who::Scope(SettingsWrite), schemas::api::CHANGE => schemas::api::change;
        DELETE "/api/v1/schemas/{id}" Who::Scope(SettingsWrite), schemas::api::DELETE => schemas::api::delete;
        GET "/api/v1/groups" Who::Scope(GroupsRead), groups::api::LIST => groups::api::list;
        POST "/api/v1/groups" Who::Scope(GroupsWrite), groups::api::MAKE => groups::api::make;
        GET "/api/v1/groups/{id}" Who::Scope(GroupsRead), groups::api::READ => groups::api::read;
        PATCH "/api/v1/groups/{id}" Who::Scope(GroupsWrite), groups::api::CHANGE => groups::api::change;
        DELETE "/api/v1/groups/{id}" Who::Scope(GroupsWrite), groups::api::DELETE => groups::api::delete;
        GET "/api/v1/groups/{id}/members" Who::Scope(GroupsRead), groups::api::MEMBERS => groups::api::members;
        PUT "/api/v1/groups/{id}/members/{user_id}" Who::Scope(GroupsWrite), groups::api::PUT_MEMBER => groups::api::put_member;
        DELETE "/api/v1/groups/{id}/members/{user_id}" Who::Scope(GroupsWrite), groups::api::REMOVE_MEMBER => groups::api::remove_member;
        GET "/api/v1/settings" Who::Scope(SettingsRead), site::api::READ => site::api::read;
        PATCH "/api/v1/settings" Who::Scope(SettingsWrite), site::api::CHANGE => site::api::change;
        GET "/api/v1/events" Who::Scope(EventsRead), events::api::LIST => events::api::list;
        GET "/api/v1/audit" Who::Scope(AuditRead), audit::api::LIST => audit::api::list;
        GET "/api/v1/outbox" Who::Scope(OutboxRead), outbox::api::LIST => outbox::api::list;
        POST "/api/v1/outbox/{id}/retry" Who::Scope(OutboxWrite), outbox::api::RETRY => outbox::api::retry;
    }
}

/// What clients of other systems send.
fn of_other_systems() -> Vec<Route> {
    const READ: Who = Who::AdminScope(Scope::InvitesRead);
    const WRITE: Who = Who::AdminScope(Scope::InvitesWrite);
    rows! {
        GET "/api/2/roles/{id}" Who::Key, aleph::READ => aleph::read;
        GET "/api/2/roles/{id}" Who::SignedIn => aleph::read_in_person;
        POST "/api/2/roles/{id}/generate_api_key" Who::Scope(Scope::KeysRotateSelf), aleph::GENERATE => aleph::generate;
        POST "/api/2/roles/{id}/generate_api_key" Who::SignedIn => aleph::generate_in_person;
        POST "/admin/invite" WRITE, kratos::CREATE => kratos::create;
        GET "/admin/invites" READ, kratos::LIST => kratos::list;
        GET "/admin/invites/{id}" READ, kratos::READ => kratos::read;
        PATCH "/admin/invites/{id}" WRITE, kratos::CHANGE => kratos::change;
        DELETE "/admin/invites/{id}" WRITE, kratos::REVOKE => kratos::revoke;
        POST "/admin/verification" Who::AdminScope(Scope::UsersWrite), kratos::VERIFY => kratos::verify;
    }
}

/// The description of the API of the server at `public_url`.
pub fn reference(public_url: &str) -> Reference {
    let all = routes();
    let rows = all.iter().filter_map(|route| {
        Some(Operation {
            method: route.method.as_str(),
            path: route.path,
            who: route.who,
            doc: route.doc?,
        })
    });
    Reference::new(rows, public_url)
}

/// Addresses that take files.
const LARGE_BODIES: [&str; 2] = ["/api/v1/invites/batches", "/admin/invites/import"];

/// Puts the table into the server. HEAD is answered like GET, without a body.
///
/// The server tries one address after the other: those without parts in braces, which are compared and not
/// matched, come first, and of these the ones that programs ask for.
pub fn register(config: &mut web::ServiceConfig) {
    let mut table = routes();
    table.sort_by_key(|route| (route.path.contains('{'), !route.path.starts_with("/api/")));
    while !table.is_empty() {
        let path = table[0].path;
        let (same, rest): (Vec<Route>, Vec<Route>) =
            table.into_iter().partition(|route| route.path == path);
        table = rest;
        let mut resource = web::resource(path);
        if LARGE_BODIES.contains(&path) {
            let limit = invite_batches::BODY_LIMIT;
            resource = resource.app_data(web::PayloadConfig::new(limit.0));
            resource = resource.app_data(limit);
        }
        let has_both = |route: &Route| {
            let mut twins = same.iter().filter(|other| other.method == route.method);
            twins.any(|other| other.who.is_keyed() != route.who.is_keyed())
        };
        for route in &same {
            let (who, bare) = (route.who, route.is_bare());
            let methods: &[Method] = if route.method == Method::GET {
                &[Method::GET, Method::HEAD]
            } else {
                std::slice::from_ref(&route.method)
            };
            for method in methods {
                let mut handler = (route.handler)();
                if has_both(route) {
                    let keyed = who.is_keyed();
                    handler = handler.guard(fn_guard(move |of| is_for_programs(of) == keyed));
                }
                let handler = handler
                    .method(method.clone())
                    .wrap(from_fn(move |request, next| {
                        admit(who, bare, request, next)
                    }));
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

#[cfg(test)]
mod tests;
