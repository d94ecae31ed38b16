CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS unaccent;--> statement-breakpoint
CREATE SCHEMA "catalog";
--> statement-breakpoint
CREATE TABLE "catalog"."card_key" (
	"key" text COLLATE "C" NOT NULL,
	"dataset_id" bigint NOT NULL,
	"own" boolean NOT NULL,
	"identified" boolean NOT NULL,
	"visible" boolean NOT NULL,
	CONSTRAINT "card_key_dataset_id_key_pk" PRIMARY KEY("dataset_id","key")
);
--> statement-breakpoint
CREATE TABLE "catalog"."dataset" (
	"id" bigint PRIMARY KEY NOT NULL,
	"uri" text COLLATE "C" NOT NULL,
	"did" text NOT NULL,
	"group_id" bigint NOT NULL,
	"title" text NOT NULL,
	"publisher" text,
	"license" text,
	"risk" text DEFAULT 'unknown' NOT NULL,
	"scarcity" text DEFAULT 'unknown' NOT NULL,
	"gone_before" date,
	"keywords" text[] NOT NULL,
	"formats" text[] NOT NULL,
	"size_bytes" bigint,
	"stated_bytes" bigint,
	"created_at" timestamp with time zone NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL,
	"visible" boolean NOT NULL,
	"torrent_count" integer DEFAULT 0 NOT NULL,
	"seeders" integer,
	"source_status" text,
	"risks" text[] NOT NULL,
	"scarcities" text[] NOT NULL,
	"deadline" date,
	"codes" bigint[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."dataset_change" (
	"dataset_id" bigint PRIMARY KEY NOT NULL,
	"changed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."dataset_key" (
	"key" text NOT NULL,
	"dataset_id" bigint NOT NULL,
	CONSTRAINT "dataset_key_key_dataset_id_pk" PRIMARY KEY("key","dataset_id")
);
--> statement-breakpoint
CREATE TABLE "catalog"."account" (
	"did" text PRIMARY KEY NOT NULL,
	"handle" text,
	"pds_host" text,
	"active" boolean DEFAULT true NOT NULL,
	"status" text,
	"deleted_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."backfill" (
	"host" text NOT NULL,
	"collection" text NOT NULL,
	"cursor" text,
	"listed" bigint DEFAULT 0 NOT NULL,
	"done" boolean DEFAULT false NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "backfill_host_collection_pk" PRIMARY KEY("host","collection")
);
--> statement-breakpoint
CREATE TABLE "catalog"."repo" (
	"did" text PRIMARY KEY NOT NULL,
	"rev" text,
	"data_cid" text,
	"state" text NOT NULL,
	"host" text,
	"error" text,
	"tries" integer DEFAULT 0 NOT NULL,
	"retry_at" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."source_cursor" (
	"host" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"event_time" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."sweep" (
	"subject" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"veiled" boolean DEFAULT false NOT NULL,
	"purge_up_to" bigint,
	"remaining" bigint DEFAULT 0 NOT NULL,
	"changed" bigint DEFAULT 0 NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."assessment" (
	"id" bigint PRIMARY KEY NOT NULL,
	"did" text NOT NULL,
	"subject_uri" text COLLATE "C",
	"subject_keys" text[] NOT NULL,
	"risk" text,
	"scarcity" text,
	"gone_before" date,
	"assessed_at" timestamp with time zone NOT NULL,
	"visible" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."profile" (
	"did" text PRIMARY KEY NOT NULL,
	"id" bigint NOT NULL,
	"display_name" text,
	"kind" text,
	"visible" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."record" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "catalog"."record_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"uri" text COLLATE "C" NOT NULL,
	"did" text NOT NULL,
	"kind" text NOT NULL,
	"cid" text NOT NULL,
	"rev" text NOT NULL,
	"value" jsonb,
	"reason" text,
	"reason_detail" text,
	"warnings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"size_bytes" integer DEFAULT 0 NOT NULL,
	"visible" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."webseed" (
	"id" bigint PRIMARY KEY NOT NULL,
	"did" text NOT NULL,
	"info_hash_v1" text,
	"info_hash_v2" text,
	"url" text NOT NULL,
	"kind" text NOT NULL,
	"visible" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."dataset_phrases" (
	"dataset_id" bigint PRIMARY KEY NOT NULL,
	"phrases" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."search_change" (
	"txid" bigint DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
	"dataset_id" bigint NOT NULL,
	"found" boolean NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."term_statistics" (
	"corpus" text NOT NULL,
	"base" bigint NOT NULL,
	"records" integer NOT NULL,
	"above" integer[],
	CONSTRAINT "term_statistics_corpus_base_pk" PRIMARY KEY("corpus","base")
);
--> statement-breakpoint
CREATE TABLE "catalog"."vocabulary" (
	"kind" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"text" text NOT NULL,
	"base" bigint NOT NULL,
	CONSTRAINT "vocabulary_kind_key_pk" PRIMARY KEY("kind","key")
);
--> statement-breakpoint
CREATE TABLE "catalog"."content" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "catalog"."content_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"info_hash_v1" text,
	"info_hash_v2" text,
	"name" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"piece_length_bytes" integer NOT NULL,
	"file_count" integer NOT NULL,
	"files_indexed" integer NOT NULL,
	"private" boolean NOT NULL,
	"announced" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."file" (
	"content_id" bigint NOT NULL,
	"position" integer NOT NULL,
	"path" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"pieces_root" "bytea",
	CONSTRAINT "file_content_id_position_pk" PRIMARY KEY("content_id","position")
);
--> statement-breakpoint
CREATE TABLE "catalog"."metainfo" (
	"cid" text PRIMARY KEY NOT NULL,
	"content_id" bigint NOT NULL,
	"bytes" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."named_address" (
	"info_hash" text NOT NULL,
	"kind" text NOT NULL,
	"url" text NOT NULL,
	"record_id" bigint NOT NULL,
	"metainfo_cid" text NOT NULL,
	CONSTRAINT "named_address_info_hash_kind_url_record_id_metainfo_cid_pk" PRIMARY KEY("info_hash","kind","url","record_id","metainfo_cid")
);
--> statement-breakpoint
CREATE TABLE "catalog"."torrent" (
	"id" bigint PRIMARY KEY NOT NULL,
	"uri" text COLLATE "C" NOT NULL,
	"did" text NOT NULL,
	"info_hash_v1" text,
	"info_hash_v2" text,
	"name" text NOT NULL,
	"size_bytes" bigint,
	"content_id" bigint,
	"metainfo_status" text NOT NULL,
	"metainfo_cid" text,
	"tries" smallint DEFAULT 0 NOT NULL,
	"unfinished" smallint DEFAULT 0 NOT NULL,
	"next_try_at" timestamp with time zone,
	"pending_since" timestamp with time zone,
	"error" text,
	"created_at" timestamp with time zone NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL,
	"visible" boolean NOT NULL,
	"seeders" integer,
	"supersedes" text COLLATE "C",
	"wanted" boolean DEFAULT true NOT NULL,
	"formats" text[] NOT NULL,
	"names_web_seeds" boolean NOT NULL,
	"codes" bigint[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."torrent_dataset" (
	"torrent_id" bigint NOT NULL,
	"dataset_uri" text COLLATE "C" NOT NULL,
	"dataset_cid" text,
	CONSTRAINT "torrent_dataset_torrent_id_dataset_uri_pk" PRIMARY KEY("torrent_id","dataset_uri")
);
--> statement-breakpoint
CREATE INDEX "card_key_visible" ON "catalog"."card_key" USING btree ("key","dataset_id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_codes" ON "catalog"."dataset" USING gin ("codes") WHERE visible::int = 1;--> statement-breakpoint
CREATE INDEX "dataset_deadline" ON "catalog"."dataset" USING btree ((coalesce(deadline, 'infinity')),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_seeders" ON "catalog"."dataset" USING btree ((coalesce(seeders, 2147483647)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_largest" ON "catalog"."dataset" USING btree ((coalesce(size_bytes, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_smallest" ON "catalog"."dataset" USING btree ((coalesce(size_bytes, 9223372036854775807)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_newest" ON "catalog"."dataset" USING btree ("created_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_indexed" ON "catalog"."dataset" USING btree ("indexed_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_did" ON "catalog"."dataset" USING btree ("did","id");--> statement-breakpoint
CREATE INDEX "dataset_group" ON "catalog"."dataset" USING btree ("group_id");--> statement-breakpoint
CREATE UNIQUE INDEX "dataset_uri" ON "catalog"."dataset" USING btree ("uri");--> statement-breakpoint
CREATE INDEX "dataset_change_at" ON "catalog"."dataset_change" USING btree ("changed_at","dataset_id");--> statement-breakpoint
CREATE INDEX "dataset_key_dataset" ON "catalog"."dataset_key" USING btree ("dataset_id");--> statement-breakpoint
CREATE INDEX "account_handle" ON "catalog"."account" USING btree ("handle");--> statement-breakpoint
CREATE INDEX "account_pds_host" ON "catalog"."account" USING btree ("pds_host");--> statement-breakpoint
CREATE INDEX "repo_unsynchronized" ON "catalog"."repo" USING btree ("retry_at") WHERE state <> 'synchronized';--> statement-breakpoint
CREATE INDEX "assessment_subject" ON "catalog"."assessment" USING btree ("subject_uri","assessed_at") WHERE visible;--> statement-breakpoint
CREATE INDEX "assessment_did" ON "catalog"."assessment" USING btree ("did","assessed_at");--> statement-breakpoint
CREATE INDEX "assessment_keys" ON "catalog"."assessment" USING gin ("subject_keys") WHERE visible;--> statement-breakpoint
CREATE UNIQUE INDEX "record_uri" ON "catalog"."record" USING btree ("uri");--> statement-breakpoint
CREATE INDEX "record_did_kind" ON "catalog"."record" USING btree ("did","kind");--> statement-breakpoint
CREATE INDEX "record_rejected" ON "catalog"."record" USING btree ("reason") WHERE reason is not null;--> statement-breakpoint
CREATE INDEX "record_awaiting" ON "catalog"."record" USING btree ("id") WHERE not visible and reason is null;--> statement-breakpoint
CREATE INDEX "record_supersedes" ON "catalog"."record" USING btree ((value -> 'supersedes' ->> 'uri')) WHERE value ? 'supersedes';--> statement-breakpoint
CREATE INDEX "record_version_of" ON "catalog"."record" USING btree ((value -> 'versionOf' ->> 'uri')) WHERE value ? 'versionOf';--> statement-breakpoint
CREATE INDEX "webseed_v1" ON "catalog"."webseed" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE INDEX "webseed_v2" ON "catalog"."webseed" USING btree ("info_hash_v2");--> statement-breakpoint
CREATE INDEX "search_change_txid" ON "catalog"."search_change" USING btree ("txid");--> statement-breakpoint
CREATE INDEX "vocabulary_trigrams" ON "catalog"."vocabulary" USING gin (key gin_trgm_ops) WHERE kind = 'word';--> statement-breakpoint
CREATE UNIQUE INDEX "content_v1" ON "catalog"."content" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE UNIQUE INDEX "content_v2" ON "catalog"."content" USING btree ("info_hash_v2");--> statement-breakpoint
CREATE INDEX "content_v2_truncated" ON "catalog"."content" USING btree (left(info_hash_v2, 40));--> statement-breakpoint
CREATE INDEX "content_announced" ON "catalog"."content" USING btree ("id") WHERE announced;--> statement-breakpoint
CREATE INDEX "file_pieces_root" ON "catalog"."file" USING btree ("pieces_root") WHERE pieces_root is not null;--> statement-breakpoint
CREATE INDEX "file_path_size" ON "catalog"."file" USING btree (md5(path),"size_bytes");--> statement-breakpoint
CREATE INDEX "file_name_size" ON "catalog"."file" USING btree (md5(regexp_replace(path, '^.*/', '')),"size_bytes");--> statement-breakpoint
CREATE INDEX "metainfo_content" ON "catalog"."metainfo" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "named_address_record" ON "catalog"."named_address" USING btree ("record_id") WHERE record_id <> 0;--> statement-breakpoint
CREATE INDEX "named_address_metainfo" ON "catalog"."named_address" USING btree ("metainfo_cid") WHERE metainfo_cid <> '';--> statement-breakpoint
CREATE INDEX "torrent_v1" ON "catalog"."torrent" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE INDEX "torrent_v2" ON "catalog"."torrent" USING btree ("info_hash_v2");--> statement-breakpoint
CREATE INDEX "torrent_v2_truncated" ON "catalog"."torrent" USING btree (left(info_hash_v2, 40));--> statement-breakpoint
CREATE INDEX "torrent_content" ON "catalog"."torrent" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "torrent_metainfo" ON "catalog"."torrent" USING btree ("metainfo_cid") WHERE metainfo_status = 'verified';--> statement-breakpoint
CREATE INDEX "torrent_did" ON "catalog"."torrent" USING btree ("did","id");--> statement-breakpoint
CREATE INDEX "torrent_newest" ON "catalog"."torrent" USING btree ("created_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_pending" ON "catalog"."torrent" USING btree ("next_try_at") WHERE metainfo_status = 'pending';--> statement-breakpoint
CREATE INDEX "torrent_codes" ON "catalog"."torrent" USING gin ("codes") WHERE visible::int = 1;--> statement-breakpoint
CREATE INDEX "torrent_fewest" ON "catalog"."torrent" USING btree ((coalesce(seeders, 2147483647)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_wanted" ON "catalog"."torrent" USING btree ((coalesce(seeders, 2147483647)),"id") WHERE visible and wanted and metainfo_status = 'verified';--> statement-breakpoint
CREATE INDEX "torrent_supersedes" ON "catalog"."torrent" USING btree ("supersedes") WHERE supersedes is not null;--> statement-breakpoint
CREATE INDEX "torrent_most" ON "catalog"."torrent" USING btree ((coalesce(seeders, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_largest" ON "catalog"."torrent" USING btree ((coalesce(size_bytes, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_smallest" ON "catalog"."torrent" USING btree ((coalesce(size_bytes, 9223372036854775807)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_dataset_uri" ON "catalog"."torrent_dataset" USING btree ("dataset_uri");--> statement-breakpoint
-- Ranking reads the codes of many rows: they stay inside the row and uncompressed, and room is left on each page for
-- counts that change. New codes wait in a short list only, since every search reads that list whole.
ALTER TABLE catalog.dataset SET (toast_tuple_target = 8160, fillfactor = 90);--> statement-breakpoint
ALTER TABLE catalog.torrent SET (toast_tuple_target = 8160, fillfactor = 90);--> statement-breakpoint
ALTER INDEX catalog.dataset_codes SET (gin_pending_list_limit = 256);--> statement-breakpoint
ALTER INDEX catalog.torrent_codes SET (gin_pending_list_limit = 256);--> statement-breakpoint
-- Read in slices: of a value that is compressed each slice is got by expanding all that stands before it.
ALTER TABLE "catalog"."metainfo" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;--> statement-breakpoint
-- What every writer of datasets changes, for the index in memory (search_change) and for harvesters (dataset_change). A
-- record that is edited is deleted and inserted; what others judge or count does not change when it last changed.
CREATE FUNCTION "catalog".note_dataset_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_searched boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "found") SELECT id, true FROM after WHERE visible;
    is_searched := FOUND;
    INSERT INTO "catalog"."dataset_change" ("dataset_id", "changed_at") SELECT id, now() FROM after WHERE visible
      ON CONFLICT ("dataset_id") DO UPDATE SET "changed_at" = excluded."changed_at";
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "found") SELECT id, true FROM before WHERE visible;
    is_searched := FOUND;
    DELETE FROM "catalog"."dataset_change" WHERE "dataset_id" IN (SELECT id FROM before);
  ELSE
    INSERT INTO "catalog"."search_change" ("dataset_id", "found")
    SELECT id, bool_or(described) FROM (
      SELECT a.id, (a.visible, a.codes, a.deadline, a.size_bytes, a.created_at, a.publisher, a.license, a.keywords, a.formats, a.risks, a.scarcities)
          IS DISTINCT FROM (b.visible, b.codes, b.deadline, b.size_bytes, b.created_at, b.publisher, b.license, b.keywords, b.formats, b.risks, b.scarcities) AS described,
        (a.group_id, a.torrent_count, a.seeders) IS DISTINCT FROM (b.group_id, b.torrent_count, b.seeders) AS counted
      FROM after a JOIN before b USING (id) WHERE a.visible OR b.visible) AS changed
    WHERE described OR counted GROUP BY id;
    is_searched := FOUND;
    INSERT INTO "catalog"."dataset_change" ("dataset_id", "changed_at")
    SELECT a.id, now() FROM after a JOIN before b USING (id) WHERE a.visible AND NOT b.visible
      ON CONFLICT ("dataset_id") DO UPDATE SET "changed_at" = excluded."changed_at";
    DELETE FROM "catalog"."dataset_change" WHERE "dataset_id" IN (
      SELECT a.id FROM after a JOIN before b USING (id) WHERE b.visible AND NOT a.visible);
  END IF;
  IF is_searched THEN
    PERFORM pg_notify('holdfast_search', '');
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER note_inserted AFTER INSERT ON "catalog"."dataset" REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_dataset_changes();--> statement-breakpoint
CREATE TRIGGER note_updated AFTER UPDATE ON "catalog"."dataset" REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_dataset_changes();--> statement-breakpoint
CREATE TRIGGER note_deleted AFTER DELETE ON "catalog"."dataset" REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION "catalog".note_dataset_changes();
