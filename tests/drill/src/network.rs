//! A network of hosts that lose packets.
//!
//! Each host is a network namespace, linked to the others by a bridge in the namespace of this process. A host that is to
//! lose its packets to another gets a wrong hardware address for it: the packets go to nobody, and neither side learns
//! that. All of it ends with this process.

use std::{
    env, fs,
    io::Read,
    net::Ipv4Addr,
    os::unix::{fs::MetadataExt, process::CommandExt},
    process::{Child, Command, Stdio},
};

use natter_test_support::Host;

/// Says that this process has a network namespace of its own.
const INSIDE: &str = "NATTER_DRILL_NETWORK";
/// A hardware address that no host has.
const NOBODY: &str = "02:00:00:00:00:ff";

/// Starts this program again in a network namespace of its own, unless it has one. Nothing outside can be reached from it.
///
/// # Errors
/// The namespace cannot be made.
pub fn enter() -> Result<(), String> {
    if env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let program = env::current_exe().map_err(|why| why.to_string())?;
    let mut command = Command::new("unshare");
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    command.args(if is_root { &["--net", "--"][..] } else { &["--map-root-user", "--net", "--"] });
    command.arg(program).args(env::args_os().skip(1)).env(INSIDE, "yes");
    Err(format!("unshare --net: {}", command.exec()))
}

/// Hosts that can reach each other and this process, unless a link is cut.
pub struct Network {
    pub hosts: Vec<Host>,
    /// Each is a process that has the network namespace of a host. It ends once its standard input closes.
    namespaces: Vec<Child>,
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in &mut self.namespaces {
            drop(namespace.stdin.take());
            let _ = namespace.wait();
        }
        // a namespace ends some time after its processes
        (1..=self.namespaces.len()).for_each(|n| drop(ip(&format!("link delete host{n}"))));
        let _ = ip("link delete bridge");
    }
}

impl Network {
    /// A network of so many hosts. This process has one at a time, and has to have [entered](enter) a namespace.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(hosts: usize) -> Result<Self, String> {
        let mut network = Self { hosts: Vec::new(), namespaces: Vec::new() };
        ip("link set lo up")?;
        ip("link add bridge type bridge")?;
        ip(&format!("address add {}/24 dev bridge", address(0)))?;
        ip("link set bridge up")?;
        for n in 1..=hosts {
            network.add_host(n)?;
        }
        Ok(network)
    }

    fn add_host(&mut self, n: usize) -> Result<(), String> {
        let mut command = Command::new("unshare");
        command.args(["--net", "--", "sh", "-c", "echo; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut namespace = command.spawn().map_err(|why| format!("unshare: {why}"))?;
        let ready = namespace.stdout.take().map(|mut output| output.read_exact(&mut [0]));
        let pid = namespace.id();
        self.namespaces.push(namespace);
        if !matches!(ready, Some(Ok(()))) {
            return Err("unshare --net: no namespace".into());
        }
        ip(&format!("link add host{n} type veth peer name eth0 netns {pid}"))?;
        ip(&format!("link set host{n} master bridge up"))?;
        let host = Host::in_namespace(address(n), pid);
        ip_of(&host, "link set lo up")?;
        ip_of(&host, &format!("address add {}/24 dev eth0", host.address))?;
        ip_of(&host, "link set eth0 up")?;
        self.hosts.push(host);
        Ok(())
    }

    /// From now on what the first host sends to the second is lost.
    ///
    /// # Errors
    /// The system does not let it be.
    pub fn cut(&self, from: usize, to: usize) -> Result<(), String> {
        let to = self.hosts[to].address;
        ip_of(&self.hosts[from], &format!("neighbour replace {to} lladdr {NOBODY} dev eth0 nud permanent"))
    }

    /// Ends all cuts.
    ///
    /// # Errors
    /// The system does not let it be.
    pub fn mend(&self) -> Result<(), String> {
        self.hosts.iter().try_for_each(|host| ip_of(host, "neighbour flush dev eth0 nud permanent"))
    }
}

/// The address of a host; 0 is this process.
fn address(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, n as u8 + 1)
}

fn ip(arguments: &str) -> Result<(), String> {
    ip_of(&Host::LOCAL, arguments)
}

fn ip_of(host: &Host, arguments: &str) -> Result<(), String> {
    let output = host.command("ip").args(arguments.split(' ')).output().map_err(|why| format!("ip: {why}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("ip {arguments}: {errors}"))
}
