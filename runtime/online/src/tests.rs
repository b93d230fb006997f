mod cuts;
mod disk;
mod faults;
mod feeds;
mod fixture;
mod logs;
mod store;
