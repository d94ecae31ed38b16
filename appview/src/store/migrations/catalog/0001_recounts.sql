CREATE TABLE "catalog"."recount" (
	"kind" text NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"after_id" bigint DEFAULT 0 NOT NULL,
	"again" boolean DEFAULT false NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "recount_kind_subject_pk" PRIMARY KEY("kind","subject")
);
--> statement-breakpoint
DROP INDEX "catalog"."torrent_v1";--> statement-breakpoint
DROP INDEX "catalog"."torrent_v2";--> statement-breakpoint
DROP INDEX "catalog"."torrent_content";--> statement-breakpoint
DROP INDEX "catalog"."torrent_supersedes";--> statement-breakpoint
DROP INDEX "catalog"."torrent_dataset_uri";--> statement-breakpoint
CREATE INDEX "recount_since" ON "catalog"."recount" USING btree ("since");--> statement-breakpoint
CREATE INDEX "torrent_v1" ON "catalog"."torrent" USING btree ("info_hash_v1","id");--> statement-breakpoint
CREATE INDEX "torrent_v2" ON "catalog"."torrent" USING btree ("info_hash_v2","id");--> statement-breakpoint
CREATE INDEX "torrent_content" ON "catalog"."torrent" USING btree ("content_id","id");--> statement-breakpoint
CREATE INDEX "torrent_supersedes" ON "catalog"."torrent" USING btree ("supersedes") WHERE supersedes is not null and visible and metainfo_status = 'verified';--> statement-breakpoint
CREATE INDEX "torrent_dataset_uri" ON "catalog"."torrent_dataset" USING btree ("dataset_uri","torrent_id");