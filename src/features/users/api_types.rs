//! The users API's JSON.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::User,
    security::accounts::{AccountEdit, NewAccount},
    store::Chunk,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserRequest {
    /// 3–32 letters, digits, `_ . -`, not dots alone; unique without regard to case.
    #[serde(rename = "userID", default)]
    #[schema(
        required = true,
        min_length = 3,
        max_length = 32,
        pattern = "^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$"
    )]
    user_id: String,
    /// 1–64 characters, at least one of them visible; no control or text-direction characters.
    #[serde(default)]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]*$"
    )]
    name: String,
    /// An address with a dotted domain; unique without regard to case.
    #[serde(default)]
    #[schema(required = true, format = Email, max_length = 254)]
    email: String,
    /// Empty, or 3–32 digits, spaces, `+ ( ) -`; may be left out.
    #[serde(default)]
    #[schema(pattern = "^([0-9 +()-]{3,32})?$")]
    phone: String,
    /// 8 characters or more, 71 bytes at most; not one of the most common passwords.
    #[serde(default)]
    #[schema(value_type = String, format = Password, required = true, min_length = 8, max_length = 71)]
    password: SecretString,
}

impl From<NewUserRequest> for NewAccount {
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
    /// As at sign-up, like the next two.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]*$"
    )]
    pub name: Option<String>,
    #[schema(format = Email, max_length = 254)]
    pub email: Option<String>,
    #[schema(pattern = "^([0-9 +()-]{3,32})?$")]
    pub phone: Option<String>,
    /// For admins.
    #[schema(value_type = Option<RoleName>)]
    pub role: Option<String>,
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 71)]
    pub password: Option<SecretString>,
    /// One's present password: needed to change one's own.
    #[serde(rename = "currentPassword")]
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<SecretString>,
}

impl PatchRequest {
    pub fn edit(&self) -> AccountEdit {
        AccountEdit {
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            role: self.role.clone(),
            password: self.password.clone(),
        }
    }
}

/// A role, as the API spells it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that domain::Role parses and shows")]
pub enum RoleName {
    Member,
    Admin,
}

/// The whole profile: a `phone` left out is emptied. Password and role stay as they are where left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRequest {
    /// Cannot be changed; taken if it is the one in the address.
    #[serde(rename = "userID")]
    user_id: Option<String>,
    /// As at sign-up, like the next two.
    #[serde(default)]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]*$"
    )]
    name: String,
    #[serde(default)]
    #[schema(required = true, format = Email, max_length = 254)]
    email: String,
    #[schema(pattern = "^([0-9 +()-]{3,32})?$")]
    phone: Option<String>,
    /// For admins.
    #[schema(value_type = Option<RoleName>)]
    role: Option<String>,
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 71)]
    password: Option<SecretString>,
    /// One's present password: needed to change one's own.
    #[serde(rename = "currentPassword")]
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<SecretString>,
}

impl PutRequest {
    pub fn into_patch(self) -> PatchRequest {
        let Self { user_id, name, email, phone, role, password, current_password } = self;
        let (name, email, phone) = (Some(name), Some(email), phone.or_else(|| Some(String::new())));
        PatchRequest { user_id, name, email, phone, role, password, current_password }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UserResponse {
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    #[schema(value_type = RoleName)]
    pub role: &'static str,
    #[serde(rename = "createdAt")]
    #[schema(format = DateTime)]
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
    #[schema(format = DateTime)]
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
    /// Users behind this userID, in order of the userIDs.
    #[param(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
    pub after: Option<String>,
}

fn twenty() -> u32 {
    20
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// `delete`: the user's messages go too. `keep`, the default: they stay, under "deleted user".
    #[param(value_type = Option<MessageRetentionName>, inline)]
    pub messages: Option<String>,
}

/// What becomes of a deleted user's messages, as the API spells it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that the handler parses")]
pub enum MessageRetentionName {
    Keep,
    Delete,
}
