//! Forms of messages with files.

use std::{cell::OnceCell, sync::atomic::Ordering::Relaxed};

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE},
};
use natter::{
    domain::{AltText, FileName, MAX_FILES, Timestamp, UserKey},
    web::{
        AppState, Error,
        change::FORM_MAX,
        message_form::{MessageForm, is_multipart, read},
    },
};

use crate::{
    form::{BOUNDARY, endless, in_parts},
    server::{MAX_FILE, Server},
};

thread_local! {
    static SERVER: OnceCell<Server> = const { OnceCell::new() };
}

/// What a form has, but for the ids of its files.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: Option<StatusCode>,
    refused: Option<StatusCode>,
    fields: String,
    files: Vec<(String, AltText)>,
}

/// However a form is cut on its way, it is read the same, within limits. One that never ends is refused.
///
/// The first byte says who sends it and in which way, the second in how large parts.
pub fn multipart(data: &[u8]) {
    let [way, part, form @ ..] = data else { return };
    SERVER.with(|server| {
        let server = server.get_or_init(Server::start);
        let owner = (way & 1 == 1).then_some(server.user.key);
        server.runtime.block_on(async {
            if way & 2 == 2 {
                assert_is_refused(&server.state, owner, form).await;
            } else {
                let whole = outcome(&server.state, owner, in_parts(form, usize::MAX)).await;
                let cut = outcome(&server.state, owner, in_parts(form, usize::from(*part))).await;
                assert_eq!(whole, cut);
            }
            if owner.is_some() {
                server.sweep().await;
            }
        });
    });
}

async fn form_of(state: &AppState, owner: Option<UserKey>, body: Body) -> Result<(MessageForm, Option<Error>), Error> {
    let mut request = Request::new(body);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}").parse();
    request.headers_mut().insert(CONTENT_TYPE, content_type.unwrap_or_else(|error| panic!("{error}")));
    assert!(is_multipart(&request));
    read(state, owner, request).await
}

async fn assert_is_refused(state: &AppState, owner: Option<UserKey>, form: &[u8]) {
    let (body, taken) = endless(form);
    let result = form_of(state, owner, body).await;
    let files = owner.map_or(0, |_| (MAX_FILES + 1) * MAX_FILE as usize);
    let most = files + 2 * FORM_MAX + (64 << 10);
    assert!(taken.load(Relaxed) <= most, "{} bytes were taken", taken.load(Relaxed));
    match result {
        Ok((form, _)) => assert_is_bounded(&form),
        Err(error) => assert!(error.status.is_client_error(), "{error:?}"),
    }
}

async fn outcome(state: &AppState, owner: Option<UserKey>, body: Body) -> Outcome {
    let (form, refused) = match form_of(state, owner, body).await {
        Ok(read) => read,
        Err(error) => {
            assert!(error.status.is_client_error(), "{error:?}");
            return Outcome { status: Some(error.status), refused: None, fields: String::new(), files: Vec::new() };
        }
    };
    assert_is_bounded(&form);
    let MessageForm { message, client_id, reply_to, thread, confirmed, read, version, files, names } = form;
    let now = Timestamp::now();
    for file in &files {
        let Some(owner) = owner else { panic!("files without an owner") };
        let upload = state.store.upload(owner, file.id, now).await;
        let facts = upload.ok().flatten().and_then(|upload| upload.facts);
        assert!(facts.is_some_and(|facts| (1..=MAX_FILE).contains(&facts.size)), "{}", file.id);
    }
    let fields = format!("{:?}", (message, client_id, reply_to, thread, confirmed, read, version));
    let files = names.into_iter().zip(files.into_iter().map(|file| file.alt)).collect();
    Outcome { status: None, refused: refused.map(|error| error.status), fields, files }
}

fn assert_is_bounded(form: &MessageForm) {
    let MessageForm { message, client_id, files, names, .. } = form;
    assert!(message.len() + client_id.len() <= 3 * FORM_MAX, "{} bytes", message.len());
    assert!(files.len() <= MAX_FILES && files.len() == names.len(), "{} files", files.len());
    assert!(names.iter().all(|name| (1..=FileName::MAX).contains(&name.chars().count())), "{names:?}");
    assert!(files.iter().all(|file| file.alt.as_str().chars().count() <= AltText::MAX));
}
