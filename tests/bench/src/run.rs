//! What is measured: a natter binary, with the references of the same run or without.

use std::{cell::RefCell, path::PathBuf, process::Command};

use crate::report::{self, Finding};

/// Flags that lift limits which the benches go past, and that older binaries do not have.
const NEWER: [(&str, &str); 2] = [("--address-connections", "0"), ("--user-sockets", "0")];

pub struct Run {
    pub binary: PathBuf,
    /// Those of [`NEWER`] that the binary knows.
    pub flags: Vec<&'static str>,
    /// Whether the references and the Node application are measured too. `--against` does without.
    pub beside: bool,
    findings: RefCell<Vec<Finding>>,
}

impl Run {
    /// # Errors
    /// Where the binary does not tell its flags.
    pub fn new(binary: PathBuf, beside: bool) -> Result<Self, String> {
        let failed = |why: String| format!("{} --help: {why}", binary.display());
        let told = Command::new(&binary).arg("--help").output().map_err(|why| failed(why.to_string()))?;
        if !told.status.success() {
            return Err(failed(told.status.to_string()));
        }
        let help = String::from_utf8_lossy(&told.stdout);
        let known = NEWER.into_iter().filter(|(flag, _)| help.contains(flag));
        let flags = known.flat_map(|(flag, value)| [flag, value]).collect();
        Ok(Self { binary, flags, beside, findings: RefCell::default() })
    }

    /// Prints a finding and keeps it with the results. Without references it is only kept for [`Run::take`].
    pub fn tell(&self, finding: Finding) {
        if self.beside {
            report::tell(&finding);
        } else {
            self.findings.borrow_mut().push(finding);
        }
    }

    /// The findings since the last call.
    pub fn take(&self) -> Vec<Finding> {
        self.findings.take()
    }
}
