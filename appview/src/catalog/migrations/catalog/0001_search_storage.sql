-- Ranking reads the codes of many rows: they stay inside the row and uncompressed, and room is left on each page for
-- counts that change. New codes wait in a short list only, since every search reads that list whole.
ALTER TABLE catalog.dataset SET (toast_tuple_target = 8160, fillfactor = 90);--> statement-breakpoint
ALTER TABLE catalog.torrent SET (toast_tuple_target = 8160, fillfactor = 90);--> statement-breakpoint
ALTER INDEX catalog.dataset_codes SET (gin_pending_list_limit = 256);--> statement-breakpoint
ALTER INDEX catalog.torrent_codes SET (gin_pending_list_limit = 256);
