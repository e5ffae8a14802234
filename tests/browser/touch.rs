//! A touch screen.

use serde_json::json;

use super::support::{Natter, Person};

/// Touches the text of a row for this time, in milliseconds.
async fn touches(ann: &Person, seq: u64, pause: u64) {
    let at: (f64, f64) = ann
        .runs(&format!(
            "const row = document.querySelector('#messages > [data-seq=\"{seq}\"]');
            row.scrollIntoView({{ block: 'center' }});
            const {{ left, top }} = row.querySelector('.text').getBoundingClientRect();
            return [left + 20, top + 8]"
        ))
        .await;
    let begin = json!({ "type": "touchStart", "touchPoints": [{ "x": at.0, "y": at.1 }] });
    ann.commands("Input.dispatchTouchEvent", begin).await;
    tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
    ann.commands("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
}

#[tokio::test]
async fn a_long_press_and_the_sign_of_a_row_open_its_menu() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let (first, second) = (natter.post(&robot, "the first").await, natter.post(&robot, "the second").await);
    let ann = natter.person("Ann").await;
    let screen = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    ann.commands("Emulation.setDeviceMetricsOverride", screen).await;
    ann.commands("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 1 })).await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    let is_open = "document.querySelector('#row-menu:popover-open')";
    touches(&ann, first, 100).await;
    assert!(!ann.runs::<bool>(&format!("return !!{is_open}")).await, "a short touch");
    touches(&ann, first, 900).await;
    ann.holds("the menu", is_open).await;
    ann.holds("of this row", &format!("document.querySelector('#row-menu .row-page').href.endsWith('/{first}')")).await;
    ann.runs::<()>("document.querySelector('#row-menu').hidePopover()").await;
    let sign = format!("document.querySelector(`#messages > [data-seq='{second}'] > .at`).click()");
    ann.runs::<()>(&sign).await;
    ann.holds("the menu", is_open).await;
    ann.holds("of this row", &format!("document.querySelector('#row-menu .row-page').href.endsWith('/{second}')"))
        .await;
    // what one touches is large enough
    let small = "return [...document.querySelectorAll('a, button, input, summary')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.message, .unseen, .skip'))
        .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, { width, height }]) => width && (width < 44 || height < 44)).map(([html]) => html)";
    assert_eq!(ann.runs::<Vec<String>>(small).await, [""; 0]);
    ann.runs::<()>("document.querySelector('#row-menu').hidePopover()").await;
    ann.finds("#menu").await.click().await.unwrap();
    ann.holds("the drawer", "document.querySelector('#sidebar.is-open')").await;
    assert_eq!(ann.runs::<Vec<String>>(small).await, [""; 0]);
    ann.closes_browser(&[]).await;
}
