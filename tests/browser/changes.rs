//! Edits and deletions by scripts, as an open page shows them.

use super::support::Natter;

#[tokio::test]
async fn an_open_page_shows_changes_in_place() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.list().await[0], "Robot: number 11", "the last 50");
    natter.edit(&robot, 12, "twelve").await;
    ann.sees("Robot: twelve").await;
    natter.delete(&robot, 11).await;
    natter.edit(&robot, 60, "sixty").await;
    ann.sees("Robot: sixty").await;
    // a message that is not loaded yet
    natter.edit(&robot, 1, "one").await;
    natter.delete(&robot, 2).await;
    natter.post(&robot, "the end").await;
    ann.sees("Robot: the end").await;
    let expected = ["twelve".to_owned()]
        .into_iter()
        .chain((13..60).map(|n| format!("number {n}")))
        .chain(["sixty", "the end"].map(str::to_owned));
    let expected: Vec<String> = expected.map(|text| format!("Robot: {text}")).collect();
    let shown = ann.list().await;
    let shown: Vec<&String> = shown.iter().filter(|text| text.starts_with("Robot: ")).collect();
    assert_eq!(shown, expected.iter().collect::<Vec<_>>());
    // paging brings the others, as they are now
    let _: bool =
        ann.runs("const it = document.querySelector('#scroller'); it.scrollTop = -it.scrollHeight; return true").await;
    ann.sees("Robot: one").await;
    assert_eq!(ann.list().await[..3], ["Robot: one", "Robot: number 3", "Robot: number 4"]);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_change_keeps_the_focus_and_the_selection() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "hello").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "half a sentence").await;
    let select = "
        window.row = document.querySelector('#messages .message');
        document.querySelector('#message').setSelectionRange(2, 4);
        return true;";
    let _: bool = ann.runs(select).await;
    natter.edit(&robot, seq, "edited").await;
    natter.react(&robot, seq, "👍").await;
    ann.finds("[data-emoji='👍']").await;
    ann.sees("Robot: edited").await;
    let kept = "
        const box = document.activeElement;
        return [box.id, box.selectionStart, box.selectionEnd, window.row === document.querySelector('#messages .message')].join()";
    assert_eq!(ann.runs::<String>(kept).await, "message,2,4,true");

    // what is focused inside a row stays, and so does a selection in a part that is equal
    let patch = "
        const list = document.createElement('ul');
        const row = (text, count) => `<li><b>Ada: </b><span>${text} <a href='#'>a link</a></span> <time>1:00</time>` +
            `<ul><li data-emoji='1'>1</li>${count ? `<li data-emoji='2'><a href='#x'>${count}</a></li>` : ''}</ul></li>`;
        const make = (html) => Object.assign(document.createElement('template'), { innerHTML: html }).content.firstChild;
        list.innerHTML = row('one', 1);
        document.body.append(list);
        const [shown] = list.children, link = shown.querySelector('[data-emoji] a');
        link.focus();
        getSelection().selectAllChildren(shown.querySelector('b'));
        natter.rows.patch(shown, make(row('two', 2)));
        const kept = [document.activeElement === link, link.textContent, getSelection().toString(), shown.textContent];
        natter.rows.patch(shown, make(row('three', 0)));
        kept.push(shown.outerHTML === make(row('three', 0)).outerHTML);
        list.remove();
        return kept.join('|');";
    assert_eq!(ann.runs::<String>(patch).await, "true|2|Ada: |Ada: two a link 1:0012|true");
    ann.closes_browser(&[]).await;
}
