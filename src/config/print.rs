//! The effective configuration, for `vestibule config`.

use super::{Config, LogFormat, SETTINGS};

impl Config {
    /// One line a setting, `VESTIBULE_NAME=value  # source`, with passwords masked.
    pub fn print(&self) -> String {
        SETTINGS
            .iter()
            .map(|setting| {
                let name = setting.name;
                format!(
                    "VESTIBULE_{name}={}  # {}\n",
                    self.shown(name),
                    self.source(name)
                )
            })
            .collect()
    }

    /// The value of one setting as text; nothing when it is not set.
    fn shown(&self, name: &str) -> String {
        match name {
            "LISTEN" => self.listen.to_string(),
            "PUBLIC_URL" => self.public_url.to_string(),
            "DATABASE_URL" => self.database.to_string(),
            "SMTP_URL" => text(self.smtp.as_ref()),
            "SMTP_CA_FILE" => text(self.smtp_ca_file.as_ref().map(|path| path.display())),
            "MAIL_FROM" => match &self.mail_from.name {
                Some(name) => format!("{name} <{}>", self.mail_from.email),
                None => self.mail_from.email.to_string(),
            },
            "SMS_URL" => text(self.sms.as_ref()),
            "SMS_TEMPLATE" => self.sms_template.to_string(),
            "SMS_HEADERS" => self.sms_headers.to_string(),
            "SECRET_KEY_FILE" => self.secret_key_file.display().to_string(),
            "TRUSTED_PROXIES" => self.trusted_proxies.to_string(),
            "METRICS_LISTEN" => text(self.metrics_listen),
            "JOBS" => if self.jobs { "on" } else { "off" }.to_owned(),
            "LOG" => self.log.clone(),
            "LOG_FORMAT" => match self.log_format {
                LogFormat::Text => "text".to_owned(),
                LogFormat::Json => "json".to_owned(),
            },
            name => unreachable!("{name} is a setting that nobody prints"),
        }
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
