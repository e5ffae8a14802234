//! The operations of a [`Disk`] as the kernel asks for them.

use std::{
    ffi::OsStr,
    io,
    path::Path,
    thread::sleep,
    time::{Duration, SystemTime},
};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::{Disk, State, file::PAGE};

/// The kernel asks again each time: the disk may have lost its power.
const TTL: Duration = Duration::ZERO;
/// The longest time of a sync in microseconds. So a power cut also comes while one runs.
const LONGEST_SYNC: usize = 2_000;
/// Requests that are answered at the same time.
const THREADS: usize = 4;
/// The room on a disk without a limit.
const CAPACITY: u64 = 1 << 40;

type Result<T> = std::result::Result<T, Errno>;

pub fn mount(disk: &Disk, path: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("drill".into()), MountOption::NoAtime];
    config.n_threads = Some(THREADS);
    fuser::spawn_mount(disk.clone(), path, &config)
}

impl Disk {
    /// Does something, if there is power.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let state = &mut *self.state();
        if state.has_power { work(state) } else { Err(Errno::EIO) }
    }

    fn sync(&self, node: INodeNo) -> Result<()> {
        let pause = self.with(|state| Ok(state.random.below(LONGEST_SYNC)))?;
        sleep(Duration::from_micros(pause as u64));
        self.with(|state| {
            if state.faults.sync {
                state.tree.file(node.0)?.fail_sync();
                return Err(Errno::EIO);
            }
            let name = state.tree.name(node.0).and_then(OsStr::to_str).unwrap_or_default();
            if state.faults.lies_about.is_none_or(|part| !name.contains(part)) {
                state.tree.file(node.0)?.sync();
            }
            Ok(())
        })
    }
}

impl State {
    fn attributes(&mut self, node: u64) -> Result<FileAttr> {
        let (perm, size, time) = (*self.tree.mode(node)?, self.tree.len(node), SystemTime::UNIX_EPOCH);
        let kind = if self.tree.is_directory(node) { FileType::Directory } else { FileType::RegularFile };
        Ok(FileAttr {
            ino: INodeNo(node),
            size,
            blocks: size.div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: PAGE as u32,
            flags: 0,
        })
    }

    /// Whether a file may be written up to `end`.
    fn check_room(&mut self, node: u64, end: u64) -> Result<()> {
        if self.faults.write {
            return Err(Errno::EIO);
        }
        let grows = end.saturating_sub(self.tree.len(node));
        let is_full = self.faults.capacity.is_some_and(|capacity| grows > 0 && self.tree.used() + grows > capacity);
        if is_full { Err(Errno::ENOSPC) } else { Ok(()) }
    }

    fn create(&mut self, directory: INodeNo, name: &OsStr, is_directory: bool, mode: u32) -> Result<FileAttr> {
        if self.faults.write {
            return Err(Errno::EIO);
        }
        let node = self.tree.create(directory.0, name, is_directory, (mode & 0o7777) as u16)?;
        self.attributes(node)
    }
}

impl Filesystem for Disk {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.with(|state| {
            let node = state.tree.find(parent.0, name)?;
            state.attributes(node)
        });
        match found {
            Ok(found) => reply.entry(&TTL, &found, Generation(0)),
            Err(why) => reply.error(why),
        }
    }

    fn getattr(&self, _: &Request, node: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.with(|state| state.attributes(node.0)) {
            Ok(found) => reply.attr(&TTL, &found),
            Err(why) => reply.error(why),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        node: INodeNo,
        mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = self.with(|state| {
            if let Some(mode) = mode {
                *state.tree.mode(node.0)? = (mode & 0o7777) as u16;
            }
            if let Some(size) = size {
                state.check_room(node.0, size)?;
                state.tree.file(node.0)?.set_len(size);
            }
            state.attributes(node.0)
        });
        match set {
            Ok(found) => reply.attr(&TTL, &found),
            Err(why) => reply.error(why),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        match self.with(|state| state.create(parent, name, true, mode & !umask)) {
            Ok(created) => reply.entry(&TTL, &created, Generation(0)),
            Err(why) => reply.error(why),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        let created = self.with(|state| {
            let created = state.create(parent, name, false, mode & !umask)?;
            state.tree.open(created.ino.0);
            Ok(created)
        });
        match created {
            Ok(created) => reply.created(&TTL, &created, Generation(0), FileHandle(0), FopenFlags::empty()),
            Err(why) => reply.error(why),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.with(|state| state.tree.remove(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.with(|state| state.tree.remove(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        answer(reply, self.with(|state| state.tree.rename((parent.0, name), (new_parent.0, new_name))));
    }

    fn open(&self, _: &Request, node: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let opened = self.with(|state| {
            state.tree.open(node.0);
            Ok(())
        });
        match opened {
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::empty()),
            Err(why) => reply.error(why),
        }
    }

    fn release(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.state().tree.close(node.0); // also without power
        reply.ok();
    }

    fn read(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.with(|state| Ok(state.tree.file(node.0)?.read(offset, size as usize))) {
            Ok(bytes) => reply.data(&bytes),
            Err(why) => reply.error(why),
        }
    }

    fn write(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.with(|state| {
            state.check_room(node.0, offset + data.len() as u64)?;
            state.tree.file(node.0)?.write(offset, data);
            Ok(data.len() as u32)
        });
        match written {
            Ok(count) => reply.written(count),
            Err(why) => reply.error(why),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, node: INodeNo, _: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        answer(reply, self.sync(node));
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        let synced = self.with(|state| {
            if state.faults.sync {
                return Err(Errno::EIO);
            }
            state.tree.sync_directories();
            Ok(())
        });
        answer(reply, synced);
    }

    fn readdir(&self, _: &Request, node: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.with(|state| {
            let entries = state.tree.entries(node.0)?.iter().map(|(name, node)| (name.clone(), *node));
            let own = [".".into(), "..".into()].into_iter().map(|name| (name, node.0));
            for (place, (name, node)) in own.chain(entries).enumerate().skip(offset as usize) {
                let kind = if state.tree.is_directory(node) { FileType::Directory } else { FileType::RegularFile };
                if reply.add(INodeNo(node), place as u64 + 1, kind, &name) {
                    break;
                }
            }
            Ok(())
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(why) => reply.error(why),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let (used, capacity) = {
            let state = self.state();
            (state.tree.used(), state.faults.capacity.unwrap_or(CAPACITY))
        };
        let blocks = |bytes: u64| bytes / PAGE as u64;
        let free = blocks(capacity.saturating_sub(used));
        reply.statfs(blocks(capacity), free, free, 1 << 20, 1 << 20, PAGE as u32, 255, PAGE as u32);
    }
}

fn answer(reply: ReplyEmpty, result: Result<()>) {
    match result {
        Ok(()) => reply.ok(),
        Err(why) => reply.error(why),
    }
}
