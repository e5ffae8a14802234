//! The account's fields as OpenAPI describes them. [`crate::domain`] has the rules; these texts and limits repeat them.

use utoipa::ToSchema;

/// 3–32 letters, digits, `_ . -`, not dots alone; unique, ignoring case.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
pub struct UserIdInput(#[expect(dead_code, reason = "only described")] String);

/// 1–64 characters, at least one of them visible; no control or text-direction characters.
#[derive(ToSchema)]
#[schema(
    value_type = String,
    min_length = 1,
    max_length = 64,
    pattern = r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]*$"
)]
pub struct NameInput(#[expect(dead_code, reason = "only described")] String);

/// An address with a dotted domain; unique, ignoring case.
#[derive(ToSchema)]
#[schema(value_type = String, format = Email, max_length = 254)]
pub struct EmailInput(#[expect(dead_code, reason = "only described")] String);

/// Empty, or 3–32 digits, spaces, `+ ( ) -`; may be left out.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = "^([0-9 +()-]{3,32})?$")]
pub struct PhoneInput(#[expect(dead_code, reason = "only described")] String);

/// What the user says about themselves: at most 200 characters, or empty.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 200)]
pub struct AboutInput(#[expect(dead_code, reason = "only described")] String);

/// 8 characters or more, 71 bytes at most; not one of the most common passwords.
#[derive(ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8, max_length = 71)]
pub struct PasswordInput(#[expect(dead_code, reason = "only described")] String);

/// A role, as the API spells it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum RoleName {
    Member,
    Admin,
    /// A program, with the rights of a member.
    Bot,
}
