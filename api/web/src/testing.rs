//! Forms as a browser sees them: what a page shows in its fields, to be sent back untouched.

pub mod messages;

/// One form of a page.
#[derive(Debug)]
pub struct PageForm {
    pub action: String,
    /// What the browser would send.
    pub fields: Vec<(String, String)>,
    /// What people write into: the name, and the kind of input (`textarea` for a larger one).
    pub typed: Vec<(String, String)>,
}

impl PageForm {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// Every form of `page` that has `action`, or the only one.
pub fn form_of(page: &str, action: &str) -> PageForm {
    let found = forms(page).into_iter().find(|form| form.action == action);
    found.unwrap_or_else(|| panic!("no form for {action} in {page}"))
}

pub fn forms(page: &str) -> Vec<PageForm> {
    page.split("<form ").skip(1).map(|rest| form(rest.split("</form>").next().unwrap_or(rest))).collect()
}

fn form(text: &str) -> PageForm {
    let head = text.split('>').next().unwrap_or("");
    let (mut fields, mut typed) = (Vec::new(), Vec::new());
    for (at, _) in text.match_indices('<') {
        let tag = &text[at + 1..];
        let open = tag.split('>').next().unwrap_or("");
        let body = &tag[open.len().min(tag.len())..];
        let Some(name) = attribute(open, "name") else { continue };
        if open.starts_with("input") {
            let ticks = open.contains("\"checkbox\"") || open.contains("\"radio\"");
            let ticked = !ticks || open.ends_with(" checked");
            let kind = attribute(open, "type").unwrap_or_else(|| "text".into());
            if !ticks && kind != "hidden" {
                typed.push((name.clone(), kind));
            }
            if ticked {
                fields.push((name, attribute(open, "value").unwrap_or_default()));
            }
        } else if open.starts_with("textarea") {
            typed.push((name.clone(), "textarea".into()));
            fields.push((name, unescaped(body[1..].split("</textarea>").next().unwrap_or(""))));
        } else if open.starts_with("select") {
            let options: Vec<&str> =
                body.split("</select>").next().unwrap_or("").split("<option ").skip(1).collect();
            let chosen = options
                .iter()
                .find(|option| option.split('>').next().is_some_and(|tag| tag.ends_with(" selected")));
            if let Some(option) = chosen.or(options.first()) {
                fields.push((
                    name,
                    attribute(option.split('>').next().unwrap_or(""), "value").unwrap_or_default(),
                ));
            }
        }
    }
    PageForm { action: attribute(head, "action").unwrap_or_default(), fields, typed }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag
        .split_once(&format!(" {name}=\""))
        .or_else(|| tag.split_once(&format!("{name}=\"")).filter(|(before, _)| before.is_empty()))?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
