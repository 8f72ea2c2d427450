//! What pages are made of: the frame, texts and times, forms and lists, and how an error becomes a page.

pub(in crate::web) mod activity_counts;
pub(in crate::web) mod audit_view;
pub(in crate::web) mod bars;
pub(in crate::web) mod ended;
pub(in crate::web) mod error_page;
pub(in crate::web) mod factor_code;
pub(in crate::web) mod filter_words;
pub(in crate::web) mod find_session;
pub(in crate::web) mod forms;
pub(in crate::web) mod gate_page;
pub(in crate::web) mod list_query;
pub(in crate::web) mod made_link;
pub(in crate::web) mod name_taken;
pub(in crate::web) mod new_password;
pub(in crate::web) mod page;
pub(in crate::web) mod qr_code;
pub(in crate::web) mod recovery_codes;
pub(in crate::web) mod session_view;
pub(in crate::web) mod static_files;
pub(in crate::web) mod texts;
pub(in crate::web) mod timeline;
pub(in crate::web) mod times;
pub(in crate::web) mod told_apps;
pub(in crate::web) mod user_acts;
pub(in crate::web) mod user_view;
pub(in crate::web) mod whose;
