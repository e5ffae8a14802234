//! `mongodb+srv://`: DNS names the hosts and the options, and TLS is on.

use std::{net::Ipv4Addr, time::Duration};

use natter_test_support::until;

use super::{Dns, READ_WRITE, SecuredMongod, dns::Record, refusal::refusal_by};
use crate::support::Natter;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn natter_finds_the_hosts_in_dns_and_refuses_a_name_without_a_record() {
    let server = SecuredMongod::start().await;
    server.add_user("natter", "secret", READ_WRITE).await;
    let dns = Dns::start(vec![
        Record::srv("_mongodb._tcp.db.natter.test", "node.db.natter.test", server.port()),
        Record::txt("db.natter.test", "authSource=admin&replicaSet=rs0"),
        Record::a("node.db.natter.test", Ipv4Addr::LOCALHOST),
        Record::srv("_mongodb._tcp.stray.natter.test", "node.example.org", server.port()),
    ]);
    let ca = server.authority.certificate.display();
    let spawn = |host: &str, dns: &Dns| {
        let url = format!("mongodb+srv://natter:secret@{host}/UsersData?tlsCAFile={ca}");
        Natter::spawn_with_resolver(&url, &dns.resolv_conf())
    };

    let natter = spawn("db.natter.test", &dns);
    let is_ready = async || reqwest::get(natter.url("/readyz")).await.is_ok_and(|response| response.status() == 200);
    until("natter is ready", Duration::from_secs(30), is_ready).await;
    let token = natter.register("ada").await;
    assert_eq!(natter.post(&token, "found").await, 201);
    assert_eq!(natter.log(), "");
    drop(natter);

    let stopped = Dns::stopped();
    let no_record = ["natter: mongodb+srv://absent.natter.test/UsersData cannot be opened", "DNS has no SRV record"];
    tokio::join!(
        refusal_by(spawn("absent.natter.test", &dns), &no_record),
        refusal_by(spawn("stray.natter.test", &dns), &["node.example.org", "does not match domain name natter.test"]),
        waits(spawn("db.natter.test", &stopped)),
    );
}

/// Checks that natter waits, as DNS may start after it.
async fn waits(mut natter: Natter) {
    until("natter reports it", Duration::from_secs(30), async || natter.log().contains("trying again")).await;
    print!("{}", natter.log());
    assert_eq!(natter.log().lines().count(), 1);
    assert_eq!(natter.exit_status(), None);
}
