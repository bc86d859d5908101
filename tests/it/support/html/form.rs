//! A form: its fields with what stands in them, and what a browser sends when it is submitted.

use scraper::{ElementRef, Html};

use super::field::{Button, Field, Kind, disabled, method, owned};
use super::{percent_encode, select};

/// The line between the parts of a form that carries a file.
const BOUNDARY: &str = "----the-next-part-of-the-form";

/// A form as served, to be filled in and sent.
#[derive(Clone, Debug)]
pub struct Form {
    target: Target,
    multipart: bool,
    fields: Vec<Field>,
    buttons: Vec<Button>,
}

#[derive(Clone, Debug)]
struct Target {
    method: &'static str,
    action: String,
}

/// What a browser sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The form's action as written, with the fields as its query on a GET.
    pub action: String,
    /// The content type of the body; empty on a GET.
    pub content_type: String,
    /// The body; empty on a GET.
    pub body: Vec<u8>,
}

impl Submission {
    /// The body of a form without a file.
    pub fn body_text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Form {
    pub(super) fn read(page: &Html, form: ElementRef<'_>) -> Self {
        let mut read = Self {
            target: Target {
                method: method(form.attr("method")),
                action: form.attr("action").unwrap_or_default().to_owned(),
            },
            multipart: form.attr("enctype") == Some("multipart/form-data"),
            fields: Vec::new(),
            buttons: Vec::new(),
        };
        for element in select(page.root_element(), "input, select, textarea, button") {
            if !owned(element, form) || disabled(element) {
                continue;
            }
            if let Some(button) = Button::read(element) {
                read.buttons.push(button);
            } else if let (Some(name), Some(kind)) = (element.attr("name"), Kind::read(element)) {
                read.fields.push(Field {
                    name: name.to_owned(),
                    kind,
                });
            }
        }
        read
    }

    /// Enters a value: types it, chooses the option or the radio button that has it, or ticks the box that has it.
    /// Fails the test when the form has no such field, no such choice, or a person could not change it.
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let form = self.clone();
        let mut chosen = 0;
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            match &mut field.kind {
                Kind::Text { fixed: true, .. } => {
                    panic!("nobody can type into {name:?} of {form:?}")
                }
                Kind::Text { value: old, .. } => {
                    value.clone_into(old);
                    chosen += 1;
                }
                Kind::Tick {
                    value: own,
                    on,
                    radio,
                } => {
                    *on = own == value || (*on && !*radio);
                    chosen += usize::from(own == value);
                }
                Kind::Choice { options, several } => {
                    for (own, on) in options {
                        *on = own == value || (*on && *several);
                        chosen += usize::from(own == value);
                    }
                }
                Kind::File { .. } => panic!("{name:?} takes a file: use `attach`"),
            }
        }
        assert!(
            chosen == 1,
            "{chosen} fields or choices {name:?} = {value:?} in {form:?}"
        );
        self
    }

    /// Ticks the one box of this name, whatever its value.
    pub fn tick(self, name: &str) -> Self {
        let boxes = self.fields.iter().filter_map(|field| match &field.kind {
            Kind::Tick {
                value,
                radio: false,
                ..
            } if field.name == name => Some(value.clone()),
            _ => None,
        });
        let values: Vec<String> = boxes.collect();
        assert!(
            values.len() == 1,
            "{} boxes {name:?} in {self:?}",
            values.len()
        );
        self.fill(name, &values[0])
    }

    /// Unticks every box of this name and unchooses every option of a list that allows several.
    pub fn clear(mut self, name: &str) -> Self {
        let mut cleared = false;
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            match &mut field.kind {
                Kind::Tick {
                    on, radio: false, ..
                } => *on = false,
                Kind::Choice {
                    options,
                    several: true,
                } => options.iter_mut().for_each(|(_, on)| *on = false),
                _ => continue,
            }
            cleared = true;
        }
        assert!(cleared, "nothing to clear named {name:?} in {self:?}");
        self
    }

    /// Picks a file for a field that takes one.
    pub fn attach(mut self, name: &str, file: &str, kind: &str, bytes: &[u8]) -> Self {
        let picked = Kind::File {
            name: file.to_owned(),
            content_type: kind.to_owned(),
            content: bytes.to_vec(),
        };
        let is_it =
            |field: &&mut Field| field.name == name && matches!(field.kind, Kind::File { .. });
        match self.fields.iter_mut().find(is_it) {
            Some(field) => field.kind = picked,
            None => panic!("no file field {name:?} in {self:?}"),
        }
        self
    }

    /// Sends this value in place of the field, whether or not a person could: what a forger does.
    pub fn forge(self, name: &str, value: &str) -> Self {
        let mut forged = self.without(name);
        let kind = Kind::Text {
            value: value.to_owned(),
            fixed: true,
        };
        forged.fields.push(Field {
            name: name.to_owned(),
            kind,
        });
        forged
    }

    /// Leaves the field out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self
    }

    /// What would be sent under this name, in order.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.pairs()
            .into_iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// The one value that would be sent under this name. Fails the test unless there is exactly one.
    pub fn value(&self, name: &str) -> String {
        match self.values(name).as_slice() {
            [value] => value.clone(),
            values => panic!("{} values {name:?} in {self:?}", values.len()),
        }
    }

    /// Submits as the Enter key does: with the first button.
    pub fn submit(self) -> Submission {
        let Some(button) = self.buttons.first().cloned() else {
            panic!("no button in {self:?}")
        };
        self.send(button)
    }

    /// Presses the button that shows this text (or has it as its `aria-label`). Fails the test unless there is exactly one.
    pub fn press(self, label: &str) -> Submission {
        self.press_the(|button| button.labels.iter().any(|own| own == label), label)
    }

    /// Presses the button with this name and value. Fails the test unless there is exactly one.
    pub fn press_named(self, name: &str, value: &str) -> Submission {
        let wanted = Some((name.to_owned(), value.to_owned()));
        self.press_the(|button| button.pair == wanted, &format!("{name}={value}"))
    }

    fn press_the(self, fits: impl Fn(&Button) -> bool, what: &str) -> Submission {
        let mut fitting: Vec<Button> = self
            .buttons
            .iter()
            .filter(|button| fits(button))
            .cloned()
            .collect();
        assert!(
            fitting.len() == 1,
            "{} buttons {what:?} in {self:?}",
            fitting.len()
        );
        self.send(fitting.remove(0))
    }

    fn send(self, button: Button) -> Submission {
        let method = button.method.unwrap_or(self.target.method);
        let action = button.action.unwrap_or_else(|| self.target.action.clone());
        if method == "POST" && self.multipart {
            let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
            return Submission {
                method,
                action,
                content_type,
                body: self.parts(button.pair),
            };
        }
        let pairs: Vec<String> = self
            .pairs()
            .into_iter()
            .chain(button.pair)
            .map(|(name, value)| format!("{}={}", percent_encode(&name), percent_encode(&value)))
            .collect();
        let encoded = pairs.join("&");
        if method == "POST" {
            let content_type = "application/x-www-form-urlencoded".to_owned();
            return Submission {
                method,
                action,
                content_type,
                body: encoded.into_bytes(),
            };
        }
        let path = action.split(['?', '#']).next().unwrap_or_default();
        Submission {
            method,
            action: format!("{path}?{encoded}"),
            content_type: String::new(),
            body: Vec::new(),
        }
    }

    /// The fields as pairs of text; a file is its name.
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for Field { name, kind } in &self.fields {
            match kind {
                Kind::Text { value, .. } => pairs.push((name.clone(), lines_sent(value))),
                Kind::Tick {
                    value, on: true, ..
                } => pairs.push((name.clone(), value.clone())),
                Kind::Tick { .. } => {}
                Kind::Choice { options, .. } => {
                    let chosen = options.iter().filter(|(_, on)| *on);
                    pairs.extend(chosen.map(|(value, _)| (name.clone(), value.clone())));
                }
                Kind::File { name: file, .. } => pairs.push((name.clone(), file.clone())),
            }
        }
        pairs
    }

    /// The body of RFC 7578.
    fn parts(&self, button: Option<(String, String)>) -> Vec<u8> {
        let mut body = Vec::new();
        let is_file = |field: &&Field| matches!(field.kind, Kind::File { .. });
        let texts = Self {
            fields: self
                .fields
                .iter()
                .filter(|field| !is_file(field))
                .cloned()
                .collect(),
            ..self.clone()
        };
        for (name, value) in texts.pairs().into_iter().chain(button) {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
                quoted(&name)
            );
            body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
        }
        for field in &self.fields {
            if let Kind::File {
                name,
                content_type,
                content,
            } = &field.kind
            {
                let head = format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {content_type}\r\n\r\n",
                    quoted(&field.name),
                    quoted(name),
                );
                body.extend([head.as_bytes(), content, b"\r\n"].concat());
            }
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        body
    }
}

/// Lines go out ending in CRLF, however they were entered.
fn lines_sent(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n")
}

fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
