//! Logging a browser in from another site: its user would go on under an account that is not theirs.

use crate::support::{Natter, Page, password_of};
use reqwest::Method;

/// Headers of a form or a link on another page.
const FOREIGN: [&[(&str, &str)]; 5] = [
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("referer", "https://evil.example/")],
];

#[tokio::test]
async fn a_form_of_another_site_neither_logs_in_nor_out() {
    let natter = Natter::unlimited().await;
    let (ada, eve) = (natter.browse_as("ada").await, natter.register("eve").await);
    let before = ada.cookies();
    let link = ada.submit("/admin/users/eve/link", &[]).await.is(200).attribute("#link", "value");
    let secret = link.split("token=").nth(1).unwrap();
    let password = password_of("eve");
    let forms: [(&str, &[(&str, &str)]); 5] = [
        ("/login", &[("userID", "eve"), ("password", &password)]),
        ("/switch", &[("jwt", eve.token())]),
        ("/login/link", &[("token", secret)]),
        ("/signup", &[("userID", "mallory"), ("name", "M"), ("email", "m@example.org"), ("password", "a long secret")]),
        ("/logout", &[]),
    ];
    for (path, form) in forms {
        for headers in FOREIGN {
            for browser in [&ada, &natter.browser()] {
                let request = browser.request(Method::POST, path).form(form);
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                let page = Page::of(request.send().await.unwrap()).await;
                assert_eq!(page.status, 403, "{path} {headers:?}: {}", page.html);
                assert!(!page.headers.contains_key("set-cookie"), "{path} {headers:?}");
            }
        }
    }
    assert_eq!(ada.cookies(), before);
    assert_eq!(ada.visit("/account").await.text("h1 + p"), "ada");
    // what the forms had was valid
    natter.browser().submit("/login/link", &[("token", secret)]).await.leads_to("/login/password");
}

#[tokio::test]
async fn a_link_with_a_token_changes_no_session_without_a_question() {
    let natter = Natter::unlimited().await;
    let (ada, eve) = (natter.browse_as("ada").await, natter.register("eve").await);
    ada.visit("/account").await.is(200);
    let link = format!("/?jwt={}", eve.token());
    for headers in
        FOREIGN.into_iter().chain([&[][..], &[("sec-fetch-site", "none")], &[("sec-fetch-site", "same-origin")]])
    {
        let page = ada.follow_link(&link, headers).await.is(200);
        assert_eq!(page.text("h1"), "Switch account?", "{headers:?}");
        assert!(!page.headers.contains_key("set-cookie"), "{headers:?}");
        assert_eq!(ada.visit("/account").await.text("h1 + p"), "ada", "{headers:?}");
    }
    for headers in FOREIGN {
        let nobody = natter.browser();
        let page = nobody.follow_link(&link, headers).await.is(200);
        assert_eq!(page.text("h1"), "Continue as Eve?", "{headers:?}");
        assert!(!page.headers.contains_key("set-cookie") && !nobody.is_signed_in().await, "{headers:?}");
    }
}

#[tokio::test]
async fn a_preview_of_a_login_link_uses_it_not_up() {
    let natter = Natter::unlimited().await;
    let ada = natter.browse_as("ada").await;
    natter.register("eve").await;
    let link = ada.submit("/admin/users/eve/link", &[]).await.is(200).attribute("#link", "value");
    let path = &link[link.find("/login/link").unwrap()..];
    for headers in FOREIGN {
        let page = natter.browser().follow_link(path, headers).await.is(200);
        assert!(!page.headers.contains_key("set-cookie"));
    }
    let secret = path.split("token=").nth(1).unwrap();
    natter.browser().submit("/login/link", &[("token", secret)]).await.leads_to("/login/password");
}
