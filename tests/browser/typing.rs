//! Who is typing.

use natter_test_support::eventually;

use super::support::{Natter, Person};

async fn says_of_typing(person: &Person, expected: &str) {
    let probe = || async { (person.text("#typing").await == expected).then_some(()) };
    eventually(&format!("{expected:?}"), probe).await;
}

#[tokio::test]
async fn typing_is_shown_until_the_message_or_for_five_seconds() {
    let natter = Natter::start().await;
    let (ann, bob) = (natter.person("Ann").await, natter.person("Bob").await);
    ann.waits_until_connected().await;
    bob.waits_until_connected().await;
    bob.fills("message", "hello").await;
    says_of_typing(&ann, "Bob is typing…").await;
    assert_eq!(bob.text("#typing").await, "", "oneself is not shown");
    bob.says("hello").await;
    ann.sees("Bob: hello").await;
    assert_eq!(ann.text("#typing").await, "", "a message ends it");
    // reported at most every 3 s
    let box_of_bob = bob.finds("#message").await;
    let types = || async {
        box_of_bob.send_keys("a").await.unwrap();
        (ann.text("#typing").await == "Bob is typing…").then_some(())
    };
    eventually("typing again", types).await;
    says_of_typing(&ann, "").await;

    // more than one, as the server reports them
    let report = "for (const name of ['Cyd', 'Dan', 'Eve']) {
        const data = JSON.stringify({ room: 'lobby', typing: { key: name, name } });
        natter.socket.dispatchEvent(new MessageEvent('message', { data }));
        await new Promise((resolve) => setTimeout(resolve, 100));
        (window.lines ??= []).push(document.querySelector('#typing').textContent);
    }";
    let script = format!("(async () => {{ {report} }})(); return true");
    let _: bool = ann.runs(&script).await;
    says_of_typing(&ann, "Several people are typing…").await;
    let said =
        || async { Some(ann.runs::<Vec<String>>("return window.lines ?? []").await).filter(|said| said.len() == 3) };
    let said = eventually("three lines", said).await;
    assert_eq!(said, ["Cyd is typing…", "Cyd and Dan are typing…", "Several people are typing…"]);
    ann.closes_browser(&[]).await;
    bob.closes_browser(&[]).await;
}
