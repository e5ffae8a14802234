//! The JSON of the users API.

use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema},
};

use super::avatar;
use crate::{
    domain::User,
    security::{
        account_schema::{EmailInput, NameInput, RoleName},
        accounts::AccountEdit,
    },
    store::Chunk,
};

/// The JSON of `PUT`: an [`AccountEdit`] that has to contain the whole profile.
pub struct AccountReplacement;

impl AccountReplacement {
    /// Makes the missing fields empty: `name` and `email` are then refused by their rules, `phone` and `about` are removed.
    pub fn complete(edit: AccountEdit) -> AccountEdit {
        let text = |field: Option<String>| Some(field.unwrap_or_default());
        AccountEdit {
            name: text(edit.name),
            email: text(edit.email),
            phone: text(edit.phone),
            about: text(edit.about),
            ..edit
        }
    }
}

impl PartialSchema for AccountReplacement {
    fn schema() -> RefOr<Schema> {
        let mut schema = AccountEdit::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description = Some(
                "The whole profile: `phone` and `about` left out are emptied. The other fields stay as they are where left out."
                    .into(),
            );
            object.required = vec!["name".into(), "email".into()];
            object.properties.insert("name".into(), Ref::from_schema_name(NameInput::name()).into());
            object.properties.insert("email".into(), Ref::from_schema_name(EmailInput::name()).into());
        }
        schema
    }
}

impl ToSchema for AccountReplacement {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AccountEdit::schemas(schemas);
    }
}

#[derive(Serialize, ToSchema)]
pub struct UserResponse {
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    /// What the user says about themselves.
    pub about: String,
    /// Whether others may see when the user was last online.
    #[serde(rename = "showsLastSeen")]
    pub shows_last_seen: bool,
    #[schema(value_type = RoleName)]
    pub role: &'static str,
    /// Whether an admin has disabled the account: nobody can log in to it.
    pub disabled: bool,
    /// The address of the user's avatar, if there is one. It is another one with each picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    #[serde(rename = "createdAt")]
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The user's latest 100 messages in the lobby, oldest first. All messages of a response have at most 256 KiB of text, so there
    /// can be fewer: `moreMessages` leads to the rest.
    pub messages: Vec<SentMessage>,
    /// The address of the messages before these, if there are any.
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
    pub fn new(user: &User, Chunk { messages, has_more }: &Chunk) -> Self {
        // there is none if the other users' messages took the 256 KiB
        let before = messages.first().map_or(String::new(), |first| format!("&before={}", first.seq()));
        Self {
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            about: user.about.to_string(),
            shows_last_seen: user.shows_last_seen,
            role: user.role.as_str(),
            disabled: user.disabled,
            created_at: user.created_at.rfc3339(),
            avatar: user.avatar.map(avatar::address),
            messages: messages
                .iter()
                .map(|message| SentMessage {
                    sent_time: message.sent_at.rfc3339(),
                    message: message.text().unwrap_or_default().to_owned(),
                })
                .collect(),
            more_messages: has_more.then(|| format!("/api/messages?author={}{before}", user.user_id)),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UsersResponse {
    pub users: Vec<UserResponse>,
    /// The address of the next page, if there is one.
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
    /// Users after this userID, in order of the userIDs.
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
    /// `delete`: the user's messages are deleted too. `keep`, the default: they stay, under "deleted user".
    #[param(value_type = Option<MessageRetentionName>, inline)]
    pub messages: Option<String>,
}

/// What happens to a deleted user's messages, as the API spells it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that the handler parses")]
pub enum MessageRetentionName {
    Keep,
    Delete,
}
