DROP TABLE media_leftovers;
DROP TABLE media_uses;
DROP TABLE media;
