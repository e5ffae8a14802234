//! The bytes of uploads.

use bytes::Bytes;
use natter::{
    domain::FileId,
    store::{Attempt, Error, Objects, PART_BYTES},
};

use crate::support::TestDatabase;

/// Bytes of which no two parts are alike.
fn bytes(length: usize) -> Bytes {
    (0..length as u32)
        .flat_map(|n| (n / 4).wrapping_mul(2_654_435_761).to_le_bytes()[(n % 4) as usize..][..1].to_vec())
        .collect()
}

/// Reads an object to its end.
async fn read_from(objects: &dyn Objects, id: FileId, mut offset: u64) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let part = objects.read(id, offset, PART_BYTES).await.unwrap();
        if part.is_empty() {
            return all;
        }
        offset += part.len() as u64;
        all.extend_from_slice(&part);
    }
}

async fn write_all(objects: &dyn Objects, id: FileId, from: u64, bytes: &Bytes, part: usize) {
    let mut offset = from;
    for part in bytes.chunks(part) {
        objects.write(id, Attempt::ONLY, offset, Bytes::copy_from_slice(part)).await.unwrap();
        offset += part.len() as u64;
    }
}

pub async fn an_object_has_the_bytes_that_were_written(database: &TestDatabase) {
    let store = database.open().await;
    let objects = store.objects();
    let objects = objects.as_ref();
    for (length, part) in
        [(1, 1), (1000, 7), (PART_BYTES, PART_BYTES), (PART_BYTES + 1, 100_000), (3 * PART_BYTES, 65_536)]
    {
        let (id, written) = (FileId::generate(), bytes(length));
        write_all(objects, id, 0, &written, part).await;
        objects.sync(id).await.unwrap();
        assert!(read_from(objects, id, 0).await == written, "{length} bytes in parts of {part}, unfinished");
        objects.finish(id, Attempt::ONLY, length as u64).await.unwrap();
        assert!(read_from(objects, id, 0).await == written, "{length} bytes in parts of {part}");
        objects.finish(id, Attempt::ONLY, length as u64).await.unwrap();
        let from = length / 3;
        assert!(read_from(objects, id, from as u64).await == written[from..], "from {from}");
        assert_eq!(
            objects.read(id, from as u64, 5).await.unwrap(),
            written[from..length.min(from + 5)],
            "five of them"
        );
    }
}

pub async fn an_interrupted_object_goes_on_from_any_offset(database: &TestDatabase) {
    let store = database.open().await;
    let objects = store.objects();
    let objects = objects.as_ref();
    let (id, written) = (FileId::generate(), bytes(2 * PART_BYTES + 100));
    // what came after the offset that the database has is not of this upload
    objects.write(id, Attempt::ONLY, 0, bytes(PART_BYTES + 500).slice(100..)).await.unwrap();
    write_all(objects, id, 0, &written.slice(..PART_BYTES + 3), 90_000).await;
    for offset in [PART_BYTES as u64 + 3, 10, PART_BYTES as u64] {
        write_all(objects, id, offset, &written.slice(offset as usize..), 70_000).await;
    }
    objects.finish(id, Attempt::ONLY, written.len() as u64).await.unwrap();
    assert!(read_from(objects, id, 0).await == written);
    // one that ends before what was there
    let shorter = FileId::generate();
    write_all(objects, shorter, 0, &written, PART_BYTES).await;
    objects.write(shorter, Attempt::ONLY, 5, Bytes::from_static(b"end")).await.unwrap();
    objects.finish(shorter, Attempt::ONLY, 8).await.unwrap();
    assert_eq!(read_from(objects, shorter, 0).await, [&written[..5], b"end"].concat());
}

pub async fn an_object_has_no_gap_and_no_missing_end(database: &TestDatabase) {
    let store = database.open().await;
    let objects = store.objects();
    let objects = objects.as_ref();
    let id = FileId::generate();
    for offset in [1, PART_BYTES as u64, 10 * PART_BYTES as u64] {
        let gap = objects.write(id, Attempt::ONLY, offset, Bytes::from_static(b"late")).await.unwrap_err();
        assert!(matches!(gap, Error::NotFound), "{gap:?}");
    }
    assert!(matches!(objects.finish(id, Attempt::ONLY, 1).await.unwrap_err(), Error::NotFound), "nothing was written");
    objects.write(id, Attempt::ONLY, 0, Bytes::from_static(b"short")).await.unwrap();
    assert!(matches!(objects.finish(id, Attempt::ONLY, 6).await.unwrap_err(), Error::NotFound));
    assert!(matches!(objects.read(FileId::generate(), 0, 10).await.unwrap_err(), Error::NotFound));
    objects.finish(id, Attempt::ONLY, 5).await.unwrap();
}

pub async fn a_removed_object_is_gone(database: &TestDatabase) {
    let store = database.open().await;
    let objects = store.objects();
    let objects = objects.as_ref();
    let mut ids: Vec<FileId> = (0..5).map(|_| FileId::generate()).collect();
    for (index, id) in ids.iter().enumerate() {
        objects.write(*id, Attempt::ONLY, 0, bytes(PART_BYTES + 10)).await.unwrap();
        if index > 1 {
            objects.finish(*id, Attempt::ONLY, PART_BYTES as u64 + 10).await.unwrap();
        }
    }
    // each store has an order of its own
    let listed = objects.objects_after(None, 10).await.unwrap();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    ids.sort_unstable();
    assert_eq!(sorted, ids);
    let ids = listed;
    assert_eq!(objects.objects_after(Some(ids[1]), 2).await.unwrap(), ids[2..4]);
    for id in &ids[..4] {
        objects.remove(*id).await.unwrap();
        objects.remove(*id).await.unwrap();
        assert!(matches!(objects.read(*id, 0, 10).await.unwrap_err(), Error::NotFound));
    }
    assert_eq!(objects.objects_after(None, 10).await.unwrap(), ids[4..]);
    // another process has the same
    if let Some(other) = database.open_another().await {
        assert_eq!(other.objects().read(ids[4], 0, 4).await.unwrap(), bytes(4));
    }
}
