//! Which database, from its URL.

use std::fmt;
use std::path::{Path, PathBuf};

/// The two forms that work, for whoever wrote another one.
const FORMS: &str = "write sqlite:PATH, as in sqlite:data/vestibule.db, \
                     or postgres://user:password@host:5432/name";

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file; a relative path starts at the working directory.
    Sqlite(PathBuf),
    /// A PostgreSQL URL as libpq takes it, with several hosts if need be.
    Postgres(String),
}

impl DatabaseUrl {
    /// Takes `sqlite:PATH`, `postgres://…` or `postgresql://…`. A doubtful value is refused,
    /// because starting on an empty database looks like losing all data.
    ///
    /// # Errors
    /// What to write instead. The value itself is not repeated, as it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err(format!("it has a control character; {FORMS}"));
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return sqlite(path);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            if text.contains(char::is_whitespace) {
                return Err("it has a space; write a space as %20".to_owned());
            }
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(format!("no such database; {FORMS}"))
    }

    /// Where the master key is kept when no other place is set: beside the SQLite file, and for
    /// PostgreSQL in `data/`.
    pub fn default_key_file(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.with_file_name("secret.key"),
            Self::Postgres(_) => PathBuf::from("data/secret.key"),
        }
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, String> {
    let refuse = |why: &str| {
        Err(format!(
            "{why}; write the path of a file, as in sqlite:data/vestibule.db \
             or sqlite:/var/lib/vestibule/vestibule.db"
        ))
    };
    if path.is_empty() {
        return refuse("the path is missing");
    }
    if path.starts_with("//") {
        return refuse("two slashes leave it open where the path starts");
    }
    if path.contains(":memory:") || path.contains("mode=memory") {
        return refuse("a database in memory is lost at the end");
    }
    if path.starts_with("file:") || path.contains('?') {
        return refuse("SQLite's own URIs and options are not taken");
    }
    let file = Path::new(path);
    if path.ends_with('/') || file.file_name().is_none() || file.is_dir() {
        return refuse("this is a folder");
    }
    Ok(DatabaseUrl::Sqlite(file.to_owned()))
}

/// Shows the URL with its passwords masked.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&masked(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Masks what may be a password, and rather too much than too little: all from the first colon to
/// the last `@`, the parameters whose names say so, and the whole URL when an `@` after the `?`
/// leaves it open where a password ends.
fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (server, query) = rest.split_once('?').unwrap_or((rest, ""));
    if query.contains('@') {
        return format!("{scheme}://***");
    }
    let server = match server.rsplit_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{hosts}"),
            None => server.to_owned(),
        },
        None => server.to_owned(),
    };
    let query: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.contains("pass") => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    let mark = if rest.contains('?') { "?" } else { "" };
    format!("{scheme}://{server}{mark}{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_are_taken() {
        for path in [
            "data/vestibule.db",
            "vestibule.db",
            "./a b/ü.db",
            "/var/lib/vestibule/vestibule.db",
        ] {
            let url = DatabaseUrl::parse(&format!("sqlite:{path}"));
            assert_eq!(url, Ok(DatabaseUrl::Sqlite(path.into())));
        }
        for url in [
            "postgres://localhost/vestibule",
            "postgresql://ada@db.example.org:5432/vestibule",
            "postgres://ada:x@a:5432,b:5432/v?target_session_attrs=read-write",
            "postgres://ada@db/v?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres:///vestibule?host=/run/postgresql",
        ] {
            let parsed = DatabaseUrl::parse(url);
            assert_eq!(parsed, Ok(DatabaseUrl::Postgres(url.to_owned())));
        }
    }

    #[test]
    fn all_else_is_refused_with_the_forms_that_work() {
        for (text, words) in [
            ("", "postgres://user"),
            ("data/vestibule.db", "sqlite:PATH"),
            ("mysql://localhost/v", "sqlite:PATH"),
            ("SQLITE:data/v.db", "sqlite:PATH"),
            ("postgres:localhost", "postgres://user"),
            ("host=localhost dbname=v", "postgres://user"),
            ("sqlite:", "the path is missing"),
            ("sqlite://data/v.db", "sqlite:data/vestibule.db"),
            ("sqlite:///data/v.db", "sqlite:/var/lib"),
            ("sqlite::memory:", "in memory"),
            ("sqlite:file:v.db?mode=memory", "in memory"),
            ("sqlite:file:v.db", "URIs"),
            ("sqlite:v.db?cache=shared", "options"),
            ("sqlite:data/", "a folder"),
            ("sqlite:/tmp", "a folder"),
            ("sqlite:..", "a folder"),
            ("sqlite:a\0b", "control character"),
            ("postgres://host/a b", "%20"),
        ] {
            let problem = DatabaseUrl::parse(text).expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }

    #[test]
    fn refusals_do_not_repeat_passwords() {
        for text in ["mysql://ada:hunter2@db/v", "postgres://ada:hunter2 x@db/v"] {
            let problem = DatabaseUrl::parse(text).expect_err(text);
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn passwords_are_masked() {
        for (url, shown) in [
            ("postgres://db/v", "postgres://db/v"),
            ("postgres://ada@db:5432/v", "postgres://ada@db:5432/v"),
            ("postgres://ada:hunter2@db/v", "postgres://ada:***@db/v"),
            (
                "postgresql://ada:a@b/c:d@db,db2/v",
                "postgresql://ada:***@db,db2/v",
            ),
            (
                "postgres://db/v?user=ada&password=hunter2&sslmode=require",
                "postgres://db/v?user=ada&password=***&sslmode=require",
            ),
            (
                "postgres://ada@db/v?sslpassword=x",
                "postgres://ada@db/v?sslpassword=***",
            ),
            ("postgres://db/v?password=hunt@er2", "postgres://***"),
            ("postgres://ada:hun?ter2@db/v", "postgres://***"),
        ] {
            let parsed = DatabaseUrl::parse(url).unwrap();
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(format!("{parsed:?}"), shown);
        }
    }

    #[test]
    fn the_key_lies_beside_the_database() {
        for (url, key) in [
            ("sqlite:data/vestibule.db", "data/secret.key"),
            ("sqlite:v.db", "secret.key"),
            ("sqlite:/srv/v.db", "/srv/secret.key"),
            ("postgres://db/v", "data/secret.key"),
        ] {
            let file = DatabaseUrl::parse(url).unwrap().default_key_file();
            assert_eq!(file, Path::new(key), "{url}");
        }
    }
}
