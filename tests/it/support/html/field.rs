//! Reading the fields and buttons of a form from the page.

use scraper::ElementRef;

use super::{collapsed, select};

/// A field that would be sent; disabled ones and those without a name are left out.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What stands in a field.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `fixed`: nobody can type into it.
    Text { value: String, fixed: bool },
    /// A box or a radio button.
    Tick {
        value: String,
        on: bool,
        radio: bool,
    },
    /// Each option with whether it is chosen.
    Choice {
        options: Vec<(String, bool)>,
        several: bool,
    },
    /// An empty name: none was picked.
    File {
        name: String,
        content_type: String,
        content: Vec<u8>,
    },
}

/// A button that submits.
#[derive(Clone, Debug)]
pub(super) struct Button {
    /// What it shows, and its `aria-label`.
    pub(super) labels: Vec<String>,
    /// What it adds to the fields.
    pub(super) pair: Option<(String, String)>,
    /// Where it sends the form instead.
    pub(super) action: Option<String>,
    /// How it sends the form instead.
    pub(super) method: Option<&'static str>,
}

impl Kind {
    pub(super) fn read(element: ElementRef<'_>) -> Option<Self> {
        let value = || element.attr("value").map(str::to_owned);
        Some(
            match (
                element.value().name(),
                element.attr("type").unwrap_or("text"),
            ) {
                ("textarea", _) => Self::Text {
                    value: element.text().collect(),
                    fixed: element.attr("readonly").is_some(),
                },
                ("select", _) => Self::choice(element),
                ("input", "reset" | "button" | "image") => return None,
                ("input", kind @ ("checkbox" | "radio")) => Self::Tick {
                    value: value().unwrap_or_else(|| "on".to_owned()),
                    on: element.attr("checked").is_some(),
                    radio: kind == "radio",
                },
                ("input", "file") => Self::File {
                    name: String::new(),
                    content_type: "application/octet-stream".to_owned(),
                    content: Vec::new(),
                },
                ("input", kind) => Self::Text {
                    // Browsers take line ends out of one-line fields, but not out of hidden ones.
                    value: match kind {
                        "hidden" => value().unwrap_or_default(),
                        _ => value().unwrap_or_default().replace(['\r', '\n'], ""),
                    },
                    fixed: kind == "hidden" || element.attr("readonly").is_some(),
                },
                _ => return None,
            },
        )
    }

    fn choice(list: ElementRef<'_>) -> Self {
        let several = list.attr("multiple").is_some();
        let mut options: Vec<(String, bool)> = select(list, "option:not([disabled])")
            .into_iter()
            .map(|option| {
                let value = option
                    .attr("value")
                    .map_or_else(|| collapsed(option), str::to_owned);
                (value, option.attr("selected").is_some())
            })
            .collect();
        if !several {
            // Of several selected options the last one counts; without any the first is chosen.
            let chosen = options.iter().rposition(|(_, on)| *on).unwrap_or(0);
            for (index, (_, on)) in options.iter_mut().enumerate() {
                *on = index == chosen;
            }
        }
        Self::Choice { options, several }
    }
}

impl Button {
    pub(super) fn read(element: ElementRef<'_>) -> Option<Self> {
        let mut labels = match (element.value().name(), element.attr("type")) {
            ("button", None | Some("submit")) => vec![collapsed(element)],
            ("input", Some("submit")) => vec![element.attr("value").unwrap_or("Submit").to_owned()],
            _ => return None,
        };
        labels.extend(element.attr("aria-label").map(str::to_owned));
        let value = element.attr("value").unwrap_or_default();
        Some(Self {
            labels,
            pair: element
                .attr("name")
                .map(|name| (name.to_owned(), value.to_owned())),
            action: element.attr("formaction").map(str::to_owned),
            method: element
                .attr("formmethod")
                .map(|written| method(Some(written))),
        })
    }
}

/// The method of a form: all that is not `post` is a GET.
pub(super) fn method(written: Option<&str>) -> &'static str {
    if written.is_some_and(|method| method.eq_ignore_ascii_case("post")) {
        "POST"
    } else {
        "GET"
    }
}

/// Whether the element is the form's: named by its `form` attribute, or inside it.
pub(super) fn owned(element: ElementRef<'_>, form: ElementRef<'_>) -> bool {
    match element.attr("form") {
        Some(id) => form.attr("id") == Some(id),
        None => {
            let around = element
                .ancestors()
                .filter_map(ElementRef::wrap)
                .find(|above| above.value().name() == "form");
            around.is_some_and(|around| around.id() == form.id())
        }
    }
}

/// Whether the element or a field set around it is disabled; the first legend of a disabled set is not.
pub(super) fn disabled(element: ElementRef<'_>) -> bool {
    let mut below = element;
    for above in element.ancestors().filter_map(ElementRef::wrap) {
        if above.value().name() == "fieldset" && above.attr("disabled").is_some() {
            let legend = above
                .child_elements()
                .find(|child| child.value().name() == "legend");
            if legend.is_none_or(|legend| legend.id() != below.id()) {
                return true;
            }
        }
        below = above;
    }
    element.attr("disabled").is_some()
}
