//! Flags, environment variables and their errors.

use std::process::Output;

use tempfile::tempdir;

use crate::support::{Process, run};

/// Asserts exit code 1, one line on standard error and nothing on standard output; returns the line.
#[track_caller]
fn refusal(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert_eq!(out, "");
    assert_eq!(err.lines().count(), 1, "{err}");
    let line = err.trim_end().strip_prefix("natter: ").expect("the line starts with natter:");
    line.to_owned()
}

#[test]
fn an_invalid_setting_is_refused_with_its_name_and_a_remedy() {
    let here = tempdir().unwrap();
    for (environment, arguments, name, remedy) in [
        (("ACCESS_TOKEN_SECRET", "short"), [].as_slice(), "--access-token-secret", "needs 32"),
        (("NATTER_LISTEN", "7000"), &[], "--listen", "127.0.0.1:7000"),
        (("NATTER_BCRYPT_COST", "3"), &[], "--bcrypt-cost", "4..=16"),
        (("NATTER_SIGNUP", "maybe"), &[], "--signup", "open, closed"),
        (("NATTER_RATE_LIMITS", "some"), &[], "--rate-limits", "on, off"),
        (("NATTER_PUBLIC_URL", "chat.example.org"), &[], "--public-url", "https://chat.example.org"),
        (("NATTER_LOG", "=="), &[], "--log", "invalid"),
        (("A", "B"), &["--message-rate", "0"], "--message-rate", "--help"),
        (("A", "B"), &["--max-connections", "0"], "--max-connections", "1.."),
        (("A", "B"), &["--nonsense"], "--nonsense", "--help"),
        (("A", "B"), &["dance"], "dance", "--help"),
        (("A", "B"), &["--data-dir", "/proc/natter"], "/proc/natter", "--data-dir"),
        (("A", "B"), &["--listen", "192.0.2.1:7000"], "192.0.2.1:7000", "--listen"),
    ] {
        let line = refusal(&run(here.path(), &[environment], arguments));
        assert!(line.contains(name) && line.contains(remedy), "{line}");
        assert!(!line.contains("'short'"), "a secret is not repeated: {line}");
    }
}

#[test]
fn a_url_instead_of_a_directory_is_refused_without_its_password() {
    let here = tempdir().unwrap();
    let url = "mongodb://ada:s3cret@127.0.0.1:1/x";
    for (environment, arguments) in [
        (("NATTER_DATA_DIR", url), vec![]),
        (("NATTER_DATA_DIR", url), vec!["user", "list"]),
        (("A", "B"), vec!["--data-dir", url]),
        (("A", "B"), vec!["user", "list", "--data-dir", url]),
        (("A", "B"), vec!["--data-dir", "mongodb:/ada:s3cret@127.0.0.1"]),
        (("A", "B"), vec!["--data-dir", "postgres://ada:s3cret@127.0.0.1/x"]),
    ] {
        let line = refusal(&run(here.path(), &[environment], &arguments));
        assert!(line.contains("--data-dir") && line.contains("--database"), "{line}");
        assert!(!line.contains("s3cret"), "{line}");
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0, "no file is created");
}

#[test]
fn settings_are_read_from_a_dotenv_file_too() {
    let here = tempdir().unwrap();
    std::fs::write(here.path().join(".env"), "NATTER_SIGNUP=maybe\n").unwrap();
    assert!(refusal(&run(here.path(), &[], &[])).contains("--signup"));
    std::fs::write(here.path().join(".env"), "NATTER SIGNUP\n").unwrap();
    assert!(refusal(&run(here.path(), &[], &[])).contains(".env cannot be read"));
}

#[test]
fn a_directory_and_an_address_are_used_by_one_process() {
    let (here, there) = (tempdir().unwrap(), tempdir().unwrap());
    let first = Process::start(here.path(), &[]);
    let line = refusal(&run(here.path(), &[], &["--listen", "127.0.0.1:0"]));
    assert_eq!(line, "another natter runs on ./data; stop it, or name another directory with --data-dir");
    let address = first.address.to_string();
    let line = refusal(&run(there.path(), &[], &["--listen", &address]));
    assert!(line.contains(&address) && line.contains("--listen"), "{line}");
    first.kill();
    Process::start(here.path(), &[]).kill();
}

#[test]
fn a_secret_file_that_is_too_short_is_refused() {
    let here = tempdir().unwrap();
    std::fs::create_dir(here.path().join("data")).unwrap();
    std::fs::write(here.path().join("data/secret"), "short").unwrap();
    let line = refusal(&run(here.path(), &[], &["--listen", "127.0.0.1:0"]));
    assert!(line.contains("./data/secret has less than 32 bytes; remove it, and a new one is generated"), "{line}");
}

#[test]
fn help_explains_every_setting() {
    let here = tempdir().unwrap();
    let help = run(here.path(), &[], &["--help"]);
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (flag, variable) in [
        ("--listen", "NATTER_LISTEN"),
        ("--data-dir", "NATTER_DATA_DIR"),
        ("--bcrypt-cost", "NATTER_BCRYPT_COST"),
        ("--public-url", "NATTER_PUBLIC_URL"),
        ("--proxies", "NATTER_PROXIES"),
        ("--access-token-secret", "ACCESS_TOKEN_SECRET"),
        ("--signup", "NATTER_SIGNUP"),
        ("--rate-limits", "NATTER_RATE_LIMITS"),
        ("--account-attempts", "NATTER_ACCOUNT_ATTEMPTS"),
        ("--address-attempts", "NATTER_ADDRESS_ATTEMPTS"),
        ("--message-rate", "NATTER_MESSAGE_RATE"),
        ("--max-connections", "NATTER_MAX_CONNECTIONS"),
        ("--address-connections", "NATTER_ADDRESS_CONNECTIONS"),
        ("--user-sockets", "NATTER_USER_SOCKETS"),
        ("--shutdown-delay", "NATTER_SHUTDOWN_DELAY"),
        ("--metrics-token", "NATTER_METRICS_TOKEN"),
        ("--log", "NATTER_LOG"),
        ("--log-format", "NATTER_LOG_FORMAT"),
    ] {
        assert!(help.contains(flag) && help.contains(&format!("[env: {variable}")), "{flag} in {help}");
    }
    let secrets = [
        ("ACCESS_TOKEN_SECRET", "do not show this, whatever happens"),
        ("NATTER_DATA_DIR", "mongodb://ada:whatever happens@h/x"),
    ];
    for secret in secrets {
        let help = String::from_utf8(run(here.path(), &[secret], &["--help"]).stdout).unwrap();
        assert!(help.contains(secret.0) && !help.contains("whatever happens"));
    }
}
