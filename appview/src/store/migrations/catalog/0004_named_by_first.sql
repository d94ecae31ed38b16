DROP INDEX "catalog"."torrent_v2_truncated";--> statement-breakpoint
CREATE INDEX "torrent_v2_truncated" ON "catalog"."torrent" USING btree (left(info_hash_v2, 40),"id");