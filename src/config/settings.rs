//! Every setting, once.

/// One setting. Its environment variable is `VESTIBULE_` and the name; its key in the file is the
/// name in lower case.
#[derive(Debug)]
pub struct Setting {
    /// The name in upper case, without the prefix.
    pub name: &'static str,
    /// What holds when it is not given.
    pub default: SettingDefault,
    /// What it is for, in one sentence.
    pub purpose: &'static str,
    /// Whether its value can hold a password, which is then masked wherever it is shown.
    pub secret: bool,
}

/// What holds when a setting is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingDefault {
    /// This value.
    Value(&'static str),
    /// A value that follows from another setting, in words.
    Derived(&'static str),
    /// Nothing: what it switches on is off.
    Unset,
}

/// All settings, in the order in which they are printed.
pub static SETTINGS: [Setting; 15] = [
    Setting {
        name: "LISTEN",
        default: SettingDefault::Value("127.0.0.1:8080"),
        purpose: "The address to listen on; port 0 picks a free one.",
        secret: false,
    },
    Setting {
        name: "PUBLIC_URL",
        default: SettingDefault::Derived("http://<listen address>, on loopback only"),
        purpose: "The address that people open; every link is built from it.",
        secret: false,
    },
    Setting {
        name: "DATABASE_URL",
        default: SettingDefault::Value("sqlite:data/vestibule.db"),
        purpose: "The database: sqlite:PATH or postgres://….",
        secret: true,
    },
    Setting {
        name: "SMTP_URL",
        default: SettingDefault::Unset,
        purpose: "The mail server: smtp://, smtp+starttls:// or smtps://. Unset: mails wait.",
        secret: true,
    },
    Setting {
        name: "SMTP_CA_FILE",
        default: SettingDefault::Unset,
        purpose: "A PEM file with the authority that signed the mail server's certificate.",
        secret: false,
    },
    Setting {
        name: "MAIL_FROM",
        default: SettingDefault::Derived("Vestibule <vestibule@host of the public URL>"),
        purpose: "The sender of all mails: Name <address>.",
        secret: false,
    },
    Setting {
        name: "SMS_URL",
        default: SettingDefault::Unset,
        purpose: "The gateway that takes text messages over HTTP. Unset: they wait.",
        secret: true,
    },
    Setting {
        name: "SMS_TEMPLATE",
        default: SettingDefault::Value(r#"{"to": "{to}", "text": "{text}"}"#),
        purpose: "The JSON document that the gateway gets for each message.",
        secret: false,
    },
    Setting {
        name: "SMS_HEADERS",
        default: SettingDefault::Unset,
        purpose: "Headers for the gateway: Name: value; Name: value.",
        secret: true,
    },
    Setting {
        name: "SECRET_KEY_FILE",
        default: SettingDefault::Derived(
            "secret.key beside the database, data/secret.key on PostgreSQL",
        ),
        purpose: "The master key for encrypted columns and cookies; made when missing.",
        secret: false,
    },
    Setting {
        name: "TRUSTED_PROXIES",
        default: SettingDefault::Unset,
        purpose: "Addresses and networks whose X-Forwarded-For counts, with commas between.",
        secret: false,
    },
    Setting {
        name: "METRICS_LISTEN",
        default: SettingDefault::Unset,
        purpose: "A second address that serves /metrics without a key.",
        secret: false,
    },
    Setting {
        name: "JOBS",
        default: SettingDefault::Value("on"),
        purpose: "on or off: whether this process does background work.",
        secret: false,
    },
    Setting {
        name: "LOG",
        default: SettingDefault::Value("info"),
        purpose: "What is logged: error, warn, info, debug, trace, or a filter by module.",
        secret: false,
    },
    Setting {
        name: "LOG_FORMAT",
        default: SettingDefault::Value("text"),
        purpose: "text or json.",
        secret: false,
    },
];

impl Setting {
    /// The setting called `name`, in upper case and without the prefix.
    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The setting whose name is most like `name`.
    pub(super) fn nearest(name: &str) -> &'static Self {
        SETTINGS
            .iter()
            .min_by_key(|setting| distance(setting.name, name))
            .expect("there are settings")
    }
}

/// How many letters must be put in, left out or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        for (a, b, letters) in [
            ("", "", 0),
            ("", "abc", 3),
            ("LISTEN", "LISTEN", 0),
            ("LISTEN", "LITSEN", 2),
            ("JOBS", "JOB", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), letters, "{a} {b}");
            assert_eq!(distance(b, a), letters, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        for (typed, meant) in [
            ("PUBLIC_URI", "PUBLIC_URL"),
            ("DB_URL", "SMS_URL"),
            ("DATABASE", "DATABASE_URL"),
            ("LOGFORMAT", "LOG_FORMAT"),
        ] {
            assert_eq!(Setting::nearest(typed).name, meant);
        }
    }

    #[test]
    fn names_are_unique_and_purposes_are_sentences() {
        for setting in &SETTINGS {
            let found = Setting::find(setting.name).unwrap();
            assert!(std::ptr::eq(found, setting), "{}", setting.name);
            assert!(setting.purpose.ends_with('.'), "{}", setting.name);
        }
    }
}
