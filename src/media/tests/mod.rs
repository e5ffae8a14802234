mod files;
mod hostile;
mod metadata;
mod sizes;
