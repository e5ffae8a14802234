//! Violations of the WebSocket protocol (RFC 6455) are answered with a Close frame.

use crate::support::{Natter, RawConnection, frame};

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

const PROTOCOL_ERROR: u16 = 1002;
const INVALID_PAYLOAD: u16 = 1007;
const TOO_BIG: u16 = 1009;

#[tokio::test]
async fn an_invalid_frame_is_answered_with_a_close_frame() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let close = |code: u16, reason: &[u8]| frame(FIN | CLOSE, &[&code.to_be_bytes()[..], reason].concat());
    let half = vec![b'x'; 40_000];
    for (what, bytes, code) in [
        ("text that is not UTF-8", frame(FIN | TEXT, b"\xff\xfe"), INVALID_PAYLOAD),
        (
            "text whose parts are not UTF-8 together",
            [frame(TEXT, b"\xe2\x82"), frame(FIN | CONTINUATION, b"A")].concat(),
            INVALID_PAYLOAD,
        ),
        ("text that ends inside a character", frame(FIN | TEXT, b"\xe2\x82"), INVALID_PAYLOAD),
        ("an unmasked frame", vec![FIN | TEXT, 2, b'h', b'i'], PROTOCOL_ERROR),
        ("reserved bits", frame(FIN | 0x40 | TEXT, b"hi"), PROTOCOL_ERROR),
        ("a reserved data opcode", frame(FIN | 0x3, b"hi"), PROTOCOL_ERROR),
        ("a reserved control opcode", frame(FIN | 0xB, b"hi"), PROTOCOL_ERROR),
        ("a control frame in parts", frame(PING, b"hi"), PROTOCOL_ERROR),
        ("a control frame of 126 bytes", frame(FIN | PING, &[0; 126]), PROTOCOL_ERROR),
        ("a continuation without a beginning", frame(FIN | CONTINUATION, b"hi"), PROTOCOL_ERROR),
        ("a message inside a message", [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat(), PROTOCOL_ERROR),
        ("a Close frame of one byte", frame(FIN | CLOSE, &[3]), PROTOCOL_ERROR),
        ("a Close frame with a code that no peer may send", close(1005, b""), PROTOCOL_ERROR),
        ("a Close frame with a code out of range", close(999, b""), PROTOCOL_ERROR),
        ("a Close frame with an unassigned code", close(2000, b""), PROTOCOL_ERROR),
        ("a Close frame whose reason is not UTF-8", close(1000, b"\xff"), INVALID_PAYLOAD),
        ("a frame that is too large", frame(FIN | TEXT, &vec![b'x'; 1 << 20]), TOO_BIG),
        (
            "two frames that are too large together",
            [frame(TEXT, &half), frame(FIN | CONTINUATION, &half)].concat(),
            TOO_BIG,
        ),
    ] {
        println!("{what}");
        let mut socket = RawConnection::websocket(&ada, "").await;
        // more data after the frame, which the server must not read
        socket.send(&[bytes, frame(FIN | TEXT, &vec![b'x'; 10_000])].concat()).await;
        assert_eq!(socket.close_code().await, code, "{what}");
    }
}

#[tokio::test]
async fn a_close_frame_is_answered_with_the_same_code() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    for code in [1000, 1001, 3000, 4999_u16] {
        let mut socket = RawConnection::websocket(&ada, "").await;
        socket.send(&frame(FIN | CLOSE, &code.to_be_bytes())).await;
        assert_eq!(socket.close_code().await, code);
    }
}
