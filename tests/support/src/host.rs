//! Where a server runs.

use std::{
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
};

use crate::free_port;

/// An address of this machine, and the network namespace that has it.
#[derive(Debug, Clone)]
pub struct Host {
    pub address: Ipv4Addr,
    /// A process whose network namespace it is; `None`: that of this process.
    process: Option<u32>,
}

impl Host {
    /// This process's own.
    pub const LOCAL: Self = Self { address: Ipv4Addr::LOCALHOST, process: None };

    /// The address in the network namespace of the process `pid`. Only root starts programs there.
    pub fn in_namespace(address: Ipv4Addr, pid: u32) -> Self {
        Self { address, process: Some(pid) }
    }

    /// An address for a server: no other of this process gets its port.
    pub fn free_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, free_port()))
    }

    /// Starts a program there. Its process id is that of the command's child.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(pid) = self.process else { return Command::new(program) };
        let mut command = Command::new("/usr/bin/nsenter");
        command.arg(format!("--net=/proc/{pid}/ns/net")).arg("--").arg(program);
        command
    }
}
