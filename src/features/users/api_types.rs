//! The users API's JSON.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::User,
    security::accounts::{Edit, SignUp},
    store::Chunk,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserRequest {
    /// 3–32 letters, digits, `_ . -`; unique without regard to case.
    #[serde(rename = "userID", default)]
    user_id: String,
    /// 1–64 characters.
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    /// Digits, spaces, `+ ( ) -`; may be left out.
    #[serde(default)]
    phone: String,
    /// 8 characters or more, 71 bytes at most.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl From<NewUserRequest> for SignUp {
    fn from(request: NewUserRequest) -> Self {
        let NewUserRequest { user_id, name, email, phone, password } = request;
        Self { user_id, name, email, phone, password }
    }
}

/// What to change; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchRequest {
    /// Cannot be changed; taken if it is the one in the address.
    #[serde(rename = "userID")]
    pub user_id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// `member` or `admin`; for admins.
    pub role: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<SecretString>,
    /// One's present password: needed to change one's own.
    #[serde(rename = "currentPassword")]
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<SecretString>,
}

impl PatchRequest {
    pub fn edit(&self) -> Edit {
        Edit {
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            role: self.role.clone(),
            password: self.password.clone(),
        }
    }
}

/// The whole profile: `name` and `email` are needed, a `phone` left out is emptied. Password and role stay
/// as they are where left out.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(title = "PutRequest")]
pub struct PutRequest(pub PatchRequest);

impl PutRequest {
    pub fn into_patch(self) -> PatchRequest {
        let Self(patch) = self;
        PatchRequest {
            name: patch.name.or_else(|| Some(String::new())),
            email: patch.email.or_else(|| Some(String::new())),
            phone: patch.phone.or_else(|| Some(String::new())),
            ..patch
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UserResponse {
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    #[schema(value_type = String, example = "member")]
    pub role: &'static str,
    #[serde(rename = "createdAt")]
    pub created_at: String,
    /// Their latest 100, oldest first. All messages in an answer have 256 KiB of text at most, so there can be
    /// fewer: `moreMessages` leads to the rest.
    pub messages: Vec<SentMessage>,
    /// Where the messages before these are, if there are any.
    #[serde(rename = "moreMessages", skip_serializing_if = "Option::is_none")]
    pub more_messages: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SentMessage {
    #[serde(rename = "sentTime")]
    pub sent_time: String,
    pub message: String,
}

impl UserResponse {
    pub fn new(user: &User, Chunk { messages, more }: &Chunk) -> Self {
        // none of them is here where others took all the room
        let before = messages.first().map_or(String::new(), |first| format!("&before={}", first.seq));
        Self {
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            role: user.role.as_str(),
            created_at: user.created_at.rfc3339(),
            messages: messages
                .iter()
                .map(|message| SentMessage {
                    sent_time: message.sent_at.rfc3339(),
                    message: message.text.clone().unwrap_or_default(),
                })
                .collect(),
            more_messages: more.then(|| format!("/api/messages?author={}{before}", user.user_id)),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UsersResponse {
    pub users: Vec<UserResponse>,
    /// Where the next page is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// At most this many, 1–100.
    #[serde(default = "twenty")]
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub limit: u32,
    /// Users behind this userID.
    pub after: Option<String>,
}

fn twenty() -> u32 {
    20
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// `delete`: the user's messages go too. Otherwise they stay, under "deleted user".
    pub messages: Option<String>,
}
