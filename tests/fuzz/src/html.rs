//! A strict reader of HTML. What natter writes is far simpler than what browsers accept: whatever needs a browser's
//! tolerance is an error.

/// Elements without an end.
const VOID: [&str; 3] = ["br", "hr", "img"];

/// An element, and its attributes with their values as they are written, escaped. One without a value has an empty one.
#[derive(Debug)]
pub struct Element<'a> {
    pub name: &'a str,
    pub attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Element<'a> {
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// All elements, in the order of their starts.
///
/// # Errors
/// The place that is not strict: a tag that is not closed or closed twice, a special character in a text or a value, an
/// attribute without quotes or that stands twice.
pub fn elements(html: &str) -> Result<Vec<Element<'_>>, String> {
    let (mut elements, mut open, mut rest) = (Vec::new(), Vec::new(), html);
    loop {
        let Some((text, from_tag)) = rest.split_once('<') else {
            check_text(rest)?;
            return if open.is_empty() { Ok(elements) } else { Err(format!("not closed: {open:?}")) };
        };
        check_text(text)?;
        let (tag, after) = from_tag.split_once('>').ok_or_else(|| format!("a tag without an end: {from_tag}"))?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let element = element(tag)?;
        if !VOID.contains(&element.name) {
            open.push(element.name);
        }
        elements.push(element);
    }
}

fn element(tag: &str) -> Result<Element<'_>, String> {
    let (name, mut rest) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
    if !is_name(name) {
        return Err(format!("<{tag}> has no name"));
    }
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (name, after) = attribute.split_at(attribute.find([' ', '=']).unwrap_or(attribute.len()));
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').ok_or_else(|| format!("<{tag}> has an open quote"))?,
            None => ("", after),
        };
        check_text(value)?;
        if !is_name(name) || attributes.iter().any(|(known, _)| *known == name) {
            return Err(format!("<{tag}> has a wrong or repeated attribute {name:?}"));
        }
        attributes.push((name, value));
        rest = after;
    }
    if rest.is_empty() { Ok(Element { name, attributes }) } else { Err(format!("<{tag}> ends with {rest:?}")) }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// In a text and in a value, what HTML has a use for is escaped.
fn check_text(text: &str) -> Result<(), String> {
    let is_escape = |after: &str| {
        after.split_once(';').is_some_and(|(name, _)| {
            let number = name.strip_prefix('#');
            ["amp", "lt", "gt", "quot"].contains(&name)
                || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    if text.contains(['<', '>', '"']) || text.split('&').skip(1).any(|after| !is_escape(after)) {
        return Err(format!("not escaped: {text:?}"));
    }
    Ok(())
}

/// A value as a browser has it.
pub fn unescaped(value: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&"), ("&amp;", "&")]
        .into_iter()
        .fold(value.to_owned(), |value, (escape, character)| value.replace(escape, character))
}
