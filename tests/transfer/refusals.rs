//! An impossible command is refused with one line, before anything is written.

use crate::{
    store::{TestDatabase, add},
    support::{Natter, NodeDatabase, address, natter, natter_with},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_import_is_refused() {
    let node = NodeDatabase::written_by_node().await;
    let own = TestDatabase::mongodb().await;
    add(own.open().await.as_ref(), "ada").await;
    let (from, own) = (node.url(), own.url());
    let other = from.replace("127.0.0.1", "localhost");
    let wrong_database = format!("{from}-not");
    for (args, why) in [
        (&["--from", from, "--to", &other][..], "is the Node application's own database; name another"),
        (&["--from", own], "belongs to natter; use natter copy to copy it"),
        (&["--from", &wrong_database], "there are no users in its database"),
        (
            &["--from", "mongodb://127.0.0.1:1"],
            "natter: mongodb://127.0.0.1:1 does not answer; start it, or name another with --from",
        ),
        (&["--from", "localhost:27017"], "use an address like mongodb://localhost:27017"),
        (&["--from", from, "--database", own], "natter's own is given by --to"),
        (&["--from", from, "--database", "a/b"], "use the name of a database, like UsersData"),
        (&["--from", from, "--to", "./data"], "or --data-dir DIR"),
        (&["--from", from, "--to", "mongodb://127.0.0.1:1/x"], "does not answer; start it, or name another with --to"),
        (&["--from", from, "--data-dir", "/proc/natter"], "name another with --data-dir"),
        (&[], "--from <URL>"),
    ] {
        let line = natter(&[&["import"], args].concat()).await.refusal();
        assert!(line.starts_with("natter: ") && line.contains(why), "{args:?}: {line}");
    }
    let help = natter(&["import", "--help"]).await.ok();
    help.says("--database <NAME>");
    help.says("NATTER_DATABASE_URL");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_copy_is_refused() {
    let (full, empty, node) =
        (TestDatabase::embedded(), TestDatabase::embedded(), NodeDatabase::written_by_node().await);
    let full_mongo = TestDatabase::mongodb().await;
    for database in [&full, &full_mongo] {
        let store = database.open().await;
        add(store.as_ref(), "ada").await;
        store.close().await;
    }
    empty.open().await.close().await;
    let (new, other) = (TestDatabase::embedded(), TestDatabase::embedded());
    let running = Natter::start(&other).await;
    let other_mongo = TestDatabase::mongodb().await;
    add(other_mongo.open().await.as_ref(), "ada").await;
    let sharing = Natter::start(&other_mongo).await;
    let file = format!("{}/natter.db", address(&full));
    let cases: Vec<(String, String, &str)> = vec![
        (address(&full), address(&full_mongo), "is not empty (accounts: 1); name an empty target with --to"),
        (address(&full_mongo), address(&full), "is not empty (accounts: 1); name an empty target with --to"),
        (address(&full), address(&full), "--from and --to are the same"),
        (address(&full), address(&other), "; stop it, or name another with --to"),
        (address(&other), address(&new), "; stop it, or name another with --from"),
        (address(&full), address(&other_mongo), "; stop it, or name another with --to"),
        (address(&other_mongo), address(&new), "; stop it, or name another with --from"),
        (address(&empty), address(&new), "there is nothing in"),
        (address(&new), address(&empty), "there is no natter database in"),
        (node.url().to_owned(), address(&new), "there is no natter database in"),
        (address(&full), node.url().to_owned(), "contains users that natter did not write"),
        ("mongodb://127.0.0.1:1/x".into(), address(&new), "does not answer; start it, or name another with --from"),
        (address(&full), "mongodb://127.0.0.1:1/x".into(), "does not answer; start it, or name another with --to"),
        (address(&full), "postgres://localhost".into(), "or a directory like sqlite:./data"),
        (file, address(&new), "name the directory that contains natter.db"),
        (address(&full), "/proc/natter".into(), "name another with --to"),
    ];
    for (from, to, why) in cases {
        let line = natter(&["copy", "--from", &from, "--to", &to]).await.refusal();
        assert!(line.starts_with("natter: ") && line.contains(why), "{from} {to}: {line}");
    }
    running.stop().await;
    sharing.stop().await;
    let TestDatabase::Embedded(dir) = &new else { unreachable!() };
    assert!(!dir.path().join("natter.db").exists(), "a refused copy creates nothing");
    // without a natter that renews it, a lease does not block a copy
    natter(&["copy", "--from", &address(&other_mongo), "--to", &address(&new)]).await.ok().says("accounts       1\n");
}

/// The URL may come from a flag or a variable, and be malformed or used as a directory.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_url_is_shown_without_its_password() {
    let setting = [("NATTER_DATABASE_URL", "mongo://ada:s3cret@h/x")];
    let question = "mongodb://ada:s3c?ret@127.0.0.1:1/x";
    for (environment, args, why) in [
        (&setting[..], &["import", "--from", "mongodb://127.0.0.1:1"][..], "(NATTER_DATABASE_URL sets it too)"),
        (&[], &["import", "--from", question], "the address is malformed"),
        (&[], &["import", "--from", question, "--to", question], "the address is malformed"),
        (&[], &["user", "list", "--database", question], "the address is malformed"),
        (&[], &["copy", "--from", question, "--to", "./data"], "the address is malformed"),
        (&[], &["copy", "--from", "mongodb:/ada:s3cret@h/x", "--to", "./data"], "or a directory like sqlite:./data"),
    ] {
        let line = natter_with(environment, args).await.refusal();
        assert!(!line.contains("s3c") && line.contains(why), "{args:?}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_without_meaning_for_a_copy_are_refused() {
    let copy = ["copy", "--from", "./data", "--to", "./new"];
    for setting in [["--database", "mongodb://h/x"], ["--data-dir", "./data"], ["--bcrypt-cost", "5"]] {
        for args in [[&setting[..], &copy].concat(), [&copy[..], &setting].concat()] {
            let line = natter(&args).await.refusal();
            assert!(line.contains(&format!("{} does not apply to natter copy", setting[0])), "{args:?}: {line}");
        }
    }
    let environment = [("NATTER_DATABASE_URL", "mongodb://h/x"), ("NATTER_DATA_DIR", "./data")];
    assert!(natter_with(&environment, &copy).await.refusal().contains("there is no natter database in ./data"));
}
