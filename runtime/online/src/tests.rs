mod cuts;
mod disk;
mod faults;
mod fixture;
mod logs;
mod store;
