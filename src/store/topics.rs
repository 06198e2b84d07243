//! Topics.

use crate::topics::Topic;

terms!(topics, Topic);
