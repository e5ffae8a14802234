//! The admin's user table: access, search, order, pages.

use crate::support::{Browser, Natter, Page, new_user, password_of};

/// The userIDs in the table, in order.
pub fn rows(page: &Page) -> Vec<String> {
    let ids = page.texts("#users tbody tr td:first-child");
    ids.into_iter().map(|id| id.trim_end_matches(" (you)").to_owned()).collect()
}

async fn natter_with_users() -> (Natter, Browser) {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    for (user_id, name, email) in [
        ("bob", "zoe's brother", "b@example.org"),
        ("Cyd", "Cyd Charisse", "d@example.org"),
        ("dan", "dan_100%", "c@example.org"),
    ] {
        let mut user = new_user(user_id);
        (user["name"], user["email"], user["phone"]) = (name.into(), email.into(), "+49 555".into());
        natter.script().post("/api/users", user).await.is(201);
    }
    (natter, ada)
}

#[tokio::test]
async fn the_admin_pages_are_for_admins_only() {
    let (natter, _ada) = natter_with_users().await;
    let bob = natter.browser();
    bob.log_in("bob").await;
    for path in ["/admin/users", "/admin/users?edit=ada"] {
        let page = bob.visit(path).await.is(403);
        assert!(page.text("main").contains("This page is for admins."));
        let redirect = natter.browser().visit(path).await.is(303);
        assert!(redirect.location().starts_with("/login?next=%2Fadmin%2Fusers"), "{}", redirect.location());
    }
    for path in ["/admin/users", "/admin/users/ada", "/admin/users/ada/delete"] {
        bob.submit(path, &[("name", "Mallory"), ("role", "admin")]).await.is(403);
        natter.browser().submit(path, &[("name", "Mallory")]).await.leads_to("/login");
    }
    assert!(bob.visit("/rooms/lobby").await.is(200).texts("nav a[href='/admin/users']").is_empty());
    assert_eq!(natter.register("eve").await.get("/api/users/ada").await.json["name"], "Ada");
}

#[tokio::test]
async fn the_user_table_can_be_searched() {
    let (_natter, ada) = natter_with_users().await;
    let page = ada.visit("/admin/users").await.is(200);
    assert_eq!(rows(&page), ["ada", "bob", "Cyd", "dan"]);
    assert!(page.text("#users .above span").starts_with("4 users"));
    assert_eq!(page.texts("#users tbody tr:first-child td").first().unwrap(), "ada (you)");
    for (q, found) in [
        ("CHAR", vec!["Cyd"]),
        ("b%40example", vec!["bob"]),
        ("555", vec!["bob", "Cyd", "dan"]),
        ("%25", vec!["dan"]),
        ("_", vec!["dan"]),
        ("%27", vec!["bob"]),
        ("+DAN+", vec!["dan"]),
    ] {
        let page = ada.visit(&format!("/admin/users?q={q}")).await.is(200);
        assert_eq!(rows(&page), found, "{q}");
    }
    let page = ada.visit("/admin/users?q=%3Cb%3Enobody").await.is(200);
    assert_eq!(rows(&page), ["No users found"]);
    assert_eq!(page.value_of("q"), "<b>nobody");
}

#[tokio::test]
async fn the_user_table_can_be_sorted_in_both_directions() {
    let (natter, ada) = natter_with_users().await;
    let script = natter.script();
    for (user_id, texts) in [("bob", 3), ("dan", 2), ("Cyd", 1)] {
        let script = script.log_in(user_id, &password_of(user_id)).await;
        for _ in 0..texts {
            script.says("hello").await;
        }
    }
    let page = ada.visit("/admin/users").await;
    for (column, link, up) in [
        (2, "/admin/users?sort=name", ["ada", "Cyd", "dan", "bob"]),
        (3, "/admin/users?sort=email", ["ada", "bob", "dan", "Cyd"]),
        (6, "/admin/users?sort=created", ["ada", "bob", "Cyd", "dan"]),
        (8, "/admin/users?sort=messages", ["ada", "Cyd", "dan", "bob"]),
    ] {
        let heading = format!("th:nth-child({column}) a");
        assert_eq!(page.attribute(&heading, "href"), link);
        let sorted = ada.visit(link).await.is(200);
        assert_eq!(rows(&sorted), up, "{link}");
        assert_eq!(sorted.attribute(&format!("th:nth-child({column})"), "aria-sort"), "ascending");
        let down = ada.visit(&sorted.attribute(&heading, "href")).await.is(200);
        assert_eq!(rows(&down), up.into_iter().rev().collect::<Vec<_>>(), "{link} in descending order");
        assert_eq!(down.attribute(&format!("th:nth-child({column})"), "aria-sort"), "descending");
    }
    assert_eq!(rows(&ada.visit("/admin/users?desc=true").await), ["dan", "Cyd", "bob", "ada"]);
}

#[tokio::test]
async fn pages_of_the_user_table_keep_the_search() {
    let natter = Natter::unlimited().await;
    let ada = natter.browse_as("ada").await;
    for n in 0..55 {
        natter.script().post("/api/users", new_user(&format!("user{n:02}"))).await.is(201);
    }
    let mut page = ada.visit("/admin/users?q=user&sort=userID").await.is(200);
    let mut seen = rows(&page);
    assert!(page.text("#users").contains("55 users found"));
    for number in 2..=3 {
        page = ada.visit(&next(&page).unwrap()).await.is(200);
        assert!(page.text("#users").contains(&format!("Page {number} of 3")));
        seen.extend(rows(&page));
    }
    assert_eq!(next(&page), None);
    assert_eq!(seen, (0..55).map(|n| format!("user{n:02}")).collect::<Vec<_>>());
    let past_the_end = ada.visit("/admin/users?q=user&page=4294967295").await.is(200);
    assert!(past_the_end.text("#users").contains("Page 3 of 3"));
    assert_eq!(rows(&past_the_end), rows(&page));
}

/// The URL of the next page.
fn next(page: &Page) -> Option<String> {
    let last = "#users > p.above:last-child a:last-child";
    (page.texts(last) == ["Next"]).then(|| page.attribute(last, "href"))
}
