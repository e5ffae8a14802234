//! Objects that two processes write, on MongoDB.

use bytes::Bytes;
use natter::{
    domain::FileId,
    store::{Attempt, Error, Objects, PART_BYTES, object_facts},
};

use crate::support::TestDatabase;

const LENGTH: usize = 3 * PART_BYTES;

async fn write(objects: &dyn Objects, id: FileId, attempt: u32, offset: usize, byte: u8) -> Result<(), Error> {
    let part = Bytes::from(vec![byte; PART_BYTES]);
    objects.write(id, Attempt(attempt), offset as u64, part).await
}

/// A process stands still in the middle of an upload, another one goes on and finishes it, and then the first one wakes.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_attempt_writes_late_does_not_change_the_object() {
    let database = TestDatabase::mongodb().await;
    let (first, second) = (database.open().await, database.open_another().await.unwrap());
    let (first, second, id) = (first.objects(), second.objects(), FileId::generate());
    write(first.as_ref(), id, 1, 0, b'a').await.unwrap();
    write(first.as_ref(), id, 1, PART_BYTES, b'a').await.unwrap();
    // only the first part was recorded
    write(second.as_ref(), id, 2, PART_BYTES, b'b').await.unwrap();
    let late = [PART_BYTES, PART_BYTES + 10, 2 * PART_BYTES];
    let refused = write(first.as_ref(), id, 1, late[0], b'a').await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    write(second.as_ref(), id, 2, 2 * PART_BYTES, b'b').await.unwrap();
    second.finish(id, Attempt(2), LENGTH as u64).await.unwrap();
    let finished = object_facts(second.clone(), id).await.unwrap();
    assert_eq!(finished.length, LENGTH as u64);
    for offset in late {
        let refused = write(first.as_ref(), id, 1, offset, b'a').await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    for shorter in [LENGTH - 5, 2 * PART_BYTES] {
        assert!(matches!(first.finish(id, Attempt(1), shorter as u64).await, Err(Error::NotFound)), "{shorter}");
    }
    assert_eq!(object_facts(first, id).await.unwrap(), finished);
}
