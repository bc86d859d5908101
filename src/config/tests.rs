use std::fs;
use std::path::Path;

use super::*;

fn load(pairs: &[(&str, &str)]) -> Result<Config, String> {
    let env = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(env).map_err(|error| error.to_string())
}

/// Loads a file with this text, and the environment.
fn load_file(text: &str, pairs: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.toml");
    fs::write(&path, text).unwrap();
    let mut pairs = pairs.to_vec();
    pairs.push(("VESTIBULE_CONFIG", path.to_str().unwrap()));
    load(&pairs)
}

#[test]
fn without_configuration_it_serves_on_loopback() {
    let config = load(&[("PATH", "/bin"), ("HOME", "/root")]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.origin(), "http://127.0.0.1:8080");
    assert_eq!(config.database.to_string(), "sqlite:data/vestibule.db");
    assert_eq!(config.secret_key_file, Path::new("data/secret.key"));
    assert_eq!(
        config.mail_from.to_string(),
        "Vestibule <vestibule@localhost>"
    );
    assert!(config.smtp.is_none());
    assert!(config.jobs);
    assert_eq!(config.log, "info");
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(config.trusted_proxies.is_empty());
    assert_eq!(Config::default().print(), config.print());
}

#[test]
fn every_setting_is_read_and_printed_with_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let ca = ca.to_str().unwrap();
    let values = [
        ("LISTEN", "0.0.0.0:8443", "0.0.0.0:8443"),
        ("PUBLIC_URL", "https://Example.org/", "https://example.org"),
        (
            "DATABASE_URL",
            "postgres://ada:hunter2@db/v",
            "postgres://ada:***@db/v",
        ),
        (
            "SMTP_URL",
            "smtps://ada:hunter2@mail",
            "smtps://ada:***@mail:465",
        ),
        ("SMTP_CA_FILE", ca, ca),
        (
            "MAIL_FROM",
            "Lab <lab@example.org>",
            "Lab <lab@example.org>",
        ),
        (
            "SMS_URL",
            "https://sms.example.org/send?key=hunter2",
            "https://sms.example.org/***",
        ),
        (
            "SMS_TEMPLATE",
            r#"{"number":"{to}","body":["{text}"]}"#,
            r#"{"number":"{to}","body":["{text}"]}"#,
        ),
        (
            "SMS_HEADERS",
            "Authorization: Bearer hunter2; X-Account: 42",
            "Authorization: ***; X-Account: ***",
        ),
        ("SECRET_KEY_FILE", "/run/secrets/key", "/run/secrets/key"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", "10.0.0.0/8,::1"),
        ("METRICS_LISTEN", "127.0.0.1:9100", "127.0.0.1:9100"),
        ("JOBS", "off", "off"),
        ("LOG", "warn,vestibule=debug", "warn,vestibule=debug"),
        ("LOG_FORMAT", "json", "json"),
    ];
    assert_eq!(values.len(), SETTINGS.len());
    for (name, value, _) in values {
        let secret = Setting::find(name).unwrap().secret;
        assert_eq!(value.contains("hunter2"), secret, "{name}");
    }
    for source in ["environment", "file"] {
        let config = if source == "file" {
            let lines =
                values.map(|(name, value, _)| format!("{} = '{value}'\n", name.to_lowercase()));
            load_file(&lines.concat(), &[]).unwrap()
        } else {
            let names =
                values.map(|(name, value, _)| (format!("VESTIBULE_{name}"), value.to_owned()));
            Config::load(names).unwrap()
        };
        let wanted =
            values.map(|(name, _, shown)| format!("VESTIBULE_{name}={shown}  # {source}\n"));
        assert_eq!(config.print(), wanted.concat());
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

#[test]
fn the_environment_wins_over_the_file_in_any_order() {
    let file = "log = 'debug'\njobs = false\ntrusted_proxies = ['10.0.0.1', '::1']\n";
    let config = load_file(file, &[("VESTIBULE_LOG", "error"), ("VESTIBULE_JOBS", "")]).unwrap();
    assert_eq!(config.log, "error");
    assert_eq!(config.source("LOG"), Source::Environment);
    assert!(!config.jobs);
    assert_eq!(config.source("JOBS"), Source::File);
    assert_eq!(config.trusted_proxies.to_string(), "10.0.0.1,::1");
    assert_eq!(config.source("LISTEN"), Source::Default);
}

#[test]
fn what_platforms_put_into_the_environment_is_passed_over() {
    let config = load(&[
        ("VESTIBULE_PORT", "tcp://10.0.0.1:80"),
        ("VESTIBULE_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("VESTIBULE_SERVICE_HOST", "10.0.0.1"),
        ("VESTIBULE_TEST_DATABASE_URL", "postgres://db/v"),
        ("VESTIBULE_SMTP_URL", ""),
    ])
    .unwrap();
    assert!(config.smtp.is_none());
    assert!(config.sources.is_empty());
}

#[test]
fn each_refusal_names_the_setting_and_says_what_to_write() {
    let cases: [(&[(&str, &str)], &str); 22] = [
        (
            &[("VESTIBULE_LISTN", "x")],
            "VESTIBULE_LISTN: there is no such setting; the nearest is VESTIBULE_LISTEN",
        ),
        (
            &[("VESTIBULE_listen", "x")],
            "VESTIBULE_listen: there is no such setting",
        ),
        (
            &[("VESTIBULE_", "x")],
            "VESTIBULE_: there is no such setting",
        ),
        (
            &[("VESTIBULE_LISTEN", "8080")],
            "VESTIBULE_LISTEN: \"8080\" is no address; write IP:PORT",
        ),
        (&[("VESTIBULE_LISTEN", "localhost:8080")], "write IP:PORT"),
        (
            &[("VESTIBULE_LISTEN", "0.0.0.0:8080")],
            "VESTIBULE_PUBLIC_URL: required when listening on 0.0.0.0:8080",
        ),
        (
            &[("VESTIBULE_LISTEN", "[::]:8080")],
            "VESTIBULE_PUBLIC_URL: required",
        ),
        (
            &[("VESTIBULE_PUBLIC_URL", "http://example.org")],
            "VESTIBULE_PUBLIC_URL: plain http",
        ),
        (
            &[("VESTIBULE_DATABASE_URL", "mysql://x")],
            "VESTIBULE_DATABASE_URL: no such database",
        ),
        (
            &[("VESTIBULE_SMTP_URL", "mail")],
            "VESTIBULE_SMTP_URL: write smtp://host",
        ),
        (
            &[("VESTIBULE_SMTP_CA_FILE", "/no/such.pem")],
            "VESTIBULE_SMTP_CA_FILE: there is no file /no/such.pem",
        ),
        (&[("VESTIBULE_SMTP_CA_FILE", "/")], "there is no file /"),
        (
            &[("VESTIBULE_SMTP_CA_FILE", "Cargo.toml")],
            "there is no certificate in Cargo.toml",
        ),
        (
            &[("VESTIBULE_MAIL_FROM", "me")],
            "VESTIBULE_MAIL_FROM: \"me\" is no sender",
        ),
        (
            &[("VESTIBULE_TRUSTED_PROXIES", "*")],
            "VESTIBULE_TRUSTED_PROXIES: \"*\" is no address",
        ),
        (
            &[("VESTIBULE_METRICS_LISTEN", "9100")],
            "VESTIBULE_METRICS_LISTEN: \"9100\" is no address",
        ),
        (
            &[("VESTIBULE_METRICS_LISTEN", "127.0.0.1:8080")],
            "write another port",
        ),
        (
            &[("VESTIBULE_JOBS", "yes")],
            "VESTIBULE_JOBS: \"yes\" is neither; write on or off",
        ),
        (
            &[("VESTIBULE_LOG", "a=b=c")],
            "VESTIBULE_LOG: \"a=b=c\" is no filter",
        ),
        (&[("VESTIBULE_LOG_FORMAT", "xml")], "write text or json"),
        (
            &[("VESTIBULE_CONFIG", "/no/such.toml")],
            "VESTIBULE_CONFIG: cannot read /no/such.toml",
        ),
        (
            &[("VESTIBULE_CONFIG", "/")],
            "VESTIBULE_CONFIG: cannot read /",
        ),
    ];
    for (pairs, words) in cases {
        let problem = load(pairs).expect_err(words);
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn the_file_is_refused_in_the_same_words() {
    for (text, words) in [
        ("listn = 'x'", "the nearest is listen"),
        ("LISTEN = '127.0.0.1:80'", "the nearest is listen"),
        ("config = 'other.toml'", "there is no such setting"),
        ("[smtp]\nurl = 'x'", "there is no such setting"),
        (
            "log = 'info'\nlisten = 8080",
            "listen: in the file, write the value in quotes",
        ),
        ("jobs = 1", "jobs: in the file, write the value in quotes"),
        ("log = true", "log: in the file"),
        ("trusted_proxies = [1]", "write every address in quotes"),
        ("jobs = 'yes'", "jobs: \"yes\" is neither"),
        (
            "log = 'info'\n\nsmtp_url = 'smtp://a:hunter2@b' x",
            "line 3",
        ),
        ("log = 'info'\nlog = 'warn'", "line 2"),
    ] {
        let problem = load_file(text, &[]).expect_err(text);
        assert!(problem.contains(words), "{text}: {problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[test]
fn a_site_beyond_loopback_says_its_public_url() {
    let config = load(&[
        ("VESTIBULE_LISTEN", "0.0.0.0:8080"),
        ("VESTIBULE_PUBLIC_URL", "https://accounts.example.org"),
    ])
    .unwrap();
    assert_eq!(config.public_url.origin(), "https://accounts.example.org");
    assert_eq!(
        config.mail_from.email.to_string(),
        "vestibule@accounts.example.org"
    );
    let published = load(&[
        ("VESTIBULE_LISTEN", "0.0.0.0:8080"),
        ("VESTIBULE_PUBLIC_URL", "http://localhost:8080"),
    ]);
    assert!(
        published.is_ok(),
        "a container that is published on loopback"
    );
}

#[test]
fn a_free_port_is_taken_over_into_the_default_public_url() {
    let got: SocketAddr = "127.0.0.1:45678".parse().unwrap();
    let mut config = load(&[("VESTIBULE_LISTEN", "127.0.0.1:0")]).unwrap();
    config.bound_to(got);
    assert_eq!(config.listen, got);
    assert_eq!(config.public_url.origin(), "http://127.0.0.1:45678");

    let given = [
        ("VESTIBULE_LISTEN", "127.0.0.1:0"),
        ("VESTIBULE_PUBLIC_URL", "https://example.org"),
    ];
    let mut config = load(&given).unwrap();
    config.bound_to(got);
    assert_eq!(config.public_url.origin(), "https://example.org");
}
