//! Who is not in a closed or a direct room learns nothing of it, whatever they ask.

mod frames;
mod outsiders;
mod requests;
mod routes;
mod secret_rooms;

pub use routes::all_routes;
