//! The messages in natter's HTML.

/// What a message's fragment says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    pub seq: u64,
    pub rev: u64,
}

/// The fragments of messages and of the log's notices in a frame or a page, in their order.
pub fn messages(html: &[u8]) -> impl Iterator<Item = Fragment> {
    memchr::memmem::find_iter(html, b"<li ").filter_map(|start| {
        let tag = &html[start..];
        // a `>` in a value is escaped
        let tag = &tag[..memchr::memchr(b'>', tag)?];
        if memchr::memmem::find(tag, b" data-unread=").is_some() {
            return None; // a room of the sidebar
        }
        // until issue 11 the id held the `seq`
        let seq = number(tag, b" data-seq=\"").or_else(|| number(tag, b" id=\"m"))?;
        Some(Fragment { seq, rev: number(tag, b" data-rev=\"")? })
    })
}

/// The number after `name`, which is the beginning of an attribute.
fn number(tag: &[u8], name: &[u8]) -> Option<u64> {
    let value = &tag[memchr::memmem::find(tag, name)? + name.len()..];
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number, digit| Some(number.unwrap_or(0) * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_both_forms_and_whatever_the_order_of_their_attributes() {
        let html = r#"<li id="m12" data-rev="40" class="message"><b>Ann: </b><span>1 &lt; 2</span></li>
            <li id="m13" data-rev="41" hidden></li>
            <li class="message" data-room="lobby" data-seq="14" data-rev="43" data-text-rev="42"><ul><li class="x">a</li></ul></li>
            <li data-rev="44" data-room="7" hidden data-seq="15" data-deleted></li>
            <li class="user-connect-or-disconnect" data-room="lobby" data-kind="entered">Ann entered</li>
            <li data-room="lobby" data-rev="47" data-seq="16" data-unread="2"></li>
            <li data-seq="" data-rev="1"></li><li data-seq="16""#;
        let found: Vec<_> = messages(html.as_bytes()).map(|Fragment { seq, rev }| (seq, rev)).collect();
        assert_eq!(found, [(12, 40), (13, 41), (14, 43), (15, 44)]);
    }
}
