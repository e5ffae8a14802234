//! A file, and what the disk has of it.

use std::collections::{BTreeMap, HashMap};

use natter_check::team::Random;

/// What is written at once, if the power does not go meanwhile.
pub const PAGE: usize = 4096;
/// What is written at once, always.
const SECTOR: usize = 512;

/// `None` is a page of zeros.
type Page = Option<Box<[u8; PAGE]>>;

/// The content as programs see it, and the pages that the disk has in another state.
#[derive(Default)]
pub struct File {
    len: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
    /// What the disk has of the pages that changed since the last sync.
    dirty: HashMap<u64, Page>,
    /// What it has of those of which the sync failed: as on Linux, no later sync writes them.
    lost: HashMap<u64, Page>,
    durable_len: u64,
}

impl File {
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The bytes of the pages that are not zeros.
    pub fn used(&self) -> u64 {
        (self.pages.len() * PAGE) as u64
    }

    pub fn read(&self, offset: u64, size: usize) -> Vec<u8> {
        let end = offset.saturating_add(size as u64).min(self.len);
        let mut bytes = Vec::with_capacity(end.saturating_sub(offset) as usize);
        let mut at = offset;
        while at < end {
            let (page, start) = place(at);
            let count = (PAGE - start).min((end - at) as usize);
            match self.pages.get(&page) {
                Some(content) => bytes.extend_from_slice(&content[start..start + count]),
                None => bytes.resize(bytes.len() + count, 0),
            }
            at += count as u64;
        }
        bytes
    }

    pub fn write(&mut self, offset: u64, data: &[u8]) {
        let mut written = 0;
        while written < data.len() {
            let (page, start) = place(offset + written as u64);
            let count = (PAGE - start).min(data.len() - written);
            self.keep(page);
            let content = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
            content[start..start + count].copy_from_slice(&data[written..written + count]);
            written += count;
        }
        self.len = self.len.max(offset + data.len() as u64);
    }

    pub fn set_len(&mut self, len: u64) {
        let (page, start) = place(len);
        if len < self.len {
            let beyond: Vec<u64> = self.pages.range(page..).map(|(page, _)| *page).collect();
            for page in beyond {
                self.keep(page);
            }
            self.cut(page, start);
        }
        self.len = len;
    }

    /// All of it is on the disk, unless an earlier sync failed.
    pub fn sync(&mut self) {
        self.dirty.clear();
        self.durable_len = self.len;
    }

    /// What changed is not written, now or later.
    pub fn fail_sync(&mut self) {
        self.lost.extend(self.dirty.drain());
    }

    /// Leaves what the disk has. Of what was not synced, each page is there, not there, or torn.
    pub fn lose_power(&mut self, random: &mut Random) {
        for (page, old) in self.lost.drain().collect::<Vec<_>>() {
            self.put(page, old);
        }
        let mut dirty: Vec<_> = self.dirty.drain().collect();
        dirty.sort_unstable_by_key(|(page, _)| *page); // the same survives with the same seed
        for (page, old) in dirty {
            match random.below(3) {
                0 => self.put(page, old),
                1 => {}
                _ => self.tear(page, old, random),
            }
        }
        let len = match random.below(3) {
            0 => self.durable_len,
            1 => self.len,
            _ => {
                let (least, most) = (self.durable_len.min(self.len), self.durable_len.max(self.len));
                let pages = (most - least) / PAGE as u64;
                least + random.below(pages as usize + 1) as u64 * PAGE as u64
            }
        };
        let (page, start) = place(len);
        self.cut(page, start);
        (self.len, self.durable_len) = (len, len);
    }

    /// Keeps what the disk has of a page that is about to change.
    fn keep(&mut self, page: u64) {
        if self.dirty.contains_key(&page) {
            return;
        }
        let durable = self.lost.remove(&page).unwrap_or_else(|| self.pages.get(&page).cloned());
        self.dirty.insert(page, durable);
    }

    fn put(&mut self, page: u64, content: Page) {
        match content {
            Some(content) => drop(self.pages.insert(page, content)),
            None => drop(self.pages.remove(&page)),
        }
    }

    /// Puts back some sectors of a page.
    fn tear(&mut self, page: u64, old: Page, random: &mut Random) {
        let old = old.unwrap_or_else(|| Box::new([0; PAGE]));
        let content = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
        for (new, old) in content.chunks_mut(SECTOR).zip(old.chunks(SECTOR)) {
            if random.below(2) == 0 {
                new.copy_from_slice(old);
            }
        }
    }

    /// Removes what is beyond an end.
    fn cut(&mut self, page: u64, start: usize) {
        self.pages.split_off(&(page + 1));
        if start == 0 {
            self.pages.remove(&page);
        } else if let Some(last) = self.pages.get_mut(&page) {
            last[start..].fill(0);
        }
    }
}

/// The page of a byte, and its place in it.
fn place(offset: u64) -> (u64, usize) {
    (offset / PAGE as u64, (offset % PAGE as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(file: &File) -> Vec<u8> {
        file.read(0, usize::MAX >> 1)
    }

    #[test]
    fn a_file_has_what_was_written() {
        let mut file = File::default();
        file.write(4000, &[1; 200]);
        file.write(9000, b"end");
        let mut expected = vec![0; 9003];
        expected[4000..4200].fill(1);
        expected[9000..].copy_from_slice(b"end");
        assert_eq!((bytes(&file), file.read(9001, 10), file.read(9003, 1)), (expected.clone(), b"nd".to_vec(), vec![]));
        file.set_len(4100);
        assert_eq!(bytes(&file), expected[..4100]);
        file.set_len(9000);
        expected[4100..].fill(0);
        assert_eq!(bytes(&file), expected[..9000]);
    }

    #[test]
    fn what_was_synced_survives() {
        for seed in 0..200 {
            let mut file = File::default();
            file.write(0, &[1; 20_000]);
            file.sync();
            file.lose_power(&mut Random::new(seed));
            assert_eq!(bytes(&file), [1; 20_000]);
            file.set_len(100);
            file.write(100, &[2; 50]);
            file.sync();
            file.lose_power(&mut Random::new(seed));
            assert_eq!(bytes(&file), [[1; 100].as_slice(), &[2; 50]].concat());
        }
    }

    #[test]
    fn what_was_not_synced_is_there_gone_or_torn() {
        let (mut there, mut gone, mut torn) = (0, 0, 0);
        for seed in 0..200 {
            let mut file = File::default();
            file.write(0, &[1; 3 * PAGE]);
            file.sync();
            file.write(PAGE as u64, &[2; PAGE]);
            file.lose_power(&mut Random::new(seed));
            let after = bytes(&file);
            assert!(after.len() == 3 * PAGE && after[..PAGE] == [1; PAGE] && after[2 * PAGE..] == [1; PAGE]);
            let sectors: Vec<_> = after[PAGE..2 * PAGE].chunks(SECTOR).collect();
            assert!(sectors.iter().all(|sector| **sector == [1; SECTOR] || **sector == [2; SECTOR]));
            match sectors.iter().filter(|sector| sector[0] == 2).count() {
                0 => gone += 1,
                8 => there += 1,
                _ => torn += 1,
            }
        }
        assert!(there > 30 && gone > 30 && torn > 30, "{there} {gone} {torn}");
    }

    #[test]
    fn a_failed_sync_loses_its_pages_for_good() {
        let mut file = File::default();
        file.write(0, &[1; 2 * PAGE]);
        file.sync();
        file.write(0, &[2; 2 * PAGE]);
        file.fail_sync();
        assert_eq!(bytes(&file), [2; 2 * PAGE], "programs see what they wrote");
        file.write(0, &[3; PAGE]);
        file.sync();
        file.lose_power(&mut Random::new(1));
        assert_eq!(bytes(&file), [[3; PAGE], [1; PAGE]].concat());
    }

    #[test]
    fn a_length_that_was_not_synced_is_anything_between() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let mut file = File::default();
            file.write(0, b"start");
            file.sync();
            file.write(5, &[1; 3 * PAGE]);
            file.lose_power(&mut Random::new(seed));
            assert_eq!(file.read(0, 5), b"start");
            lengths.insert(file.len());
        }
        assert!(lengths.len() > 3 && lengths.first() == Some(&5) && lengths.last() == Some(&(5 + 3 * PAGE as u64)));
    }
}
