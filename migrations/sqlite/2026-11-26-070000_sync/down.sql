DROP INDEX changes_by_entity;
