//! No text takes long to render.

use std::time::{Duration, Instant};

use super::*;
use crate::domain::Text;

/// Texts that make a careless parser or renderer slow.
fn slow_texts() -> Vec<String> {
    let repeated = [
        ">",
        "[",
        "*",
        "`",
        "|",
        "![",
        "- ",
        "* *",
        "_a ",
        "*a_ ",
        "**a *b ",
        "a@",
        "@a",
        "www.",
        "http://",
        "<",
        "<a ",
        "<!--",
        "&",
        "\\",
        "[a](",
        "[a][",
        "](",
        "~~",
        "a**",
        ":a",
        "1. ",
        "> - ",
        "\n>",
        "#",
        "\t",
        "- a\n",
        "| a\n",
        "<?",
        "<![CDATA[",
        "`` ` ",
        "[^a",
        "👍",
        "@ada ",
        "\n\n",
        "a\n\n    ",
        "(",
        "www.a ",
        "<a@b>",
        "[]:x\n",
        "a.b@c.d ",
        ")",
        "://a",
    ];
    let repeat = |piece: &&str| piece.repeat(Text::MAX / piece.chars().count());
    let mut texts: Vec<String> = repeated.iter().map(repeat).collect();
    let half = Text::MAX / 2;
    texts.extend([
        format!("{}\n{}\n{}", "|a".repeat(900), "|-".repeat(900), "a\n".repeat(199)),
        format!("{}\n{}\n{}", "|".repeat(1000), "|-".repeat(1000), "a\n".repeat(500)),
        format!("{}{}", "[".repeat(half), "]".repeat(half)),
        format!("{}{}", "*a ".repeat(660), "a* ".repeat(660)),
        format!("{}\n{}", ">".repeat(half), ">\n".repeat(half / 2)),
        format!("{}\n\n[b]: https://a.example/{}", "[b]".repeat(600), "x".repeat(half)),
        (0..80).map(|depth| format!("{}- a\n", " ".repeat(2 * depth % 90))).collect(),
        (1..89).map(|length| format!("{}a", "`".repeat(length))).collect(),
    ]);
    texts
}

#[test]
fn no_text_takes_much_longer_than_usual_ones() {
    let time = |text: &str| {
        let once = || {
            let started = Instant::now();
            let rendered = render(text, &Mentions::default());
            assert!(rendered.html.len() <= 64 * 1024, "{}", &text[..text.len().min(20)]);
            started.elapsed()
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    let usual = time(&"A text with *some* `marks`, a [link](https://example.com) and\n".repeat(64));
    let slowest = slow_texts().into_iter().map(|text| (time(&text), text)).max().unwrap();
    let start: String = slowest.1.chars().take(20).collect();
    println!("usual {usual:?}, slowest {:?}: {start:?}", slowest.0);
    assert!(slowest.0 < 100 * usual.max(Duration::from_millis(1)), "{start:?} took {:?}, usual {usual:?}", slowest.0);
}
