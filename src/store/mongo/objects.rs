//! Objects in the collections of GridFS, so that other tools read them. The driver's streams are not used: they hold whole
//! batches in memory, and cannot begin at an offset.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, DateTime, Document, doc},
    options::ReplaceOptions,
};
use serde::Deserialize;

use super::{
    bson_values::{bson_binary, bson_file, file_id},
    collections::Collections,
    driver::{with_timeout, with_timeout_raw},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::FileId,
    store::{
        Error, Result,
        objects::{Attempt, Objects, PART_BYTES, ReadObject},
    },
};

/// The size of a chunk, as GridFS has it by default.
const CHUNK: u64 = PART_BYTES as u64;

/// A part of an object. All but the last one have [`CHUNK`] bytes.
#[derive(Deserialize)]
struct ChunkDoc {
    data: bson::Binary,
}

#[derive(Deserialize)]
struct ChunkLength {
    length: i32,
}

#[derive(Deserialize)]
struct FirstChunk {
    files_id: bson::Uuid,
}

/// In bytes.
#[derive(Deserialize)]
struct Lengths {
    /// The number of the last chunk.
    last: i32,
    all: i64,
    end: i64,
    /// The latest attempt that wrote one of them.
    attempt: i64,
}

/// The value of `attempt` in the chunks that an attempt may change.
fn up_to(attempt: Attempt) -> Document {
    // natter's first chunks had none
    doc! { "$not": { "$gt": i64::from(attempt.0) } }
}

/// The chunks of an object, for reading.
struct Chunks {
    objects: GridFs,
    id: FileId,
}

#[async_trait]
impl ReadObject for Chunks {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let Self { objects, id } = self;
        let (number, inside) = (offset / CHUNK, (offset % CHUNK) as usize);
        let Some(chunk) = objects.chunk(*id, number).await? else {
            let is_end = inside == 0 && number > 0 && objects.chunk(*id, number - 1).await?.is_some();
            return if is_end { Ok(Bytes::new()) } else { Err(Error::NotFound) };
        };
        let chunk = Bytes::from(chunk);
        Ok(chunk.slice(inside.min(chunk.len())..(inside + length).min(chunk.len())))
    }

    /// A chunk comes as a whole anyway.
    fn read_bytes(&self) -> usize {
        PART_BYTES
    }
}

/// The objects of a database.
#[derive(Clone)]
pub struct GridFs {
    db: Collections,
}

impl GridFs {
    pub fn new(db: Collections) -> Self {
        Self { db }
    }

    async fn chunk(&self, id: FileId, number: u64) -> Result<Option<Vec<u8>>> {
        let chunk = self.db.chunks.clone_with_type::<ChunkDoc>();
        let one = doc! { "files_id": bson_file(id), "n": number as i32 };
        let found = with_timeout(chunk.find_one(one).projection(doc! { "data": 1 })).await?;
        Ok(found.map(|chunk| chunk.data.bytes))
    }

    async fn chunk_length(&self, id: FileId, number: u64) -> Result<Option<u64>> {
        let chunks = self.db.chunks.clone_with_type::<ChunkLength>();
        let one = doc! { "files_id": bson_file(id), "n": number as i32 };
        let found = chunks.find_one(one).projection(doc! { "_id": 0, "length": { "$binarySize": "$data" } });
        Ok(with_timeout(found).await?.map(|chunk| chunk.length as u64))
    }

    /// The bytes of a chunk, and of all chunks up to it. `None`: it does not exist.
    async fn lengths(&self, id: FileId, number: u64) -> Result<Option<Lengths>> {
        let pipeline = vec![
            doc! { "$match": { "files_id": bson_file(id), "n": { "$lte": number as i32 } } },
            doc! { "$group": {
                "_id": null, "last": { "$max": "$n" }, "all": { "$sum": { "$binarySize": "$data" } },
                "attempt": { "$max": { "$ifNull": ["$attempt", 0_i64] } },
                "end": { "$sum": { "$cond": [{ "$eq": ["$n", number as i32] }, { "$binarySize": "$data" }, 0] } },
            } },
        ];
        let found = with_timeout(async {
            let mut cursor = self.db.chunks.aggregate(pipeline).with_type::<Lengths>().await?;
            cursor.try_next().await
        });
        Ok(found.await?.filter(|lengths| lengths.last == number as i32))
    }

    /// Replaces a chunk, unless a later attempt has written it: the insertion that takes place then breaks the unique index.
    async fn write_chunk(&self, id: FileId, attempt: Attempt, number: u64, bytes: Vec<u8>) -> Result<()> {
        let mut place = doc! { "files_id": bson_file(id), "n": number as i32 };
        let mut chunk = place.clone();
        chunk.insert("attempt", i64::from(attempt.0));
        chunk.insert("data", bson_binary(&bytes));
        place.insert("attempt", up_to(attempt));
        let options = ReplaceOptions::builder().upsert(true).build();
        // an earlier attempt may insert the same chunk at this moment: the second try finds and replaces it
        for _ in 0..2 {
            let replaced = self.db.chunks.replace_one(place.clone(), chunk.clone()).with_options(options.clone());
            match with_timeout_raw(replaced).await {
                Err(error) if is_duplicate_key(&error) => {}
                done => return Ok(done.map(drop)?),
            }
        }
        Err(Error::NotFound)
    }
}

#[async_trait]
impl Objects for GridFs {
    async fn write(&self, id: FileId, attempt: Attempt, offset: u64, bytes: Bytes) -> Result<()> {
        let (mut number, inside) = (offset / CHUNK, (offset % CHUNK) as usize);
        let mut first = match inside {
            0 => Vec::new(),
            _ => self.chunk(id, number).await?.filter(|chunk| chunk.len() >= inside).ok_or(Error::NotFound)?,
        };
        if inside == 0 && number > 0 {
            // a chunk is written after all before it are full, and `finish` counts them
            self.chunk_length(id, number - 1).await?.filter(|length| *length == CHUNK).ok_or(Error::NotFound)?;
        }
        first.truncate(inside);
        let (head, rest) = bytes.split_at(bytes.len().min(PART_BYTES - inside));
        first.extend_from_slice(head);
        self.write_chunk(id, attempt, number, first).await?;
        for part in rest.chunks(PART_BYTES) {
            number += 1;
            self.write_chunk(id, attempt, number, part.to_vec()).await?;
        }
        Ok(())
    }

    /// Each write is acknowledged by a majority.
    async fn sync(&self, _: FileId) -> Result<()> {
        Ok(())
    }

    async fn finish(&self, id: FileId, attempt: Attempt, length: u64) -> Result<()> {
        let last = length.saturating_sub(1) / CHUNK;
        let found = self.lengths(id, last).await?.ok_or(Error::NotFound)?;
        let needed = (length - last * CHUNK) as i64;
        if found.attempt > i64::from(attempt.0) || found.end < needed || (found.all - found.end) as u64 != last * CHUNK
        {
            return Err(Error::NotFound);
        }
        if found.end > needed {
            let mut end = self.chunk(id, last).await?.ok_or(Error::NotFound)?;
            end.truncate(needed as usize);
            self.write_chunk(id, attempt, last, end).await?;
        }
        // of an upload that was interrupted and went on before its end
        let beyond = doc! { "files_id": bson_file(id), "n": { "$gt": last as i32 }, "attempt": up_to(attempt) };
        with_timeout(self.db.chunks.delete_many(beyond)).await?;
        let file = doc! { "$set": {
            "length": length as i64, "chunkSize": CHUNK as i32, "uploadDate": DateTime::now(), "filename": id.to_string(),
        } };
        with_timeout(self.db.files.update_one(doc! { "_id": bson_file(id) }, file).upsert(true)).await.map(drop)
    }

    async fn open(&self, id: FileId) -> Result<Box<dyn ReadObject>> {
        Ok(Box::new(Chunks { objects: self.clone(), id }))
    }

    async fn remove(&self, id: FileId) -> Result<()> {
        // first what says that it is whole
        with_timeout(self.db.files.delete_one(doc! { "_id": bson_file(id) })).await?;
        with_timeout(self.db.chunks.delete_many(doc! { "files_id": bson_file(id) })).await.map(drop)
    }

    async fn objects_after(&self, after: Option<FileId>, limit: usize) -> Result<Vec<FileId>> {
        let mut first = doc! { "n": 0 };
        if let Some(after) = after {
            first.insert("files_id", doc! { "$gt": bson_file(after) });
        }
        let chunks = self.db.chunks.clone_with_type::<FirstChunk>();
        let found = chunks.find(first).projection(doc! { "_id": 0, "files_id": 1 });
        let found = found.sort(doc! { "files_id": 1 }).limit(limit as i64);
        let found: Vec<FirstChunk> = with_timeout(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|chunk| file_id(chunk.files_id)).collect())
    }
}
