CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS unaccent;--> statement-breakpoint
CREATE SCHEMA "catalog";
--> statement-breakpoint
CREATE TABLE "catalog"."account" (
	"did" text PRIMARY KEY NOT NULL,
	"handle" text,
	"pds_host" text,
	"active" boolean DEFAULT true NOT NULL,
	"status" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."assessment" (
	"id" bigint PRIMARY KEY NOT NULL,
	"did" text NOT NULL,
	"subject_uri" text,
	"subject_keys" text[] NOT NULL,
	"risk" text,
	"scarcity" text,
	"gone_before" date,
	"assessed_at" timestamp with time zone NOT NULL,
	"visible" boolean NOT NULL
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
CREATE TABLE "catalog"."dataset_key" (
	"key" text NOT NULL,
	"dataset_id" bigint NOT NULL,
	CONSTRAINT "dataset_key_key_dataset_id_pk" PRIMARY KEY("key","dataset_id")
);
--> statement-breakpoint
CREATE TABLE "catalog"."dataset_phrases" (
	"dataset_id" bigint PRIMARY KEY NOT NULL,
	"phrases" text NOT NULL
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
	"visible" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL
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
CREATE TABLE "catalog"."term_statistics" (
	"corpus" text NOT NULL,
	"base" bigint NOT NULL,
	"records" integer NOT NULL,
	"above" integer[],
	CONSTRAINT "term_statistics_corpus_base_pk" PRIMARY KEY("corpus","base")
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
	"next_try_at" timestamp with time zone,
	"pending_since" timestamp with time zone,
	"error" text,
	"created_at" timestamp with time zone NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL,
	"visible" boolean NOT NULL,
	"seeders" integer,
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
CREATE TABLE "catalog"."vocabulary" (
	"kind" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"text" text NOT NULL,
	"base" bigint NOT NULL,
	CONSTRAINT "vocabulary_kind_key_pk" PRIMARY KEY("kind","key")
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
CREATE INDEX "account_handle" ON "catalog"."account" USING btree ("handle");--> statement-breakpoint
CREATE INDEX "assessment_subject" ON "catalog"."assessment" USING btree ("subject_uri","assessed_at");--> statement-breakpoint
CREATE INDEX "assessment_did" ON "catalog"."assessment" USING btree ("did","assessed_at");--> statement-breakpoint
CREATE INDEX "assessment_keys" ON "catalog"."assessment" USING gin ("subject_keys");--> statement-breakpoint
CREATE UNIQUE INDEX "content_v1" ON "catalog"."content" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE UNIQUE INDEX "content_v2" ON "catalog"."content" USING btree ("info_hash_v2");--> statement-breakpoint
CREATE INDEX "content_v2_truncated" ON "catalog"."content" USING btree (left(info_hash_v2, 40));--> statement-breakpoint
CREATE INDEX "content_announced" ON "catalog"."content" USING btree ("id") WHERE announced;--> statement-breakpoint
CREATE INDEX "dataset_codes" ON "catalog"."dataset" USING gin ("codes") WHERE visible::int = 1;--> statement-breakpoint
CREATE INDEX "dataset_deadline" ON "catalog"."dataset" USING btree ((coalesce(deadline, 'infinity')),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_seeders" ON "catalog"."dataset" USING btree ((coalesce(seeders, 2147483647)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_largest" ON "catalog"."dataset" USING btree ((coalesce(size_bytes, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_smallest" ON "catalog"."dataset" USING btree ((coalesce(size_bytes, 9223372036854775807)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_newest" ON "catalog"."dataset" USING btree ("created_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_indexed" ON "catalog"."dataset" USING btree ("indexed_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "dataset_did" ON "catalog"."dataset" USING btree ("did","id");--> statement-breakpoint
CREATE INDEX "dataset_group" ON "catalog"."dataset" USING btree ("group_id");--> statement-breakpoint
CREATE INDEX "dataset_key_dataset" ON "catalog"."dataset_key" USING btree ("dataset_id");--> statement-breakpoint
CREATE INDEX "file_pieces_root" ON "catalog"."file" USING btree ("pieces_root") WHERE pieces_root is not null;--> statement-breakpoint
CREATE INDEX "file_path_size" ON "catalog"."file" USING btree (md5(path),"size_bytes");--> statement-breakpoint
CREATE INDEX "file_name_size" ON "catalog"."file" USING btree (md5(regexp_replace(path, '^.*/', '')),"size_bytes");--> statement-breakpoint
CREATE INDEX "metainfo_content" ON "catalog"."metainfo" USING btree ("content_id");--> statement-breakpoint
CREATE UNIQUE INDEX "record_uri" ON "catalog"."record" USING btree ("uri");--> statement-breakpoint
CREATE INDEX "record_did_kind" ON "catalog"."record" USING btree ("did","kind");--> statement-breakpoint
CREATE INDEX "record_rejected" ON "catalog"."record" USING btree ("reason") WHERE reason is not null;--> statement-breakpoint
CREATE INDEX "record_supersedes" ON "catalog"."record" USING btree ((value -> 'supersedes' ->> 'uri')) WHERE value ? 'supersedes';--> statement-breakpoint
CREATE INDEX "record_version_of" ON "catalog"."record" USING btree ((value -> 'versionOf' ->> 'uri')) WHERE value ? 'versionOf';--> statement-breakpoint
CREATE INDEX "repo_unsynchronized" ON "catalog"."repo" USING btree ("retry_at") WHERE state <> 'synchronized';--> statement-breakpoint
CREATE INDEX "torrent_v1" ON "catalog"."torrent" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE INDEX "torrent_v2" ON "catalog"."torrent" USING btree ("info_hash_v2");--> statement-breakpoint
CREATE INDEX "torrent_v2_truncated" ON "catalog"."torrent" USING btree (left(info_hash_v2, 40));--> statement-breakpoint
CREATE INDEX "torrent_content" ON "catalog"."torrent" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "torrent_did" ON "catalog"."torrent" USING btree ("did","id");--> statement-breakpoint
CREATE INDEX "torrent_newest" ON "catalog"."torrent" USING btree ("created_at","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_pending" ON "catalog"."torrent" USING btree ("next_try_at") WHERE metainfo_status = 'pending';--> statement-breakpoint
CREATE INDEX "torrent_codes" ON "catalog"."torrent" USING gin ("codes") WHERE visible::int = 1;--> statement-breakpoint
CREATE INDEX "torrent_fewest" ON "catalog"."torrent" USING btree ((coalesce(seeders, 2147483647)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_most" ON "catalog"."torrent" USING btree ((coalesce(seeders, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_largest" ON "catalog"."torrent" USING btree ((coalesce(size_bytes, -1)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_smallest" ON "catalog"."torrent" USING btree ((coalesce(size_bytes, 9223372036854775807)),"id") WHERE visible;--> statement-breakpoint
CREATE INDEX "torrent_dataset_uri" ON "catalog"."torrent_dataset" USING btree ("dataset_uri");--> statement-breakpoint
CREATE INDEX "vocabulary_trigrams" ON "catalog"."vocabulary" USING gin (key gin_trgm_ops) WHERE kind = 'word';--> statement-breakpoint
CREATE INDEX "webseed_v1" ON "catalog"."webseed" USING btree ("info_hash_v1");--> statement-breakpoint
CREATE INDEX "webseed_v2" ON "catalog"."webseed" USING btree ("info_hash_v2");