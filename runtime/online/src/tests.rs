mod cuts;
mod disk;
mod store;
