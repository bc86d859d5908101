//! The languages beside English: what they say is said of the same things, and whatever an invited person reads is
//! there.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;
use vestibule::error::Code;
use vestibule::routes::routes;
use vestibule::text::Text;

use super::sources::{exists, files, names, none, read, rust};
use super::texts::{asked_in_templates, is_key};

/// What the templates of the pages and mails of invited people are.
const TEMPLATES: [&str; 11] = [
    "error.html",
    "frame/above.html",
    "frame/below.html",
    "invites/ended.html",
    "invites/landing.html",
    "mail/code/body.html",
    "mail/code/body.txt",
    "mail/invite/body.html",
    "mail/invite/body.txt",
    "mail/invite_approved/body.html",
    "mail/invite_approved/body.txt",
];

/// Where code names their texts.
const SOURCES: [&str; 6] = [
    "src/codes/",
    "src/invites/acceptance/",
    "src/invites/mail.rs",
    "src/text/",
    "src/web/error_page.rs",
    "src/web/form_errors.rs",
];

/// Where the faults are found of what they enter.
const FAULTS: [&str; 5] = [
    "src/invites/acceptance/",
    "src/schemas/form.rs",
    "src/schemas/model.rs",
    "src/sign_in/password.rs",
    "src/users/model.rs",
];

/// The fields of their form, in whose words a fault may be told.
const FIELDS: [&str; 5] = [
    "display-name",
    "email",
    "code",
    "password",
    "terms-accepted",
];

/// Texts that those places name and invited people do not read.
const FOR_OTHERS: [&str; 7] = [
    // read by whoever made the invite
    "mail-asked-",
    "mail-waiting-",
    // on the page behind an acceptance, which is in the language of the site
    "landing-accepted",
    "landing-welcome",
    // faults of schemas
    "field-not-a-schema",
    "field-not-a-word",
    "field-not-json",
];

/// What may go wrong for them beside what the description of the API names.
const CODES: [Code; 7] = [
    Code::InvalidInput,
    Code::MethodNotAllowed,
    Code::NotFound,
    Code::RequestTimeout,
    Code::TooLarge,
    Code::UnsupportedMediaType,
    Code::WrongState,
];

fn others() -> impl Iterator<Item = Text> {
    Text::all().filter(|text| *text != Text::ENGLISH)
}

/// What a text is made of beside its words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    variables: BTreeSet<String>,
    markup: BTreeSet<String>,
}

impl Parts {
    fn of(pattern: &Pattern<&str>) -> Self {
        let mut flat = String::new();
        let mut parts = Self::default();
        parts.add(pattern, &mut flat);
        for rest in flat.split('<').skip(1) {
            let tag = rest.split('>').next().unwrap();
            parts.markup.insert(tag.to_owned());
        }
        parts
    }

    fn add(&mut self, pattern: &Pattern<&str>, flat: &mut String) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => flat.push_str(value),
                PatternElement::Placeable { expression } => self.placed(expression, flat),
            }
        }
    }

    fn placed(&mut self, expression: &Expression<&str>, flat: &mut String) {
        match expression {
            Expression::Inline(inline) => self.inline(inline, flat),
            Expression::Select { selector, variants } => {
                self.inline(selector, &mut String::new());
                variants
                    .iter()
                    .for_each(|variant| self.add(&variant.value, flat));
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>, flat: &mut String) {
        match inline {
            InlineExpression::VariableReference { id } => {
                flat.push_str(id.name);
                self.variables.insert(id.name.to_owned());
            }
            InlineExpression::Placeable { expression } => self.placed(expression, flat),
            _ => {}
        }
    }
}

/// The texts of a file by their keys.
fn texts(path: &str) -> BTreeMap<String, Parts> {
    let source = read(path);
    let resource = parse(source.as_str()).unwrap_or_else(|(_, why)| panic!("{path}: {why:?}"));
    let mut texts = BTreeMap::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else {
            continue;
        };
        let id = message.id.name;
        if let Some(pattern) = &message.value {
            texts.insert(id.to_owned(), Parts::of(pattern));
        }
        for attribute in &message.attributes {
            let key = format!("{id}.{}", attribute.id.name);
            texts.insert(key, Parts::of(&attribute.value));
        }
    }
    texts
}

#[test]
fn every_folder_of_texts_is_a_language_with_all_its_files() {
    let known = Vec::from_iter(Text::all().map(|text| text.lang().to_owned()));
    let mut sorted = known.clone();
    sorted.sort();
    assert_eq!(names("locales"), sorted);
    for text in Text::all() {
        let folder = format!("locales/{}", text.lang());
        let read = files(&folder, &[".ftl"]).into_iter();
        let stand: usize = read.map(|file| texts(&file.path).len()).sum();
        assert_eq!(text.keys().len(), stand, "a file of {folder} is not listed");
        // Else it would be called by the name of another one.
        assert!(text.has("web-language"), "{folder} has no name");
    }
}

#[test]
fn every_text_says_in_its_language_what_it_says_in_english() {
    let mut wrong = Vec::new();
    for text in others() {
        for file in names(&format!("locales/{}", text.lang())) {
            let (own, english) = (
                format!("locales/{}/{file}", text.lang()),
                format!("locales/en/{file}"),
            );
            assert!(exists(&english), "{own} is no file of English");
            let english = texts(&english);
            for (key, parts) in texts(&own) {
                match english.get(&key) {
                    None => wrong.push(format!("{own}: {key} is no text of that English file")),
                    Some(other) if *other == parts => {}
                    Some(other) => {
                        wrong.push(format!("{own}: {key} has {parts:?}, English {other:?}"));
                    }
                }
            }
        }
    }
    none("texts that are not those of English", &wrong);
}

/// A template, taken apart: its macros by name, and the rest under the empty one.
struct Template {
    pieces: BTreeMap<String, String>,
    /// The files of the macros by the names under which they are imported.
    imports: BTreeMap<String, String>,
    extends: Option<String>,
}

impl Template {
    fn read(path: &str) -> Self {
        let text = without_comments(&read(&format!("templates/{path}")));
        let (mut pieces, mut rest) = (BTreeMap::new(), String::new());
        let mut macros = text.split("{%- macro ");
        rest.push_str(macros.next().unwrap());
        for part in macros {
            let (name, part) = part.split_once('(').unwrap();
            let (own, after) = part.split_once("endmacro").unwrap();
            pieces.insert(name.to_owned(), own.to_owned());
            rest.push_str(after);
        }
        pieces.insert(String::new(), rest);
        let quoted = |start: &str| {
            let found = text.split(start).skip(1);
            let found = found.map(|rest| rest.split_once('"').unwrap());
            Vec::from_iter(found.map(|(file, rest)| (file.to_owned(), rest.to_owned())))
        };
        let imports = quoted("import \"").into_iter().map(|(file, rest)| {
            let name = rest.strip_prefix(" as ").unwrap();
            let end = name.find([' ', '-']).unwrap();
            (name[..end].to_owned(), file)
        });
        Self {
            imports: imports.collect(),
            extends: quoted("extends \"")
                .into_iter()
                .map(|(file, _)| file)
                .next(),
            pieces,
        }
    }

    /// The pieces that a piece calls, each with its file: a macro of this one, or `name::macro`.
    fn called(&self, path: &str, piece: &str) -> Vec<(String, String)> {
        let mut called = Vec::new();
        for (at, _) in piece.match_indices('(') {
            let before = &piece[..at];
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
            let start = before.rfind(word).map_or(0, |before| before + 1);
            let name = &before[start..];
            match name.split_once("::") {
                Some((import, name)) if self.imports.contains_key(import) => {
                    called.push((self.imports[import].clone(), name.to_owned()));
                }
                None if self.pieces.contains_key(name) && !name.is_empty() => {
                    called.push((path.to_owned(), name.to_owned()));
                }
                _ => {}
            }
        }
        called
    }
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("{#");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        kept.push_str(part.split_once("#}").unwrap().1);
    }
    kept
}

/// The texts that templates ask for, with those of what they extend and call.
fn asked_by_templates() -> BTreeSet<String> {
    let mut templates: BTreeMap<String, Template> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut open = Vec::from(TEMPLATES.map(|path| (path.to_owned(), String::new())));
    let mut keys = BTreeSet::new();
    while let Some((path, name)) = open.pop() {
        if !seen.insert((path.clone(), name.clone())) {
            continue;
        }
        let template = templates
            .entry(path.clone())
            .or_insert_with(|| Template::read(&path));
        let piece = template.pieces.get(&name);
        let piece = piece.unwrap_or_else(|| panic!("{path} has no macro {name}"));
        keys.extend(asked_in_templates(piece).map(str::to_owned));
        open.extend(template.called(&path, piece));
        if name.is_empty() {
            open.extend(
                template
                    .extends
                    .iter()
                    .map(|file| (file.clone(), name.clone())),
            );
        }
    }
    keys
}

/// Every text that an invited person may come to read.
fn read_by_the_invited() -> BTreeSet<String> {
    let english = BTreeSet::from_iter(Text::ENGLISH.keys());
    let mut wanted = asked_by_templates();
    for key in [
        "web-skip",
        "web-password-show",
        "field-code-hint",
        "mail-frame-copy",
    ] {
        assert!(
            wanted.contains(key),
            "the templates were not followed to {key}"
        );
    }
    // The page of each end is found by its code.
    wanted.extend(
        english
            .iter()
            .filter(|key| key.starts_with("landing-"))
            .cloned(),
    );
    for source in rust("src") {
        let is_in = |places: &[&str]| places.iter().any(|place| source.path.starts_with(place));
        if is_in(&SOURCES) {
            let named = source.literals.iter().filter(|word| is_key(word));
            wanted.extend(named.filter(|word| english.contains(*word)).cloned());
        }
        if is_in(&FAULTS) {
            for word in &source.literals {
                let key = format!("field-{}", word.replace('_', "-"));
                wanted.extend(FIELDS.map(|field| format!("{key}-{field}")));
                wanted.insert(key);
            }
        }
    }
    let described = routes()
        .into_iter()
        .filter(|route| route.path == "/self-service/invite");
    let described = described
        .filter_map(|route| route.doc)
        .flat_map(|doc| doc.codes);
    let codes = BTreeSet::from_iter(described.copied().chain(CODES));
    assert!(codes.len() > CODES.len() + 10, "{codes:?}");
    let mut kinds = BTreeSet::from(["csrf".to_owned(), "csrf-kept".to_owned()]);
    for code in codes {
        wanted.insert(format!("problem-{}", code.as_str().replace('_', "-")));
        kinds.insert(code.status().to_string());
    }
    for kind in kinds {
        wanted
            .extend(["title", "detail", "next", "link"].map(|part| format!("error-{kind}-{part}")));
    }
    let for_others = |key: &String| FOR_OTHERS.iter().any(|start| key.starts_with(start));
    wanted.retain(|key| english.contains(key) && !for_others(key));
    wanted
}

#[test]
fn whatever_an_invited_person_reads_is_there_in_every_language() {
    let wanted = read_by_the_invited();
    for key in [
        "field-required-display-name",
        "field-password-too-short",
        "landing-invite-full.title",
        "mail-invite-subject",
        "problem-code-invalid",
        "sms-code",
        "time-in-days",
        "web-too-many-tries",
    ] {
        assert!(wanted.contains(key), "{key} was not found to be read");
    }
    for text in others() {
        let own = BTreeSet::from_iter(text.keys());
        let missing = Vec::from_iter(wanted.difference(&own).cloned());
        none(&format!("texts that {} lacks", text.lang()), &missing);
    }
}
