//! Group 6: text that is UTF-8, and text that is not.

use super::case::{
    CONTINUATION, Case, FIN, INVALID_PAYLOAD, Reply, TEXT, case, fragments, message, ping, pong, posted, run, text,
};
use crate::support::frame;

const MIXED: &str = "Hello-µ@ßöäüàá-UTF-8!!";
const GREEK: &str = "κ\u{1F79}σμε";

/// The sequences of 6.5 to 6.21 in hexadecimal: the group, the number of the first one, whether they are UTF-8.
const SEQUENCES: [(u8, usize, bool, &str); 18] = [
    (5, 1, true, "24 c2a2 e282ac f0a4ada2 cebae1bdb9cf83cebcceb5"),
    (7, 1, true, "00 c280 e0a080 f0908080"),
    (8, 1, false, "f888808080 fc8480808080"),
    (9, 1, true, "7f dfbf efbfbf f48fbfbf"),
    (10, 1, false, "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
    (11, 1, true, "ed9fbf ee8080 efbfbd f48fbfbf"),
    (11, 5, false, "f4908080"),
    (12, 1, false, "80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf"),
    (14, 1, false, "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"),
    (15, 1, false, "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"),
    (16, 1, false, "fe ff fefeffff"),
    (17, 1, false, "c0af e080af f08080af f8808080af fc80808080af"),
    (18, 1, false, "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
    (19, 1, false, "c080 e08080 f0808080 f880808080 fc8080808080"),
    (20, 1, false, "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
    (21, 1, false, "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf"),
    (21, 5, false, "edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf"),
    (23, 1, true, "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf"),
];

#[tokio::test]
async fn texts_across_fragments() {
    let bytewise = |number, text| case(number, fragments(TEXT, message(number, text).as_bytes(), 1), [posted(text)]);
    let json = message("6.2.2", MIXED);
    let (first, second) = json.split_at(json.find('ü').unwrap());
    let at_a_character = [frame(TEXT, first.as_bytes()), frame(FIN | CONTINUATION, second.as_bytes())];
    let between_empty = |middle| [frame(TEXT, b""), frame(CONTINUATION, middle), frame(FIN | CONTINUATION, b"")];

    let surrogate = [GREEK.as_bytes(), b"\xED\xA0\x80edited"].concat();
    let too_high = [GREEK.as_bytes(), b"\xF4\x90\x80\x80edited"].concat();
    // the pong shows that the first fragment is accepted; the last one is not needed to fail
    let fails_at_once = |number, first: &[u8], second: &[u8]| {
        case(number, [frame(TEXT, first), ping(b"A")], [pong(b"A")])
            .then([frame(CONTINUATION, second)], [INVALID_PAYLOAD])
    };
    // "non-strict" in Autobahn's words: the text of a frame is validated when all of the frame is there
    let fails_at_the_end = |number, first: usize, second: usize| {
        let frame = text(&too_high);
        let (header, payload) = frame.split_at(frame.len() - too_high.len());
        let chops = [[header, &payload[..first]].concat(), payload[first..second].into(), payload[second..].into()];
        case(number, chops, [INVALID_PAYLOAD]).in_frames()
    };
    run([
        case("6.1.1", [text("")], [Reply::Refused]),
        case("6.1.2", between_empty(b""), [Reply::Refused]),
        case("6.1.3", between_empty(message("6.1.3", "middle").as_bytes()), [posted("middle")]),
        case("6.2.1", [text(message("6.2.1", MIXED))], [posted(MIXED)]),
        case("6.2.2", at_a_character, [posted(MIXED)]),
        bytewise("6.2.3", MIXED),
        bytewise("6.2.4", GREEK),
        case("6.3.1", [text(&surrogate)], [INVALID_PAYLOAD]),
        case("6.3.2", fragments(TEXT, &surrogate, 1), [INVALID_PAYLOAD]),
        fails_at_once("6.4.1", &too_high[..11], &too_high[11..15]),
        fails_at_once("6.4.2", &too_high[..12], &too_high[12..13]),
        fails_at_the_end("6.4.3", 11, 15),
        fails_at_the_end("6.4.4", 12, 13),
    ])
    .await;
}

/// A text that is sent as it is, or, if it is UTF-8, within a message.
fn sequence(number: &str, bytes: &[u8], is_valid: bool) -> Case {
    if !is_valid {
        return case(number, [text(bytes)], [INVALID_PAYLOAD]);
    }
    let sent = format!("a{}z", str::from_utf8(bytes).unwrap());
    // natter does not store control characters, and JSON has no NUL
    let stored: String = sent.chars().filter(|character| !character.is_control()).collect();
    let reply = if bytes == b"\0" { Reply::Refused } else { Reply::Posted(stored) };
    case(number, [text(message(number, &sent))], [reply])
}

#[tokio::test]
async fn sequences_of_bytes() {
    let mut cases = Vec::new();
    for (group, first, is_valid, sequences) in SEQUENCES {
        for (n, bytes) in (first..).zip(sequences.split(' ')) {
            cases.push(sequence(&format!("6.{group}.{n}"), &hex::decode(bytes).unwrap(), is_valid));
        }
    }
    for n in 1..=GREEK.len() {
        cases.push(sequence(&format!("6.6.{n}"), &GREEK.as_bytes()[..n], [2, 5, 7, 9, 11].contains(&n)));
    }
    let continuations: Vec<u8> = (0x80..0xBF).collect();
    cases.push(sequence("6.12.8", &continuations, false));
    for (n, starts) in (1..).zip([0xC0..0xDF, 0xE0..0xEF, 0xF0..0xF7, 0xF8..0xFB, 0xFC..0xFD]) {
        let bytes: Vec<u8> = starts.flat_map(|start| [start, b' ']).collect();
        cases.push(sequence(&format!("6.13.{n}"), &bytes, false));
    }
    // the last two characters of each plane
    let noncharacters = (0..=16).flat_map(|plane| [plane << 16 | 0xFFFE, plane << 16 | 0xFFFF]);
    for (n, character) in (1..).zip(noncharacters) {
        let character = char::from_u32(character).unwrap().to_string();
        cases.push(sequence(&format!("6.22.{n}"), character.as_bytes(), true));
    }
    run(cases).await;
}
