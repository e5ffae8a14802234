//! Directories and files, and what the disk has of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::{OsStr, OsString},
};

use fuser::Errno;
use natter_check::team::Random;

use super::file::File;

pub const ROOT: u64 = 1;

/// The entries of each directory.
type Directories = HashMap<u64, BTreeMap<OsString, u64>>;
type Result<T> = std::result::Result<T, Errno>;

/// All that programs see, and the changes of directories that the disk does not have yet.
pub struct Tree {
    directories: Directories,
    files: HashMap<u64, File>,
    /// The permission bits of each.
    modes: HashMap<u64, u16>,
    next: u64,
    /// What the disk has.
    durable: Directories,
    /// What it does not have yet, as in the journal of a file system: after a power cut a beginning of it is there. A sync
    /// of a directory writes all of it. A sync of a file writes none: POSIX promises no more.
    journal: Vec<Change>,
    /// How often each file is open: it stays if its name goes.
    open: HashMap<u64, u64>,
}

enum Change {
    Add { directory: u64, name: OsString, node: u64, is_directory: bool },
    Remove { directory: u64, name: OsString },
    Move { from: (u64, OsString), to: (u64, OsString) },
}

impl Change {
    fn apply(&self, directories: &mut Directories) {
        match self {
            Self::Add { directory, name, node, is_directory } => {
                if *is_directory {
                    directories.entry(*node).or_default();
                }
                directories.entry(*directory).or_default().insert(name.clone(), *node);
            }
            Self::Remove { directory, name } => {
                directories.entry(*directory).or_default().remove(name);
            }
            Self::Move { from, to } => {
                if let Some(node) = directories.entry(from.0).or_default().remove(&from.1) {
                    directories.entry(to.0).or_default().insert(to.1.clone(), node);
                }
            }
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        let directories = HashMap::from([(ROOT, BTreeMap::new())]);
        Self {
            durable: directories.clone(),
            directories,
            files: HashMap::new(),
            modes: HashMap::from([(ROOT, 0o755)]),
            next: ROOT + 1,
            journal: Vec::new(),
            open: HashMap::new(),
        }
    }
}

impl Tree {
    pub fn file(&mut self, node: u64) -> Result<&mut File> {
        self.files.get_mut(&node).ok_or(Errno::ENOENT)
    }

    pub fn entries(&self, directory: u64) -> Result<&BTreeMap<OsString, u64>> {
        self.directories.get(&directory).ok_or(Errno::ENOTDIR)
    }

    pub fn find(&self, directory: u64, name: &OsStr) -> Result<u64> {
        self.entries(directory)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    pub fn is_directory(&self, node: u64) -> bool {
        self.directories.contains_key(&node)
    }

    /// The permission bits.
    pub fn mode(&mut self, node: u64) -> Result<&mut u16> {
        self.modes.get_mut(&node).ok_or(Errno::ENOENT)
    }

    /// The length of a file in bytes; 0 of a directory.
    pub fn len(&self, node: u64) -> u64 {
        self.files.get(&node).map_or(0, File::len)
    }

    /// The bytes of all files.
    pub fn used(&self) -> u64 {
        self.files.values().map(File::used).sum()
    }

    /// Creates an empty file or directory. Returns its number.
    pub fn create(&mut self, directory: u64, name: &OsStr, is_directory: bool, mode: u16) -> Result<u64> {
        if self.entries(directory)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let node = self.next;
        self.next += 1;
        self.modes.insert(node, mode);
        if !is_directory {
            self.files.insert(node, File::default());
        }
        self.change(Change::Add { directory, name: name.to_owned(), node, is_directory });
        Ok(node)
    }

    /// Removes a name. The file stays for those who have it open.
    pub fn remove(&mut self, directory: u64, name: &OsStr) -> Result<()> {
        let node = self.find(directory, name)?;
        if self.entries(node).is_ok_and(|entries| !entries.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        self.change(Change::Remove { directory, name: name.to_owned() });
        Ok(())
    }

    pub fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) -> Result<()> {
        self.find(from.0, from.1)?;
        self.entries(to.0)?;
        self.change(Change::Move { from: (from.0, from.1.to_owned()), to: (to.0, to.1.to_owned()) });
        Ok(())
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.directories);
        self.journal.push(change);
    }

    pub fn sync_directories(&mut self) {
        for change in self.journal.drain(..) {
            change.apply(&mut self.durable);
        }
        self.forget();
    }

    pub fn open(&mut self, node: u64) {
        *self.open.entry(node).or_default() += 1;
    }

    pub fn close(&mut self, node: u64) {
        if let Some(count) = self.open.get_mut(&node) {
            *count -= 1;
        }
    }

    /// The name of a file.
    pub fn name(&self, node: u64) -> Option<&OsStr> {
        let names = self.directories.values().flatten();
        names.into_iter().find(|(_, named)| **named == node).map(|(name, _)| name.as_os_str())
    }

    /// Forgets what has no name, neither for programs nor on the disk, and is not open.
    fn forget(&mut self) {
        let mut named = names(&self.directories);
        named.extend(names(&self.durable));
        named.extend(self.open.iter().filter(|(_, count)| **count > 0).map(|(node, _)| *node));
        self.directories.retain(|node, _| named.contains(node));
        self.durable.retain(|node, _| named.contains(node));
        self.files.retain(|node, _| named.contains(node));
        self.modes.retain(|node, _| named.contains(node));
        self.open.retain(|_, count| *count > 0);
    }

    /// Leaves what the disk has.
    pub fn lose_power(&mut self, random: &mut Random) {
        let survives = random.below(self.journal.len() + 1);
        for change in self.journal.drain(..).take(survives) {
            change.apply(&mut self.durable);
        }
        self.directories = self.durable.clone();
        self.open.clear();
        self.forget();
        let mut files: Vec<_> = self.files.iter_mut().collect();
        files.sort_unstable_by_key(|(node, _)| **node); // the same survives with the same seed
        for (_, file) in files {
            file.lose_power(random);
        }
    }
}

/// All that is in the tree.
fn names(directories: &Directories) -> BTreeSet<u64> {
    let mut named = BTreeSet::from([ROOT]);
    let mut to_visit = vec![ROOT];
    while let Some(directory) = to_visit.pop() {
        for node in directories.get(&directory).into_iter().flat_map(BTreeMap::values) {
            if named.insert(*node) {
                to_visit.push(*node);
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(tree: &mut Tree, name: &str) -> u64 {
        tree.create(ROOT, OsStr::new(name), false, 0o600).unwrap()
    }

    fn names(tree: &Tree) -> Vec<&str> {
        tree.entries(ROOT).unwrap().keys().map(|name| name.to_str().unwrap()).collect()
    }

    #[test]
    fn names_are_there_after_a_sync_of_their_directory() {
        let (mut with, mut without) = (0, 0);
        for seed in 0..50 {
            let mut tree = Tree::default();
            let (kept, new) = (create(&mut tree, "kept"), create(&mut tree, "old"));
            tree.sync_directories();
            tree.file(kept).unwrap().write(0, b"text");
            tree.file(kept).unwrap().sync();
            tree.rename((ROOT, OsStr::new("old")), (ROOT, OsStr::new("new"))).unwrap();
            tree.remove(ROOT, OsStr::new("kept")).unwrap();
            assert_eq!((names(&tree), tree.find(ROOT, OsStr::new("new")).unwrap()), (vec!["new"], new));
            tree.lose_power(&mut Random::new(seed));
            match names(&tree)[..] {
                ["new"] => with += 1,
                ["kept", "new"] => assert_eq!(tree.file(kept).unwrap().read(0, 9), b"text"),
                ["kept", "old"] => without += 1,
                ref others => panic!("{others:?}"),
            }
        }
        assert!(with > 5 && without > 5);
    }

    #[test]
    fn a_synced_file_without_a_synced_name_can_be_gone() {
        let mut gone = 0;
        for seed in 0..50 {
            let mut tree = Tree::default();
            let file = create(&mut tree, "new");
            tree.file(file).unwrap().write(0, b"text");
            tree.file(file).unwrap().sync();
            tree.lose_power(&mut Random::new(seed));
            match tree.find(ROOT, OsStr::new("new")) {
                Ok(file) => assert_eq!(tree.file(file).unwrap().read(0, 9), b"text"),
                Err(_) => gone += 1,
            }
        }
        assert!(gone > 10 && gone < 40, "{gone}");
    }
}
