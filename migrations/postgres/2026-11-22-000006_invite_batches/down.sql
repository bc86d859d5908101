DROP TABLE invite_batch_rows;
DROP TABLE invite_batch_pieces;
DROP TABLE invite_batches;
