//! Every page and state, measured: accessibility, valid HTML, a silent console, no jumps, short tasks.

mod accessibility;
mod axe;
mod fragments;
mod html;
mod layout_shift;
mod long_tasks;
mod pages;
mod site;
mod states;
mod trace;
