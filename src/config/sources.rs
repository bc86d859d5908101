//! Where the values come from: the environment, then the file, then the defaults.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use toml::Value;

use super::ConfigError;
use super::settings::{Setting, SettingDefault};

const PREFIX: &str = "VESTIBULE_";
/// The variable that names the file. It is no setting: a file cannot name another one.
const FILE: &str = "CONFIG";
/// Variables that container platforms and our own tests put there.
const PASSED_OVER: [&str; 3] = ["PORT", "SERVICE_", "TEST_"];

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was not given.
    Default,
    /// The file that `VESTIBULE_CONFIG` names.
    File,
    /// An environment variable.
    Environment,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
        })
    }
}

/// The values that were given, as text.
#[derive(Default)]
pub(super) struct Values {
    given: HashMap<&'static str, (String, Source)>,
}

impl Values {
    /// Collects `VESTIBULE_*` of `env` and, below it, the file that it names. Empty values count as
    /// not given, because compose files pass unset variables on as empty ones.
    pub(super) fn collect(
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut environment = Vec::new();
        let mut values = Self {
            given: HashMap::new(),
        };
        for (variable, value) in env {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            if value.is_empty() || PASSED_OVER.iter().any(|start| name.starts_with(start)) {
                continue;
            }
            if name == FILE {
                values.read_file(Path::new(&value))?;
            } else if let Some(setting) = Setting::find(name) {
                environment.push((setting, value));
            } else {
                let nearest = Setting::nearest(name).name;
                return Err(unknown(&variable, &format!("{PREFIX}{nearest}")));
            }
        }
        for (setting, value) in environment {
            values
                .given
                .insert(setting.name, (value, Source::Environment));
        }
        Ok(values)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let problem = |problem: String| ConfigError::new(&format!("{PREFIX}{FILE}"), problem);
        let text = std::fs::read_to_string(path)
            .map_err(|error| problem(format!("cannot read {}: {error}", path.display())))?;
        // The parser's own message quotes the line, which may hold a password.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = &text[..error.span().map_or(0, |span| span.start)];
            let line = before.matches('\n').count() + 1;
            let message = error.message();
            problem(format!("{} line {line}: {message}", path.display()))
        })?;
        for (key, value) in table {
            let known = Setting::find(&key.to_uppercase()).filter(|_| key == key.to_lowercase());
            let Some(setting) = known else {
                let nearest = Setting::nearest(&key.to_uppercase()).name.to_lowercase();
                return Err(unknown(&format!("{key} in {}", path.display()), &nearest));
            };
            let value = text_of(setting, value)
                .map_err(|wanted| ConfigError::new(&key, format!("in the file, {wanted}")))?;
            if !value.is_empty() {
                self.given.insert(setting.name, (value, Source::File));
            }
        }
        Ok(())
    }

    /// The value of the setting called `name`, or its default. `None` when it has neither.
    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        let setting = Setting::find(name).expect("callers name settings of the table");
        match (self.given.get(name), setting.default) {
            (Some((value, _)), _) => Some(value),
            (None, SettingDefault::Value(value)) => Some(value),
            (None, SettingDefault::Derived(_) | SettingDefault::Unset) => None,
        }
    }

    /// Reads a setting with `parse`, whose error says what to write instead.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.get(name)
            .map(parse)
            .transpose()
            .map_err(|problem| self.error(name, problem))
    }

    /// An error of the setting called `name`, under the name by which it was given.
    pub(super) fn error(&self, name: &'static str, problem: String) -> ConfigError {
        match self.given.get(name) {
            Some((_, Source::File)) => ConfigError::new(&name.to_lowercase(), problem),
            _ => ConfigError::new(&format!("{PREFIX}{name}"), problem),
        }
    }

    /// Where each value that was given came from.
    pub(super) fn into_sources(self) -> HashMap<&'static str, Source> {
        self.given
            .into_iter()
            .map(|(name, (_, source))| (name, source))
            .collect()
    }
}

/// A value of the file as the text that the environment would hold.
fn text_of(setting: &Setting, value: Value) -> Result<String, &'static str> {
    match (setting.name, value) {
        (_, Value::String(text)) => Ok(text),
        ("JOBS", Value::Boolean(on)) => Ok(if on { "on" } else { "off" }.to_owned()),
        ("TRUSTED_PROXIES", Value::Array(list)) => list
            .iter()
            .map(|one| one.as_str().ok_or("write every address in quotes"))
            .collect::<Result<Vec<_>, _>>()
            .map(|list| list.join(",")),
        _ => Err("write the value in quotes"),
    }
}

fn unknown(given: &str, nearest: &str) -> ConfigError {
    ConfigError::new(
        given,
        format!("there is no such setting; the nearest is {nearest}"),
    )
}
