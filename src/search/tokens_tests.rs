use super::*;

fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().map(|token| token.text.as_str()).collect()
}

fn words(text: &str) -> String {
    texts(&tokens(text).words).join(" ")
}

fn parts(text: &str) -> String {
    texts(&tokens(text).parts).join(" ")
}

#[test]
fn words_are_folded_and_punctuation_parts_them() {
    for (text, expected) in [
        ("Grüße aus Łódź!", "grusse aus lodz"),
        ("Съешь ещё", "съешь еще"),
        ("Ο ΛΌΓΟΣ", "ο λογοσ"),
        ("don't l’homme пʼять", "don t l homme п ять"),
        ("السَّلامُ عليكم، مــرحبا", "السلام عليكم مرحبا"),
        ("שָׁלוֹם בית־ספר צה\"ל", "שלום בית ספר צה ל"),
        ("हिन्दी में", "हिन्दी में"),
        ("co\u{AD}op C++ foo-bar 1,000.5", "coop c foo bar 1 000 5"),
        ("https://Example.org/a_b?q=1#Ä", "https example org a_b q 1 a"),
        ("ada.l@example.org ~/src/main.rs", "ada l example org src main rs"),
        ("", ""),
        (" -- \u{301}\u{93F} _ ", ""),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn inner_low_lines_belong_to_a_word() {
    assert_eq!(words("foo_bar __init__ _a_ b__c"), "foo_bar init a b__c");
    assert_eq!(words("foo_東京 _東_b_"), "foo 東京 京 東 b");
}

#[test]
fn identifiers_have_parts() {
    for (word, expected) in [
        ("foo_bar", "foo bar"),
        ("fooBar", "foo bar"),
        ("HTTPServer", "http server"),
        ("parseHTTPRequest2_x", "parse http request 2 x"),
        ("utf8", "utf 8"),
        ("ЖукИван", "жук иван"),
        ("straßeÄrger", "strasse arger"),
        ("b__c", "b c"),
        ("Foo FOO foo 42 _a_ Ǆungla", ""),
    ] {
        assert_eq!(parts(word), expected, "{word}");
    }
    assert_eq!(words("fooBar"), "foobar");
}

#[test]
fn scripts_without_spaces_are_cut_into_pairs() {
    for (text, expected) in [
        ("東京都", "東京 京都 都"),
        ("都", "都"),
        ("東京タワー", "東京 京 タワ ワー ー"),
        ("食べる。らーめん", "食 べる る らー ーめ めん ん"),
        ("ｶﾞｷﾞ", "ガギ ギ"),
        ("한국어 말", "한국 국어 어 말"),
        ("กินข้าว", "กิน นข้ ข้า าว ว"),
        ("ทำ", "ทํา า"),
        ("ພາສາ", "ພາ າສ ສາ າ"),
        ("ខ្មែរ", "ខ្មែ មែរ រ"),
        ("ภาษา\u{200B}ไทย", "ภา าษ ษา าไ ไท ทย ย"),
        ("Rust東京2026", "rust 東京 京 2026"),
        ("㍿", "株式 式会 会社 社"),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn each_emoji_is_a_token() {
    assert_eq!(words("👍🏽👍 ok❤\u{FE0F}🇩🇪🇫🇷"), "👍🏽 👍 ok ❤ 🇩🇪 🇫🇷");
    assert_eq!(words("👩\u{200D}💻1\u{FE0F}\u{20E3}#\u{FE0F}\u{20E3}"), "👩\u{200D}💻 1\u{20E3} ＃\u{20E3}");
    assert_eq!(words("東🗼京"), "東 🗼 京");
    assert_eq!(words("❤\u{FE0F}\u{200D}🔥"), "❤\u{200D}🔥");
}

#[test]
fn tokens_know_where_they_come_from() {
    let text = "Äb HTTPServer 東京👍🏽½";
    let origins = |tokens: Vec<Token>| tokens.into_iter().map(|token| &text[token.range]).collect::<Vec<_>>();
    assert_eq!(origins(tokens(text).words), ["Äb", "HTTPServer", "東京", "京", "👍🏽", "½", "½"]);
    assert_eq!(origins(tokens(text).parts), ["HTTP", "Server"]);
}

#[test]
fn long_tokens_are_cut() {
    assert_eq!(words(&"é".repeat(70)), "e".repeat(64));
    let parts = tokens(&format!("{}_{}", "a".repeat(70), "b".repeat(65))).parts;
    assert_eq!(texts(&parts), ["a".repeat(64), "b".repeat(64)]);
    assert!(tokens(&"👩\u{200D}".repeat(70)).words.iter().all(|token| token.text.chars().count() <= 64));
    assert!(tokens(&format!("ก{}", "ิ".repeat(99))).words.iter().all(|token| token.text.chars().count() <= 64));
}

#[test]
fn clusters_are_those_of_unicode() {
    for text in [
        "",
        "a",
        "ab\u{301}c",
        "\u{301}a",
        "x🇩🇪🇫🇷🇩y",
        "👩\u{200D}💻a👍🏽",
        "1\u{FE0F}\u{20E3}2",
        "aกที่ b",
        "\u{600}a",
        "a\n\u{301}",
    ] {
        assert_eq!(clusters(text).collect::<Vec<_>>(), text.grapheme_indices(true).collect::<Vec<_>>(), "{text:?}");
    }
}
