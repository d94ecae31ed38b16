CREATE SCHEMA "local";
--> statement-breakpoint
CREATE TABLE "local"."admission" (
	"subject" text PRIMARY KEY NOT NULL,
	"subject_kind" text NOT NULL,
	"action" text NOT NULL,
	"reason" text,
	"decided_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local"."daily_stats" (
	"day" text PRIMARY KEY NOT NULL,
	"totals" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local"."first_seen" (
	"uri" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"cid" text,
	"changed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "local"."info_hash_admission" (
	"info_hash" text PRIMARY KEY NOT NULL,
	"subject" text NOT NULL,
	"action" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local"."info_hash_change" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"action" text NOT NULL,
	"info_hash_v1" text,
	"info_hash_v2" text
);
--> statement-breakpoint
CREATE TABLE "local"."probe" (
	"url" text NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"status" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"checked_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"next_at" timestamp with time zone NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "probe_subject_url_pk" PRIMARY KEY("subject","url")
);
--> statement-breakpoint
CREATE TABLE "local"."probe_history" (
	"subject" text COLLATE "C" NOT NULL,
	"url" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	CONSTRAINT "probe_history_subject_url_at_pk" PRIMARY KEY("subject","url","at")
);
--> statement-breakpoint
CREATE TABLE "local"."record_change" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"action" text NOT NULL,
	"kind" text NOT NULL,
	"uri" text NOT NULL,
	"cid" text
);
--> statement-breakpoint
CREATE TABLE "local"."setting" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local"."stream" (
	"name" text PRIMARY KEY NOT NULL,
	"epoch" text NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local"."swarm" (
	"info_hash" text NOT NULL,
	"tracker" text NOT NULL,
	"seeders" integer,
	"leechers" integer,
	"completed" bigint,
	"scraped_at" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"error" text,
	"own" boolean DEFAULT false NOT NULL,
	"named" boolean,
	CONSTRAINT "swarm_info_hash_tracker_pk" PRIMARY KEY("info_hash","tracker")
);
--> statement-breakpoint
CREATE TABLE "local"."swarm_history" (
	"info_hash" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"seeders" integer NOT NULL,
	"leechers" integer NOT NULL,
	CONSTRAINT "swarm_history_info_hash_at_pk" PRIMARY KEY("info_hash","at")
);
--> statement-breakpoint
CREATE INDEX "info_hash_admission_subject" ON "local"."info_hash_admission" USING btree ("subject");--> statement-breakpoint
CREATE INDEX "info_hash_change_at" ON "local"."info_hash_change" USING btree ("at");--> statement-breakpoint
CREATE INDEX "probe_next" ON "local"."probe" USING btree ("next_at");--> statement-breakpoint
CREATE INDEX "probe_lost" ON "local"."probe" USING btree ("changed_at") WHERE status in ('offline', 'gone');--> statement-breakpoint
CREATE INDEX "record_change_at" ON "local"."record_change" USING btree ("at");--> statement-breakpoint
CREATE INDEX "record_change_uri" ON "local"."record_change" USING btree ("uri");--> statement-breakpoint
CREATE INDEX "record_change_gone" ON "local"."record_change" USING btree ("at","seq") WHERE kind = 'dataset' and action in ('hide', 'delete');--> statement-breakpoint
CREATE INDEX "swarm_tracker" ON "local"."swarm" USING btree ("tracker","scraped_at" NULLS FIRST);