CREATE TABLE "catalog"."claim" (
	"id" bigint PRIMARY KEY NOT NULL,
	"uri" text COLLATE "C" NOT NULL,
	"did" text NOT NULL,
	"part_key" text COLLATE "C" NOT NULL,
	"status" text NOT NULL,
	"failure" text,
	"order_at" timestamp with time zone NOT NULL,
	"counts_until" timestamp with time zone,
	"visible" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."part" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "catalog"."part_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"record_id" bigint NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"did" text NOT NULL,
	"dataset_uri" text COLLATE "C" NOT NULL,
	"own" boolean NOT NULL,
	"size_bytes" bigint,
	"host" text,
	"tool" text NOT NULL,
	"copies" smallint NOT NULL,
	"deadline" date,
	"own_deadline" date,
	"priority" smallint NOT NULL,
	"requests_per_minute" integer,
	"wanted" text NOT NULL,
	"shuffle" bigint NOT NULL,
	"visible" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"open_to" smallint DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_change_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "catalog"."torrent_part" (
	"torrent_id" bigint NOT NULL,
	"part_key" text COLLATE "C" NOT NULL,
	CONSTRAINT "torrent_part_torrent_id_part_key_pk" PRIMARY KEY("torrent_id","part_key")
);
--> statement-breakpoint
CREATE INDEX "claim_part" ON "catalog"."claim" USING btree ("part_key","order_at");--> statement-breakpoint
CREATE INDEX "claim_did" ON "catalog"."claim" USING btree ("did","created_at");--> statement-breakpoint
CREATE INDEX "claim_newest" ON "catalog"."claim" USING btree ("created_at","id") WHERE visible;--> statement-breakpoint
CREATE UNIQUE INDEX "part_key" ON "catalog"."part" USING btree ("key");--> statement-breakpoint
CREATE INDEX "part_record" ON "catalog"."part" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "part_next" ON "catalog"."part" USING btree ("dataset_uri",(coalesce(deadline, 'infinity')),"priority" DESC NULLS FIRST,"attempts","shuffle") WHERE open_to > 0 and visible;--> statement-breakpoint
CREATE INDEX "part_next_anywhere" ON "catalog"."part" USING btree ((coalesce(deadline, 'infinity')),"priority" DESC NULLS FIRST,"attempts","shuffle") WHERE open_to > 0 and visible and own;--> statement-breakpoint
CREATE INDEX "part_dataset" ON "catalog"."part" USING btree ("dataset_uri","id");--> statement-breakpoint
CREATE INDEX "part_change" ON "catalog"."part" USING btree ("next_change_at") WHERE next_change_at is not null;--> statement-breakpoint
CREATE INDEX "torrent_part_key" ON "catalog"."torrent_part" USING btree ("part_key","torrent_id");