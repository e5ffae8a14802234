//! A run of the benches: the natter binary, and whether the references are measured too.

use std::{cell::RefCell, path::PathBuf, process::Command};

use crate::report::{self, Finding};

/// Flags that turn off limits which the benches exceed. Older binaries do not have them.
const UNLIMITED: [(&str, &str); 2] = [("--address-connections", "0"), ("--user-sockets", "0")];

pub struct Run {
    pub binary: PathBuf,
    /// Those of [`UNLIMITED`] that the binary has.
    pub flags: Vec<&'static str>,
    /// Whether the references and the Node application are measured too. `--against` measures neither.
    pub with_references: bool,
    findings: RefCell<Vec<Finding>>,
}

impl Run {
    /// # Errors
    /// The binary does not print its flags with `--help`.
    pub fn new(binary: PathBuf, with_references: bool) -> Result<Self, String> {
        let failed = |why: String| format!("{} --help: {why}", binary.display());
        let output = Command::new(&binary).arg("--help").output().map_err(|why| failed(why.to_string()))?;
        if !output.status.success() {
            return Err(failed(output.status.to_string()));
        }
        let help = String::from_utf8_lossy(&output.stdout);
        let known = UNLIMITED.into_iter().filter(|(flag, _)| help.contains(flag));
        let flags = known.flat_map(|(flag, value)| [flag, value]).collect();
        Ok(Self { binary, flags, with_references, findings: RefCell::default() })
    }

    /// Prints a finding and adds it to the results. Without references, only keeps it for [`Run::take_findings`].
    pub fn report(&self, finding: Finding) {
        if self.with_references {
            report::publish(&finding);
        } else {
            self.findings.borrow_mut().push(finding);
        }
    }

    /// Returns the findings since the last call.
    pub fn take_findings(&self) -> Vec<Finding> {
        self.findings.take()
    }
}
