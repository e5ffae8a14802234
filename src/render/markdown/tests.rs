use super::*;
use crate::domain::{MentionedUser, UserKey, mention::Everyone};
use uuid::Uuid;

fn html(text: &str) -> String {
    render(text, &Mentions::default()).html
}

/// `ada` has the tag `AAAAAAAAAAE`.
fn mentions() -> Mentions {
    let ada = MentionedUser { key: UserKey(Uuid::from_u64_pair(0, 1)), user_id: "ada".into() };
    Mentions { users: vec![ada], everyone: Some(Everyone::Room) }
}

fn link(address: &str, text: &str) -> String {
    format!(r#"<a href="{address}" rel="noopener nofollow ugc" target="_blank">{text}</a>"#)
}

#[test]
fn a_text_without_marks_is_shown_as_it_is() {
    for text in ["hello", "Is it 9 o'clock? - No (not yet): 50% of #13, e.g. a+b = c / d; wow!", "é → 李白"] {
        let rendered = render(text, &Mentions::default());
        assert_eq!((rendered.html.as_str(), rendered.is_inline), (text, true));
    }
    assert_eq!(html("a \"b\" -> c"), "a &quot;b&quot; -&gt; c");
}

#[test]
fn the_marks_of_githubs_markdown_are_shown() {
    for (text, expected) in [
        ("*a* **b** ~~c~~ `d * <e>`", "<em>a</em> <strong>b</strong> <del>c</del> <code>d * &lt;e&gt;</code>"),
        ("one\ntwo  \nthree", "one<br>\ntwo<br>\nthree"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("> a\n> b", "<blockquote dir=\"auto\">\n<p>a<br>\nb</p></blockquote>"),
        ("- a\n- b\n  - c", "<ul dir=\"auto\">\n<li>a</li>\n<li>b\n<ul dir=\"auto\">\n<li>c</li>\n</ul></li>\n</ul>"),
        ("- a\n\n- b", "<ul dir=\"auto\">\n<li>\n<p>a</p></li>\n<li>\n<p>b</p></li>\n</ul>"),
        ("7. a\n8. b", "<ol dir=\"auto\" start=\"7\">\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("- [ ] a\n- [x] b", "<ul dir=\"auto\">\n<li class=\"task\">☐ a</li>\n<li class=\"task\">☑ b</li>\n</ul>"),
        ("a\n***\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
    let table = "|a|b|c|\n|-|:-:|-:|\n|1|*2*|";
    let expected = "<div class=\"table\" tabindex=\"0\"><table>\n<thead>\n<tr>\n<th>a</th>\n<th class=\"center\">b</th>\n\
         <th class=\"right\">c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td class=\"center\"><em>2</em></td>\n\
         <td class=\"right\"></td>\n</tr>\n</tbody>\n</table></div>";
    assert_eq!(html(table), expected);
}

#[test]
fn headings_are_bold_paragraphs() {
    assert_eq!(html("# a *b*"), "<p class=\"heading\"><strong>a <em>b</em></strong></p>");
    assert_eq!(html("###### a\n\ntext"), "<p class=\"heading\"><strong>a</strong></p>\n<p>text</p>");
}

#[test]
fn code_has_the_class_of_a_language_only() {
    assert_eq!(
        html("```rust ignore\na < b\n\n```"),
        "<pre tabindex=\"0\"><code class=\"language-rust\">a &lt; b\n\n</code></pre>"
    );
    assert_eq!(html("```c++\nx\n```"), "<pre tabindex=\"0\"><code class=\"language-c++\">x\n</code></pre>");
    let long = "x".repeat(33);
    for info in ["a\"onclick=1", "<b>", "../x", "é", "a.b", long.as_str()] {
        assert_eq!(html(&format!("```{info}\nx\n```")), "<pre tabindex=\"0\"><code>x\n</code></pre>", "{info}");
    }
    assert_eq!(html("a\n\n    x"), "<p>a</p>\n<pre tabindex=\"0\"><code>x\n</code></pre>");
}

#[test]
fn typed_html_is_shown_as_text() {
    assert_eq!(html("<b onclick=\"x\">a</b> *c*"), "&lt;b onclick=&quot;x&quot;&gt;a&lt;/b&gt; <em>c</em>");
    assert_eq!(html("<div>\n**a**\n</div>"), "&lt;div&gt;<br>\n**a**<br>\n&lt;/div&gt;");
    assert_eq!(html("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_eq!(html("a &lt;b&gt; <!-- c -->"), "a &lt;b&gt; &lt;!-- c --&gt;");
}

#[test]
fn links_open_in_a_new_tab_and_lead_to_sites_and_mail_addresses_only() {
    let site = link("https://example.com/", "a <em>b</em>");
    assert_eq!(html("[a *b*](https://example.com \"title\")"), site);
    assert_eq!(html("https://example.com/x."), link("https://example.com/x", "https://example.com/x") + ".");
    assert_eq!(html("www.example.com"), link("http://www.example.com/", "www.example.com"));
    assert_eq!(html("ada@example.com"), link("mailto:ada@example.com", "ada@example.com"));
    assert_eq!(html("[](https://example.com)"), link("https://example.com/", "https://example.com"));
    assert_eq!(html("[a https://b.example](https://c.example)"), link("https://c.example/", "a https://b.example"));
    for none in ["javascript:alert(1)", "data:text/html,x", "/rooms/lobby", "#new", "&#106;avascript:x", "ftp://a.b/"] {
        assert_eq!(html(&format!("[a *b*]({none}) c")), "a <em>b</em> c", "{none}");
    }
    assert_eq!(html("<javascript:alert(1)> ftp://a.example"), "javascript:alert(1) ftp://a.example");
}

#[test]
fn an_image_is_a_link() {
    assert_eq!(html("![a cat](https://e.example/a.png)"), link("https://e.example/a.png", "a cat"));
    assert_eq!(html("![](https://e.example/a.png)"), link("https://e.example/a.png", "https://e.example/a.png"));
    assert_eq!(html("[![b](https://c.example)](https://d.example)"), link("https://d.example/", "b"));
    assert_eq!(html("![x](data:image/png;base64,AAAA)"), "x");
}

#[test]
fn shortcodes_are_emoji_except_in_code() {
    assert_eq!(html("ok :tada: `:tada:` :nothing: 10:30:00"), "ok 🎉 <code>:tada:</code> :nothing: 10:30:00");
}

#[test]
fn emoji_alone_are_big() {
    let is_big = |text| render(text, &Mentions::default()).is_emoji;
    assert!(is_big("👍") && is_big(":tada: 👍\n👍"));
    assert!(!is_big("👍 ok") && !is_big("**👍**") && !is_big("> 👍") && !is_big("`👍`"));
}

#[test]
fn mentions_are_marked_except_in_code_and_links() {
    let ada = r#"<span class="mention" data-tag="AAAAAAAAAAE">@ada</span>"#;
    let room = r#"<span class="mention" data-tag="*">@room</span>"#;
    let html = |text| render(text, &mentions()).html;
    assert_eq!(html("@ada **@room** @bob"), format!("{ada} <strong>{room}</strong> @bob"));
    assert_eq!(html("<@ada> `@ada`\n@ada"), format!("&lt;{ada}&gt; <code>@ada</code><br>\n{ada}"));
    assert_eq!(html("<b>\n@ada"), format!("&lt;b&gt;<br>\n{ada}"));
    assert_eq!(html("[@ada](https://a.example)"), link("https://a.example/", "@ada"));
}

#[test]
fn what_the_author_does_begins_with_me() {
    let action = render("/me waves *slowly*", &Mentions::default());
    assert_eq!((action.html.as_str(), action.is_action), ("waves <em>slowly</em>", true));
    for text in ["/me", "/men", "a /me b", "//me a"] {
        assert!(!render(text, &Mentions::default()).is_action, "{text}");
    }
}

#[test]
fn a_text_of_which_nothing_would_be_seen_is_shown_as_it_was_typed() {
    for (text, expected) in [
        ("[a]: https://b.example", "[a]: https://b.example"),
        ("---", "---"),
        ("#", "#"),
        (">\n>", "&gt;<br>\n&gt;"),
        ("```\n```", "```<br>\n```"),
        ("[ ](javascript:x)\u{b}", "javascript:x"),
        ("&#8203;", "&amp;#8203;"),
        ("[a]: https://b.example\n\n\u{2060}", "[a]: https://b.example<br>\n<br>\n\u{2060}"),
        ("[&#8203;](javascript:x)", "\u{200b}javascript:x"),
    ] {
        assert_eq!(html(text).trim(), expected, "{text}");
    }
}

#[test]
fn a_text_that_is_nested_too_deep_or_too_large_is_shown_as_it_was_typed() {
    let quotes = |depth| format!("{}a", "> ".repeat(depth));
    assert!(html(&quotes(16)).starts_with("<blockquote dir=\"auto\">"));
    assert_eq!(html(&quotes(17)), "&gt; ".repeat(17) + "a");
    let table = |columns, rows| {
        let [head, line] = ["|a", "|-"].map(|cell| cell.repeat(columns));
        format!("{head}\n{line}\n{}", "a\n".repeat(rows))
    };
    assert!(html(&"*a* ".repeat(1000)).starts_with("<em>a</em> <em>"));
    assert!(html(&table(10, 100)).starts_with("<div class=\"table\" tabindex=\"0\">"));
    assert!(html(&table(100, 150)).starts_with("|a|a"), "150 KB");
    assert!(html(&table(900, 199)).starts_with("|a|a"), "179,100 cells");
}

#[test]
fn a_preview_is_the_text_without_marks() {
    let plain = |text, max| plain(&html(text), max);
    assert_eq!(plain("**bold** [x](https://y.example)", 100), "bold x");
    assert_eq!(plain("> a\n\n- b `c < d`\n\n|e|f|\n|-|-|", 100), "a b c < d e f");
    assert_eq!(plain("![a cat](https://y.example) &amp; \"x\"", 100), "a cat & \"x\"");
    assert_eq!(plain("a\nb  c", 100), "a b c");
    assert_eq!([plain("abcd", 4), plain("abcde", 4), plain("abc d", 4)], ["abcd", "abcd…", "abc …"]);
}
