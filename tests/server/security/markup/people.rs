//! People whose name, mail address or device is markup, where a page is about them alone.

use reqwest::Method;
use serde_json::json;

use super::{checker::Read, texts::HOSTILE};
use crate::support::{Browser, Natter, Page, Script, new_user, password_of};

/// The pages on which an admin, and somebody with a link, is told eve's name.
async fn pages_about(natter: &Natter, admin: &Browser, eve: &Script) -> Vec<Page> {
    let switch = admin.visit(&format!("/?jwt={}", eve.token())).await.is(200);
    let go_on = natter.browser().follow_link(&format!("/?jwt={}", eve.token()), &[]).await.is(200);
    let made = admin.submit("/admin/users/eve/link", &[]).await.is(200);
    let link = made.attribute("#link", "value");
    let link = natter.browser().visit(&link[link.find("/login/link").unwrap()..]).await.is(200);
    vec![switch, go_on, link]
}

#[tokio::test]
async fn a_name_that_is_markup_is_text_where_a_login_asks() {
    let natter = Natter::unlimited().await;
    let (admin, eve) = (natter.browse_as("ada").await, natter.register("eve").await);
    let plain = pages_about(&natter, &admin, &eve).await;
    let plain: Vec<Read> = plain.iter().map(|page| Read::of(&page.html)).collect();
    for text in HOSTILE {
        eve.patch("/api/users/eve", json!({ "name": text })).await.is(200);
        for (page, plain) in pages_about(&natter, &admin, &eve).await.iter().zip(&plain) {
            let read = Read::of(&page.html);
            read.is_clean(text);
            read.shows(text, text);
            read.has_the_elements_of(plain, text);
        }
    }
}

#[tokio::test]
async fn a_mail_address_and_a_device_that_are_markup_are_text() {
    let natter = Natter::unlimited().await;
    let admin = natter.browse_as("ada").await;
    let mut accepted = 0;
    for (n, address) in [
        "\"<b>x</b>\"@example.org",
        "\"<img/src=x/onerror=alert(1)>\"@example.org",
        "\"'onfocus='alert(1)\"@example.org",
        "<script>alert(1)</script>@example.org",
        "a@<script>.example.org",
        "`onfocus=`alert{1}@example.org",
        "'onfocus='x@example.org",
    ]
    .into_iter()
    .enumerate()
    {
        let user_id = format!("user{n}");
        let mut user = new_user(&user_id);
        user["email"] = json!(address);
        let answer = natter.script().post("/api/users", user).await;
        assert!([201, 422].contains(&answer.status), "{address}: {}", answer.text);
        if answer.status == 201 {
            accepted += 1;
            let own = natter.browser();
            own.submit("/login", &[("userID", &user_id), ("password", &password_of(&user_id))]).await.is(303);
            let own = own.visit("/account").await;
            let edit = admin.visit(&format!("/admin/users?q={user_id}&edit={user_id}")).await;
            for page in [own, edit] {
                let read = Read::of(&page.is(200).html);
                read.is_clean(address);
                read.shows(address, address);
            }
        }
    }
    assert!(accepted > 0, "a mail address may have such characters");
    for device in HOSTILE {
        let browser = natter.browser();
        browser.log_in("ada").await;
        for path in ["/rooms", "/account"] {
            let request = browser.request(Method::GET, path).header("user-agent", device);
            let page = Page::of(request.send().await.unwrap()).await.is(200);
            Read::of(&page.html).is_clean(device);
        }
    }
}

#[tokio::test]
async fn a_room_whose_name_is_markup_is_text_in_the_audit_list() {
    let natter = Natter::unlimited().await;
    let (admin, eve) = (natter.browse_as("ada").await, natter.register("eve").await);
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    for text in HOSTILE {
        let room = eve.creates("open", text, &[]).await;
        ada.delete(&format!("/api/rooms/{room}")).await.is(204);
    }
    let page = admin.visit("/admin/audit").await.is(200);
    assert_eq!(page.texts("table.audit tbody tr").len(), HOSTILE.len());
    Read::of(&page.html).is_clean("the audit list");
}
